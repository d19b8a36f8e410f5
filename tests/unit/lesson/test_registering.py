"""What a lesson shows of a registration is the same at every run, whenever the recording began."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.lesson.registering import Watched, bindings, registers
from labkit.show.lanes import Bar
from labkit.trace import Capture
from tests.unit.show.test_bindings import NAMES, granted, wire

ILL = (Bar(0.0, 1.5, "answers 503", "answers 503"), Bar(1.5, 4.0, "well", "is well again"))


@pytest.fixture(params=[0.95, 1.06])
def watched(tmp_path: Path, request: Any) -> Watched:
    """Four seconds in which one registration was granted, two seconds after the begin."""
    path = wire.write(tmp_path / "w.pcap", granted(request.param + 1.0, 1, 60, 60))
    recorder = SimpleNamespace(capture=Capture({"inside": path}, NAMES))
    return Watched(recorder, 0, 4_000_000_000, ILL)  # type: ignore[arg-type]


def test_times_are_those_since_the_recording_began_in_whole_seconds(watched: Watched) -> None:
    begins = [line.split(" s  ")[0].strip() for line in str(watched).splitlines()[1:]]
    assert ["0", "1.5", "2"] == begins
    assert "<img" in watched._repr_html_()


def test_without_an_outage_the_first_register_is_the_begin(watched: Watched) -> None:
    (line,) = str(replace(watched, registrar=())).splitlines()[1:]
    assert line.startswith("    0 s  ")


def test_the_ladder_has_each_message_or_those_since_a_time(watched: Watched) -> None:
    assert ["REGISTER", "401 Unauthorized"] == [row.arrow.label for row in registers(watched).layout.messages][:2]
    assert 2 == len(registers(watched, since_s=0.015).layout.messages)


def test_bindings_have_no_figure_that_runs_down() -> None:
    held = SimpleNamespace(account="trunk", contact="sip:trunk@h", source="h:5060", expires_s=12.3)
    lab = SimpleNamespace(provider=SimpleNamespace(portal=lambda: SimpleNamespace(registrations=(held,))))
    assert [["trunk", "sip:trunk@h", "h:5060"]] == bindings(lab).to_numpy().tolist()  # type: ignore[arg-type]
