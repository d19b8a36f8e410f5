"""What a hint, a look at the healthy files and a failed verdict cost; what is kept over a restart of the kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.panel.score import FILE, Score, clock, load, save

SCORE = Score("inbound-401", 7, began_s=1000.0)


@pytest.mark.parametrize(
    ("score", "points"),
    [
        (SCORE, 0),
        (SCORE.cited(1.0), 40),
        (SCORE.cited(0.5).cited(1.0), 20),
        (SCORE.cited(1.0).judged(True, 1100.0), 100),
        (replace(SCORE, hints=2).judged(True, 1100.0), 50),
        (replace(SCORE, peeks=3).judged(True, 1100.0), 40),
        (SCORE.judged(False, 1050.0).judged(True, 1100.0), 50),
        (replace(SCORE, hints=30), 0),
    ],
)
def test_points(score: Score, points: int) -> None:
    assert score.points == points
    assert str(score).startswith(f"{points} points: ")


def test_what_comes_after_the_verdict_that_passed_changes_nothing() -> None:
    solved = SCORE.judged(True, 1125.0)
    assert solved.judged(False, 1200.0) == solved
    assert (solved.elapsed_s(9999.0), SCORE.elapsed_s(1061.0)) == (125.0, 61.0)
    assert clock(solved.elapsed_s(9999.0)) == "2:05"


def test_it_names_each_thing_that_cost_points() -> None:
    said = str(replace(SCORE, hints=1, peeks=1, failed=2))
    assert said.endswith("1 hint -5, a look at the healthy files -20, 2 failed verdicts -20")


def test_a_score_is_found_again_for_its_scenario_and_seed_only(tmp_path: Path) -> None:
    assert load(tmp_path, "inbound-401", 7) is None
    save(SCORE.cited(1.0), tmp_path)
    assert load(tmp_path, "inbound-401", 7) == SCORE.cited(1.0)
    assert load(tmp_path, "inbound-401", 8) is None
    (tmp_path / FILE).write_text("{")
    assert load(tmp_path, "inbound-401", 7) is None
