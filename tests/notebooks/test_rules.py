"""Each rule refuses the bad lesson that was made for it, and a good lesson passes them all."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebooks.rules import problems

GOOD = new_notebook(
    cells=[
        new_markdown_cell("# Who answers?\n\nAfter this you will be able to name the five parties. About 10 minutes."),
        new_code_cell("from labkit.lesson import lab\nlab"),
        new_code_cell('call = lab.call("phone-1001", "+15550100")\ncall'),
        new_code_cell("%asterisk pjsip show endpoints"),
        new_markdown_cell("## Exercises"),
        new_code_cell("len([line for line in call.lines])", metadata={"tags": ["exercise"]}),
        new_code_cell("answer = 5\ncheck(answer)", metadata={"tags": ["solution"], "jupyter": {"source_hidden": True}}),
        new_markdown_cell("## Key points\n\n## Next\n\n## References"),
    ]
)


def test_a_good_lesson_passes() -> None:
    assert problems(GOOD) == []


def source(place: int, text: str) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[place].update(source=text)


def output(**parts: object) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[1].update(outputs=[new_output(**parts)])


def metadata(place: int, **entries: object) -> Callable[[NotebookNode], None]:
    return lambda notebook: notebook.cells[place].metadata.update(entries)


BAD = {
    "its title is not a question": source(0, "# Parties\n\nyou will be able to name them. 10 minutes"),
    "it does not say what you will be able to do": source(0, "# Who?\n\n10 minutes"),
    "it does not say how many minutes it takes": source(0, "# Who?\n\nyou will be able to"),
    "it has not exactly one top heading": source(4, "# Exercises\n\n## Exercises"),
    "it does not end with Exercises": source(7, "## Key points"),
    "more than 10 lines": source(2, "lab\n" * 11),
    "it defines something": source(2, "def f(): ...\nf()"),
    "it imports matplotlib.pyplot": source(2, "import matplotlib.pyplot as plt\nlab"),
    "it imports os": source(2, "from os import system\nlab"),
    "it is a program": source(2, "for one in lab: one\nlab"),
    "its last line shows nothing": source(2, "call = lab.call('phone-1001', '+15550100')"),
    "it hides its result": source(2, "lab;"),
    "a path of this machine": output(output_type="stream", text="saved as /home/ada/x.pcap"),
    "an object's address": output(output_type="execute_result", data={"text/plain": "<Lab at 0x7f3ac8b439d0>"}),
    "an object without a text form": output(output_type="execute_result", data={"text/plain": "<Lab object 7>"}),
    "a date of today": output(output_type="stream", text="2026-11-22 10:00"),
    "its output is an error": output(output_type="error", ename="E", evalue="e", traceback=[]),
    "its exercises have no solution": metadata(6, tags=[]),
    "the solution lies open": metadata(6, jupyter={}),
    "its metadata hold widgets": lambda notebook: notebook.metadata.update(widgets={}),
    "it carries the times of somebody's run": metadata(2, execution={"iopub.execute_input": "x"}),
}


@pytest.mark.parametrize("problem", BAD)
def test_a_bad_lesson_is_refused_with_its_reason(problem: str) -> None:
    lesson = copy.deepcopy(GOOD)
    BAD[problem](lesson)
    assert any(problem in found for found in problems(lesson))
