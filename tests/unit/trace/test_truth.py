"""Generated captures: every stream against what is known to have happened to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labkit.trace import open_trace
from labkit.trace.intern import Interner
from labkit.trace.series import Groups
from tests.bench.trace_load import media


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_are_the_truth(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "load.pcap"
    truths = media(path, seed, 60, 4.0)
    table = open_trace(path).streams.set_index("ssrc")
    assert len(truths) == len(table)
    for truth in truths:
        row = table.loc[f"0x{truth.ssrc:08x}"]
        for name in ("codec", "packets", "lost", "duplicates", "reordered", "dtmf"):
            assert getattr(truth, name) == row[name], (truth, name)


def test_intervals_add_up_to_the_streams(tmp_path: Path) -> None:
    path = tmp_path / "load.pcap"
    media(path, 5, 20, 4.0)
    trace = open_trace(path)
    sums = trace.intervals.groupby("stream").packets.sum()
    assert trace.streams.set_index("stream").packets.to_dict() == sums.to_dict()


def test_smoothing_is_the_recurrence_in_each_group_by_itself() -> None:
    rng = np.random.default_rng(1)
    groups = Groups.of(rng.integers(1, 400, 50))
    values = rng.random(groups.total) * 10
    expected = []
    for begin, size in zip(groups.begin, groups.size, strict=True):
        level = 0.0
        for value in values[begin : begin + size]:
            level = level * 15 / 16 + value
            expected.append(level)
    assert np.allclose(expected, groups.smooth(values), atol=1e-9)


def test_keys_get_numbers_in_order_of_appearance_whatever_the_block() -> None:
    rng = np.random.default_rng(2)
    keys = rng.integers(0, 3000, 20_000).astype(np.uint64)
    interner, numbers = Interner(2), {}
    for block in np.split(keys, [10, 5000, 5001]):
        expected = [numbers.setdefault(int(key), len(numbers)) for key in block]
        assert expected == interner.ids(block << np.uint64(40), block).tolist()
    assert len(numbers) == len(interner)
    assert [(key << 40, key) for key in numbers] == interner.keys_from(0)
