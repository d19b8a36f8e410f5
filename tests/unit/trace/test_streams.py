"""RTP figures against what is known of the packets."""

from __future__ import annotations

from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.trace import open_trace

HERE, THERE = ("192.0.2.10", 40_000), ("198.51.100.20", 20_000)


def media(numbers: list[int], ptime_s: float = 0.02, late_s: dict[int, float] | None = None) -> list[wire.Frame]:
    """Frames of a stream with these sequence numbers in order of arrival; time follows the place in the list."""
    frames = []
    for place, number in enumerate(numbers):
        packet = wire.rtp(number, 1000 + 160 * (number - numbers[0]), 0xABCD)
        at = wire.START_S + 2 + place * ptime_s + (late_s or {}).get(place, 0.0)
        frames.append((at, wire.ethernet(wire.udp(HERE, THERE, packet))))
    return frames


def stream(path: Path, frames: list[wire.Frame]) -> dict[str, object]:
    """The only row of the streams table, in a capture with the call that announces it."""
    whole = sorted([*Call().frames(), *frames], key=lambda frame: frame[0])
    table = open_trace(wire.pcap(path / "x.pcap", whole)).streams
    assert 1 == len(table)
    return table.iloc[0].to_dict()


@pytest.mark.parametrize(
    ("numbers", "lost", "duplicates", "reordered", "gap"),
    [
        ([1, 2, 3, 4], 0, 0, 0, 0),
        ([1, 2, 5, 6], 2, 0, 0, 2),
        ([1, 2, 2, 3, 3, 3], 0, 3, 0, 0),
        ([1, 3, 2, 4], 0, 0, 1, 0),
        ([1, 3, 2, 2, 4, 6], 1, 1, 1, 1),
        ([5, 4, 6, 7], 0, 0, 1, 0),
        ([65_534, 65_535, 0, 1], 0, 0, 0, 0),
        ([65_534, 1, 65_535, 0, 3], 1, 0, 2, 1),
        ([65_535, 0, 65_535], 0, 1, 0, 0),
        ([10], 0, 0, 0, 0),
    ],
)
def test_loss(tmp_path: Path, numbers: list[int], lost: int, duplicates: int, reordered: int, gap: int) -> None:
    row = stream(tmp_path, media(numbers))
    assert (len(numbers), lost, duplicates, reordered, gap) == tuple(
        row[name] for name in ("packets", "lost", "duplicates", "reordered", "gap_max_packets")
    )
    assert row["expected"] == row["packets"] + lost - duplicates


def test_jitter_is_that_of_rfc_3550(tmp_path: Path) -> None:
    late_s = {3: 0.004, 7: 0.01, 8: 0.002}
    row = stream(tmp_path, media(list(range(20)), late_s=late_s))
    jitter, values, before = 0.0, [], 0.0
    for place in range(1, 20):
        late_ms = late_s.get(place, 0.0) * 1000
        jitter += (abs(late_ms - before) - jitter) / 16
        before = late_ms
        values.append(jitter)
    assert sum(values) / len(values) == pytest.approx(row["jitter_mean_ms"], abs=1e-6)
    assert max(values) == pytest.approx(row["jitter_max_ms"], abs=1e-6)
    assert 30.0 == pytest.approx(row["delta_max_ms"], abs=1e-3)


def test_drift_of_the_senders_clock(tmp_path: Path) -> None:
    assert 500.0 == pytest.approx(stream(tmp_path, media(list(range(400)), ptime_s=0.02001))["drift_ppm"], rel=0.01)


def test_stream_that_no_description_names_needs_sequence_numbers_that_go_on(tmp_path: Path) -> None:
    numbers = {"steady": range(8), "wild": [n * 7919 for n in range(8)]}
    for name, series in numbers.items():
        path = wire.pcap(tmp_path / name, media(list(series)))
        assert (name == "steady") == (len(open_trace(path).streams) == 1)
