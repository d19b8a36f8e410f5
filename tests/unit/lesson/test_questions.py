"""The shipped questions are whole, and no notebook gives their answers away."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from labkit.lesson import questions

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
ASKED = re.compile(r'\b(?:check|hint)\("([^"]+)"')


@pytest.mark.parametrize("name", sorted(questions.load()))
def test_a_question_has_a_reason_hints_and_replies_to_wrong_answers_only(name: str) -> None:
    question = questions.find(name)
    assert question.right
    assert len(question.hints) >= 2
    assert [trap for trap in question.wrong if question.accepts(trap)] == []
    assert all(question.accepts(answer) for answer in question.answer)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_asks_what_is_there_and_all_of_it(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    asked = {name for cell in cells for name in ASKED.findall(cell.source)}
    own = {name for name in asked if name.startswith(f"{path.name[:2]}.")}
    assert {name for name in questions.load() if name.startswith(path.name[:2])} == own
    assert all(questions.find(name).hints for name in asked - own)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_gives_no_answer_away_outside_its_solutions(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and "solution" not in cell.metadata.get("tags", []):
            assert re.findall(r"^answer = (?!\.\.\.$).*", cell.source, re.MULTILINE) == []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (True, "yes"),
        (False, "no"),
        ("Yes, it does.", "yes"),
        ("the context", "context"),
        ("a 404", 404),
        ("allow_overlap = yes", "allow_overlap"),
        ("endpoint.allow_overlap=yes", "endpoint.allow_overlap"),
        ("[from-trunk]", "from-trunk"),
        ("32 s", "32 s"),
        ("32.0", 32),
        ("+44 20 7946 0000", "+442079460000"),
    ],
)
def test_an_answer_is_right_in_whatever_form_it_is_given(given: questions.Answer, wanted: questions.Answer) -> None:
    assert questions.Question((wanted,), "", ()).accepts(given)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("no", "yes"),
        (True, "no"),
        (1, "yes"),
        ("nothing", "no"),
        ("no idea", "no"),
        ("32 ms", "32 s"),
        ("32", 320),
        ("context", "endpoint.context"),
    ],
)
def test_another_answer_stays_wrong(given: questions.Answer, wanted: questions.Answer) -> None:
    assert not questions.Question((wanted,), "", ()).accepts(given)
