"""Loss, duplicates, order and jitter of one source by RFC 3550, appendices A.1, A.3 and A.8."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rtp.statistics import SourceStatistics


def counted(sequences: Iterable[int]) -> SourceStatistics:
    """Statistics of packets with these sequence numbers, every 20 ms as they should be."""
    statistics = SourceStatistics(1, 8000)
    for index, sequence in enumerate(sequences):
        statistics.update(sequence & 0xFFFF, 160 * index, 0, 160, 0.020 * index)
    return statistics


FIGURES = {
    # name: sequence numbers, (packets, expected, lost, duplicates, reordered, restarts)
    "one packet": ([7], (1, 1, 0, 0, 0, 0)),
    "in order": (range(100), (100, 100, 0, 0, 0, 0)),
    "over the end of the numbers": (range(65530, 65542), (12, 12, 0, 0, 0, 0)),
    "twice over the end": (range(65530, 65530 + 140000), (140000, 140000, 0, 0, 0, 0)),
    "one lost": ([1, 2, 4, 5], (4, 5, 1, 0, 0, 0)),
    "lost at the end of the numbers": ([65534, 1, 2], (3, 5, 2, 0, 0, 0)),
    "a duplicate": ([1, 2, 2, 3], (4, 3, 0, 1, 0, 0)),
    "a late duplicate": ([1, 2, 3, 4, 2], (5, 4, 0, 1, 0, 0)),
    "a duplicate does not hide a loss": ([1, 2, 2, 4], (4, 4, 1, 1, 0, 0)),
    "two swapped": ([1, 3, 2, 4], (4, 4, 0, 0, 1, 0)),
    "swapped over the end": ([65535, 1, 0, 2], (4, 4, 0, 0, 1, 0)),
    "first packet came late": ([2, 1, 3], (3, 3, 0, 0, 1, 0)),
    "a jump that is a restart": ([1, 2, 3, 20000, 20001, 20002], (6, 6, 0, 0, 0, 1)),
    "one stray packet": ([1, 2, 3, 20000, 4, 5], (6, 5, 0, 0, 0, 0)),
    "loss before and after a restart": ([1, 3, 20000, 20001, 20003], (5, 7, 2, 0, 0, 1)),
    "a jump that is loss": ([1, 2, 1003], (3, 1003, 1000, 0, 0, 0)),
}


@pytest.mark.parametrize(("sequences", "figures"), FIGURES.values(), ids=FIGURES)
def test_figures_are_exact(sequences: Iterable[int], figures: tuple[int, ...]) -> None:
    seen = counted(sequences)
    assert figures == (seen.packets, seen.expected, seen.lost, seen.duplicates, seen.reordered, seen.restarts)


def test_rtcp_counts_duplicates_as_received() -> None:
    assert counted([1, 2, 2, 2]).cumulative_lost == -2


def test_even_packets_have_no_jitter() -> None:
    assert counted(range(50)).jitter_ms == pytest.approx(0)


def test_jitter_moves_by_a_sixteenth_of_each_difference() -> None:
    """A.8: J += (|D| - J) / 16; the second packet is 5 ms (40 ticks) late, the third on time again."""
    statistics = SourceStatistics(1, 8000)
    for index, late_s in enumerate([0, 0.005, 0]):
        statistics.update(index, 160 * index, 0, 160, 10 + 0.020 * index + late_s)
    first = 40 / 16
    assert statistics.jitter == pytest.approx(first + (40 - first) / 16)


def test_jitter_does_not_see_the_wrap_of_timestamps() -> None:
    statistics = SourceStatistics(1, 8000)
    for index in range(4):
        statistics.update(index, 0xFFFFFF00 + 160 * index & 0xFFFFFFFF, 0, 160, 0.020 * index)
    assert statistics.jitter == pytest.approx(0, abs=1e-6)


def test_events_do_not_count_for_jitter() -> None:
    statistics = SourceStatistics(1, 8000)
    statistics.update(0, 0, 0, 160, 0.0)
    statistics.update(1, 99, 101, 4, 0.020, timed=False)
    statistics.update(2, 320, 0, 160, 0.040)
    assert statistics.jitter == pytest.approx(0)
    assert statistics.payload_types == {0: 2, 101: 1}


def test_jitter_is_that_of_a_published_example() -> None:
    """Worked by L. Ruoff on wireshark-users, 22 Feb 2007 (msg00249), for frames 624 to 626 of aaa.pcap."""
    statistics = SourceStatistics(932629361, 8000)
    frames = [(0.348411, 1240), (0.418358, 1400), (0.421891, 1560)]
    jitters_s = []
    for at, (arrival_s, timestamp) in enumerate(frames):
        statistics.update(at, timestamp, 8, 160, arrival_s)
        jitters_s.append(statistics.jitter / 8000)
    assert jitters_s == pytest.approx([0.0, 0.0031216875, 0.00395576953125])


@given(
    st.lists(st.lists(st.sampled_from([1, 1, 1, 1, 1, 2, 0, -1, 3, 40, 20000]), min_size=1, max_size=12), max_size=12),
    st.integers(0, 0xFFFF),
)
def test_packets_counted_together_give_the_figures_of_packets_counted_one_by_one(
    runs: list[list[int]], sequence: int
) -> None:
    alone, together = SourceStatistics(1, 8000), SourceStatistics(1, 8000)
    at_s = 10.0
    for run in runs:
        sequences = [sequence := sequence + step & 0xFFFF for step in run]
        arrivals_s = [at_s := at_s + 0.019 + 0.001 * step % 0.004 for step in run]
        timestamps = [160 * number & 0xFFFFFFFF for number in sequences]
        for packet in zip(sequences, timestamps, arrivals_s, strict=True):
            alone.update(*packet[:2], 8, 160, packet[2])
        together.update_all(tuple(sequences), tuple(timestamps), 8, 160, arrivals_s)
    slots = [name for kind in type(alone).__mro__ for name in getattr(kind, "__slots__", ())]
    assert [getattr(alone, name) for name in slots] == [getattr(together, name) for name in slots]
