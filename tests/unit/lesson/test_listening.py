"""Figures of recordings are those that were made; words for a live call stand where chance cannot move them."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.errors import DatasetError
from labkit.lesson.listening import _words, buffered, compare, figures, rating, recording


def words(**seen: Any) -> tuple[str, ...]:
    row = {"point": "inside", "src_name": "provider", "dst_name": "pbx", "expected": 150, "lost": 0}
    reports = {"rtcp_reports": 3, "rtcp_loss_max": 0.0}
    return _words({**row, **reports, "jitter_mean_ms": 2.0, "mos": 4.4, **seen})[3:]


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
    assert lost.loc[["outside"]].max() == 0.0
    assert lost.loc[["inside"]].min() > 8


def test_what_was_not_recorded_says_so() -> None:
    with pytest.raises(DatasetError, match="Nothing was recorded"):
        recording("bust")


@pytest.mark.parametrize(("lost", "word"), [(0, "none"), (1, "below 1 %"), (5, "1 to 5 %"), (30, "above 5 %")])
def test_loss_is_told_in_steps(lost: int, word: str) -> None:
    assert words(lost=lost)[0] == word


def test_jitter_and_quality_are_told_in_steps_and_an_unknown_codec_has_no_quality() -> None:
    assert words(jitter_mean_ms=20.0, mos=2.8) == ("none", "above 15 ms", "bad", "none")
    assert words(mos=None)[2] == "unknown"


def test_a_receiver_without_a_report_says_nothing() -> None:
    assert words(rtcp_loss_max=0.2)[3] == "above 5 %"
    assert words(rtcp_reports=0, rtcp_loss_max=None)[3] == "-"


def test_a_rating_is_told_with_what_it_is_for_or_why_there_is_none() -> None:
    assert str(rating("PCMA")) == "PCMA, 0 % lost, 0 ms: R 92, MOS 4.4, good"
    assert str(rating("PCMA", delay_ms=350)).endswith("poor")
    assert "no G.113 values" in str(rating("G722"))
