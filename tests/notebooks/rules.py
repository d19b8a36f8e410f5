"""What a lesson looks like, as rules over its notebook; each yields what is wrong, naming the cell.

A code cell is named by its place among all cells, from 0, as JupyterLab's tools count them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

Rule = Callable[[NotebookNode], Iterator[str]]

LONGEST_CELL_LINES = 10
SECTIONS = ("Exercises", "Key points", "Next", "References")
FREE_TAGS = {"exercise", "solution"}
UNSTABLE = {
    "a path of this machine": re.compile(r"/(?:home|root|tmp|work|var)/\w"),
    "an object's address": re.compile(r" at 0x[0-9a-f]{6,}"),
    "a date of today": re.compile(r"\b20\d\d-\d\d-\d\d"),
    "an object without a text form": re.compile(r"^<\w[\w.]* object", re.MULTILINE),
}


def code(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The code cells with their places."""
    return ((at, cell) for at, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def tags(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def prose(notebook: NotebookNode) -> str:
    """All that a lesson tells."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def opening(notebook: NotebookNode) -> Iterator[str]:
    """A lesson opens with a question, what one will be able to do, and how long it takes."""
    first = notebook.cells[0].source if notebook.cells else ""
    if not re.match(r"# .+\?$", first, re.MULTILINE):
        yield "cell 0: its title is not a question"
    if "you will be able to" not in first.lower():
        yield "cell 0: it does not say what you will be able to do"
    if not re.search(r"\b\d+ minutes\b", first):
        yield "cell 0: it does not say how many minutes it takes"
    if len(re.findall(r"^# ", prose(notebook), re.MULTILINE)) != 1:
        yield "it has not exactly one top heading"


def closing(notebook: NotebookNode) -> Iterator[str]:
    """A lesson ends with exercises, key points, what is next, and where it is written."""
    headings = re.findall(r"^## (.+)$", prose(notebook), re.MULTILINE)
    if tuple(headings[-len(SECTIONS) :]) != SECTIONS:
        yield f"it does not end with {', '.join(SECTIONS)}"


def small_cells(notebook: NotebookNode) -> Iterator[str]:
    """A code cell is one idea in a few lines of the subject's nouns."""
    for at, cell in code(notebook):
        if len(cell.source.splitlines()) > LONGEST_CELL_LINES:
            yield f"cell {at}: more than {LONGEST_CELL_LINES} lines"
        if not tags(cell) & FREE_TAGS:
            yield from (f"cell {at}: {what}" for what in machinery(cell.source))


def machinery(source: str) -> Iterator[str]:
    """What a lesson leaves to the library."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                yield "it defines something"
            case ast.Import(names=[ast.alias(name=name)]) | ast.ImportFrom(module=str(name)):
                if not name.startswith("labkit"):
                    yield f"it imports {name}"
            case ast.Try() | ast.For() | ast.While():
                yield "it is a program"


def shown(notebook: NotebookNode) -> Iterator[str]:
    """A code cell ends in something to look at."""
    for at, cell in code(notebook):
        last = ast.parse(TransformerManager().transform_cell(cell.source)).body[-1:]
        if not isinstance(next(iter(last), None), ast.Expr | ast.Import | ast.ImportFrom):
            yield f"cell {at}: its last line shows nothing"
        if cell.source.rstrip().endswith(";"):
            yield f"cell {at}: it hides its result behind a semicolon"


def stable(notebook: NotebookNode) -> Iterator[str]:
    """Committed outputs are the same on every machine, every day."""
    for at, cell in code(notebook):
        for output in cell.outputs:
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            yield from (f"cell {at}: its output holds {what}" for what, seen in UNSTABLE.items() if seen.search(text))
            if output.output_type == "error":
                yield f"cell {at}: its output is an error"


def solutions(notebook: NotebookNode) -> Iterator[str]:
    """A solution is there, runs, and stays folded until it is asked for."""
    found = [(at, cell) for at, cell in code(notebook) if "solution" in tags(cell)]
    if not found:
        yield "its exercises have no solution"
    for at, cell in found:
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield f"cell {at}: the solution lies open"


def clean(notebook: NotebookNode) -> Iterator[str]:
    """No editor left its traces in the file."""
    if foreign := set(notebook.metadata) - {"kernelspec", "language_info", "labkit"}:
        yield f"its metadata hold {', '.join(sorted(foreign))}"
    for at, cell in code(notebook):
        if "execution" in cell.metadata:
            yield f"cell {at}: it carries the times of somebody's run"


RULES: tuple[Rule, ...] = (opening, closing, small_cells, shown, stable, solutions, clean)


def problems(notebook: NotebookNode) -> list[str]:
    """All that is wrong with a lesson; empty when it is one."""
    return [problem for rule in RULES for problem in rule(notebook)]
