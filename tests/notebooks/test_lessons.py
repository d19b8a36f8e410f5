"""Every lesson keeps the rules; that it runs and shows what is committed is nbval's part."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks.rules import problems

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_lessons() -> None:
    numbers = [lesson.name[:2] for lesson in LESSONS]
    assert numbers == sorted({*numbers} & {f"{number:02}" for number in range(20)})


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_keeps_the_rules(lesson: Path) -> None:
    assert problems(nbformat.read(lesson, as_version=4)) == []
