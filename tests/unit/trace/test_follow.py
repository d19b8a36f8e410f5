"""Captures that are still being written."""

from __future__ import annotations

from pathlib import Path

import trace_wire as wire
from trace_dialogs import Call

from labkit.trace.follow import follow


def test_messages_come_as_they_are_written(tmp_path: Path) -> None:
    whole = wire.pcap(tmp_path / "whole.pcap", Call().frames()).read_bytes()
    path = tmp_path / "growing.pcap"
    path.write_bytes(b"")
    ends = iter([10, 24, 300, 700, len(whole) - 1, len(whole)])

    def grow() -> bool:
        end = next(ends, None)
        path.write_bytes(whole[: end or len(whole)])
        return end is not None

    assert [1, 2, 3, 4, 5, 6] == [message.frame for message in follow(path, grow, poll_s=0.0)]
