"""Our figures and messages beside those of the tshark that the lab brings."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.runtime import rootfs
from labkit.trace import open_trace
from tests.bench.trace_load import media

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "trace"))

import trace_wire as wire
from trace_dialogs import Call

_LINE = re.compile(
    r"\s*[\d.]+\s+[\d.]+\s+\S+\s+\d+\s+\S+\s+\d+\s+0x(\w+)\s+.*?\s+(\d+)\s+(-?\d+) \([^)]*\)"
    r"\s+\S+\s+\S+\s+([\d.]+)\s+\S+\s+([\d.]+)\s+([\d.]+)"
)
HERE, THERE = ("192.0.2.10", 5060), ("198.51.100.20", 5060)


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> str:
    """The tshark of LABKIT_TSHARK, else that of the lab's own Linux."""
    found = os.environ.get("LABKIT_TSHARK") or str(rootfs.ensure().tshark())
    monkeypatch.setenv("LABKIT_TSHARK", found)
    return found


@pytest.mark.parametrize("seed", [11, 12])
def test_columns_of_tshark_are_what_tshark_prints(tmp_path: Path, program: str, seed: int) -> None:
    path = tmp_path / "load.pcap"
    media(path, seed, 180, 5.0)
    text = subprocess.run(
        [program, "-r", path, "-q", "-z", "rtp,streams"], check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
    printed = {int(found[1], 16): found.groups()[1:] for line in text.splitlines() if (found := _LINE.match(line))}
    table = open_trace(path).streams
    assert set(printed) == {int(ssrc, 16) for ssrc in table.ssrc}
    for row in table.itertuples():
        packets, lost, *times_ms = printed[int(str(row.ssrc), 16)]
        assert (int(packets), int(lost)) == (row.tshark_packets, row.tshark_lost)
        ours_ms = row.tshark_delta_max_ms, row.tshark_jitter_mean_ms, row.tshark_jitter_max_ms
        assert [float(each) for each in times_ms] == pytest.approx(ours_ms, abs=0.002)


def tcp(sequence: int, payload: bytes) -> bytes:
    """One segment from caller to callee."""
    header = struct.pack(">HHIIBBHHH", HERE[1], THERE[1], sequence, 1, 0x50, 0x18, 8192, 0, 0)
    return wire.ethernet(wire.ip(HERE[0], THERE[0], 6, header + payload))


def test_messages_over_tcp_come_with_the_frame_that_completes_them(tmp_path: Path) -> None:
    one, two = Call().message("INVITE sip:x SIP/2.0"), Call().message("OPTIONS sip:y SIP/2.0", "OPTIONS")
    stream, noise = one + two, wire.ethernet(wire.udp(HERE, ("192.0.2.9", 53), b"\0" * 20))
    pieces = [tcp(1, stream[:100]), noise, tcp(101, stream[100:-40]), noise, tcp(len(stream) - 39, stream[-40:])]
    path = wire.pcap(tmp_path / "x.pcap", [(wire.START_S + n, piece) for n, piece in enumerate(pieces)])
    found = open_trace(path).sip
    assert [(3, "INVITE", "TCP", one), (5, "OPTIONS", "TCP", two)] == [
        (each.frame, each.method, each.transport, each.data) for each in found
    ]
    assert (2.0, *HERE, *THERE) == found[0][2:7]


def test_fragments_are_put_together(tmp_path: Path) -> None:
    text = Call(headers="X-Long: " + "a" * 1000 + "\r\n").message("INVITE sip:x SIP/2.0")
    datagram = wire.udp(HERE, THERE, text)[20:]
    pieces = [
        wire.ip(HERE[0], THERE[0], 17, datagram[:800], 0x2000), wire.ip(HERE[0], THERE[0], 17, datagram[800:], 100)
    ]  # fmt: skip
    path = wire.pcap(tmp_path / "x.pcap", [(wire.START_S + n, wire.ethernet(piece)) for n, piece in enumerate(pieces)])
    (message,) = open_trace(path).sip
    assert (2, "UDP", text) == (message.frame, message.transport, message.data)


def test_tunnels_are_opened_for_sip_and_rtp(tmp_path: Path) -> None:
    here, there = Call().media
    inner = [*Call().frames()]
    inner += [
        (wire.START_S + 2 + 0.02 * n, wire.ethernet(wire.udp(here, there, wire.rtp(n, 160 * n, 7)))) for n in range(50)
    ]
    outer = [
        (time_s, wire.ethernet(wire.udp(("10.0.0.1", 4000), ("10.0.0.2", 4789), b"\x08\0\0\0\0\0\1\0" + frame)))
        for time_s, frame in sorted(inner, key=lambda each: each[0])
    ]
    trace = open_trace(wire.pcap(tmp_path / "x.pcap", outer))
    assert ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK"] == [each.start for each in trace.sip]
    (stream,) = trace.streams.itertuples()
    assert ("192.0.2.10", 50, 0, "caller") == (stream.src, stream.packets, stream.lost, stream.side)
