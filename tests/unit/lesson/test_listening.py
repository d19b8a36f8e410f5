"""Figures of recordings are those that were made; words for a live call stand where chance cannot move them."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.errors import DatasetError
from labkit.lesson.listening import _words, buffered, compare, figures, recording


def words(**seen: Any) -> tuple[str, ...]:
    row = {"point": "inside", "src_name": "provider", "dst_name": "pbx", "expected": 150, "lost": 0}
    return _words({**row, "jitter_mean_ms": 2.0, "mos": 4.4, **seen})[3:]


def test_recordings_stand_side_by_side_with_what_was_done_to_them() -> None:
    table = compare("clean", "burst", "policed")
    assert list(table["lost_percent"]) == [0.0, 5.0, pytest.approx(16.6, abs=0.1)]
    assert list(table["longest_gap"]) == [0, 5, 1]
    assert list(table["mos"]) == sorted(table["mos"], reverse=True)


def test_a_buffer_loses_what_comes_later_than_it_waits_for() -> None:
    table = buffered(recording("overtaking"))["too_late_percent"]
    assert table[0] > table[20] > table[40] > table[60] == 0.0
    assert (buffered(recording("clean"))["missing_percent"] == 0.0).all()


def test_no_buffer_brings_back_what_was_lost() -> None:
    table = buffered(recording("burst"), sizes_ms=(0, 200))
    assert list(table["missing_percent"]) == [5.0, 5.0]
    assert list(table["too_late_percent"]) == [0.0, 0.0]


def test_the_calls_of_a_broken_scenario_are_a_recording_too() -> None:
    lost = figures(recording("robot-voice-inbound"), call=1).query("`from` == 'provider'")["lost_percent"]
    assert set(lost["outside"]) == {0.0}
    assert min(lost["inside"]) > 8


def test_what_was_not_recorded_says_so() -> None:
    with pytest.raises(DatasetError, match="Nothing was recorded"):
        recording("bust")


@pytest.mark.parametrize(("lost", "word"), [(0, "none"), (1, "below 1 %"), (5, "1 to 5 %"), (30, "above 5 %")])
def test_loss_is_told_in_steps(lost: int, word: str) -> None:
    assert words(lost=lost)[0] == word


def test_jitter_and_quality_are_told_in_steps_and_an_unknown_codec_has_no_quality() -> None:
    assert words(jitter_mean_ms=20.0, mos=2.8) == ("none", "above 15 ms", "bad")
    assert words(mos=None)[2] == "unknown"
