"""The guards fail what nbval alone would pass, and nothing else."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns

UNCAUGHT = "import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()"


def ran(source: str, *outputs: NotebookNode, **metadata: object) -> NotebookNode:
    """A code cell as it is after a run."""
    return new_code_cell(source, execution_count=1, outputs=list(outputs), metadata=metadata)


def result(text: str) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def stderr(text: str) -> NotebookNode:
    return new_output("stream", name="stderr", text=text)


def drawn(text: str, html: str) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": text, "text/html": html}, execution_count=1)


LADDER = """from IPython.display import display
display({"text/plain": "one", "text/html": '<div class="labkit-ladder">0.02 s</div>'}, raw=True)"""
PICTURE = """from IPython.display import display
image = '<div class="labkit-picture"><img alt="one" src="data:two"></div>'
display({"text/plain": "one", "text/html": f"<div>{image}<p>two</p></div>"}, raw=True)"""
PICTURED = '<div><div class="labkit-picture"><img alt="one" src="data:{}"></div><p>{}</p></div>'
GOOD = [
    ran("1 + 1", result("2")),
    ran(PICTURE, drawn("one", PICTURED.format("one", "two"))),
    ran(LADDER, drawn("one", '<div class="labkit-ladder">0.01 s</div>')),
]
BAD = [
    (
        ran("%nosuch\nraise ValueError", stderr("UsageError: Line magic function `%nosuch` not found.\n")),
        "IPython refused",
    ),
    (ran("%nosuch\nraise ValueError"), "Unexpected output fields"),
    (ran(UNCAUGHT), "Unexpected output fields"),
    (ran("!exit 3"), "it escapes to a shell"),
    (ran("x = !exit 3"), "it escapes to a shell"),
    (new_code_cell("2 + 2"), "it has no execution count"),
    (ran(LADDER, drawn("one", "<b>as it was</b>")), "mismatch 'text/html'"),
    (ran(PICTURE, drawn("one", PICTURED.format("two", "one"))), "mismatch 'text/html'"),
    (ran(PICTURE, drawn("two", PICTURED.format("two", "two"))), "mismatch 'text/plain'"),
    (ran(LADDER, drawn("two", '<div class="labkit-ladder">0.01 s</div>')), "mismatch 'text/plain'"),
    (ran("3 + 3", result("7")), "assert reference_output == test_output failed"),
    (ran("3 + 3", tags=["nbval-ignore-output"]), "it tells nbval what not to look at"),
    (ran("# NBVAL_IGNORE_OUTPUT\n3 + 3"), "it tells nbval what not to look at"),
]


@pytest.fixture
def lesson(pytester: pytest.Pytester, pytestconfig: pytest.Config) -> Path:
    """A notebook to be written, in a folder where pytest runs with the guards."""
    pytester.makeini(f"[pytest]\npythonpath = {pytestconfig.rootpath}")
    pytester.makeconftest('pytest_plugins = ["tests.plugins.notebook_guards"]')
    return pytester.path / "lesson.ipynb"


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("--nbval", "--nbval-current-env", "-p", "no:cacheprovider", *options)


def test_each_bad_cell_fails_with_its_reason_and_good_ones_pass(pytester: pytest.Pytester, lesson: Path) -> None:
    nbformat.write(new_notebook(cells=[*GOOD, *(cell for cell, _ in BAD)]), lesson)
    outcome = run(pytester, "--color=no")
    outcome.assert_outcomes(passed=len(GOOD), failed=len(BAD))
    told = str(outcome.stdout).split("Notebook cell execution failed\nCell")[
        1 : len(BAD) + 1
    ]  # in CI pytest tells each twice
    assert [reason for (_, reason), text in zip(BAD, told, strict=True) if reason not in text] == []


def test_a_cell_that_hangs_fails_soon(pytester: pytest.Pytester, lesson: Path) -> None:
    nbformat.write(new_notebook(cells=[ran("while True: pass")]), lesson)
    run(pytester, "--nbval-cell-timeout=1").assert_outcomes(failed=1)


def test_the_project_runs_its_notebooks_strictly(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.option.nbval
    assert not pytestconfig.option.nbval_lax
    rules = get_sanitize_patterns(Path(pytestconfig.option.nbval_sanitize_with).read_text())
    assert [
        '(?s)<div class="labkit-ladder">.*</div>',
        '<div class="labkit-picture"><img [^>]*></div>',
        r"(?:As recorded: testing it needs a live lab\.\n)?ok      programs of the lab",
    ] == [pattern for pattern, _ in rules]
    assert pytestconfig.option.nbval_cell_timeout <= 60
