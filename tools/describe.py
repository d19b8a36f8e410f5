"""What the cells of a lesson say of it: its minutes, what it breaks, draws and checks; `make record` writes it down.

A lesson's own metadata hold it under `labkit`, so that whoever lists lessons need not read their cells. `layers` and
`objects` are what it teaches: those of the scenarios it breaks, and what its author adds by hand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from labkit.scenario.model import Scenario
from labkit.scenario.shelf import Shelf

_MINUTES = re.compile(r"\b(\d+) minutes\b")
_PICTURE = re.compile(r'<img [^>]*alt="[^"]+')


@dataclass
class Episode:
    """The cells from where a scenario breaks the lab to where the next one does, or all is healed."""

    scenario: Scenario
    drawn: bool = False
    """Whether one of the cells shows a picture that has a text form."""
    checks: list[str] = field(default_factory=list)
    """What is asked of the learner: questions of the scenario, and `verify`."""

    @property
    def object(self) -> str:
        """The object at fault, such as endpoint."""
        return self.scenario.object.partition(".")[0]


def episodes(notebook: NotebookNode) -> list[Episode]:
    """What a lesson breaks, in its order."""
    found: list[Episode] = []
    current: Episode | None = None
    for cell in code(notebook):
        for verb, name in said(cell.source):
            if verb in ("break_", "heal"):
                current = Episode(Shelf.here().read(name)) if name else None
                found += [current] if current else []
            elif current and (verb == "verify" or name.startswith(f"{current.scenario.slug}.")):
                current.checks.append(name or verb)
        if current and drawn(cell):
            current.drawn = True
    return found


def code(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """The code cells."""
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def said(source: str) -> Iterator[tuple[str, str]]:
    """Calls of lab.break_, heal, verify, and of check, in their order, each with its first argument that is a text."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        match call:
            case ast.Call(func=ast.Attribute(ast.Name("lab"), "break_" | "heal" | "verify" as verb)):
                yield verb, _text(call.args[:1])
            case ast.Call(func=ast.Name("check" as verb)):
                yield verb, _text(call.args[:1])


def _text(arguments: Iterable[ast.expr]) -> str:
    return next((str(each.value) for each in arguments if isinstance(each, ast.Constant)), "")


def drawn(cell: NotebookNode) -> bool:
    """Whether a cell shows a picture whose alternative text says something."""
    return any(_PICTURE.search(output.get("data", {}).get("text/html", "")) for output in cell.outputs)


def described(notebook: NotebookNode) -> dict[str, Any]:
    """The entry of a lesson: all that its cells say, with what its author added of layers and objects."""
    added = notebook.metadata.get("labkit", {})
    broken = episodes(notebook)
    scenarios = [each.scenario for each in broken]
    minutes = _MINUTES.search(notebook.cells[0].source)
    checks = [name for cell in code(notebook) for verb, name in said(cell.source) if verb == "check"]
    return {
        "minutes": int(minutes[1]) if minutes else 0,
        "needs": sorted({need for each in scenarios for need in each.needs}),
        "symptoms": _with((), (each.family for each in scenarios)),
        "layers": _with(added.get("layers", ()), (each.layer for each in scenarios)),
        "objects": _with(added.get("objects", ()), (each.object for each in broken)),
        "scenarios": _with((), (each.slug for each in scenarios)),
        "checks": _with((), checks),
    }


def _with(added: Iterable[str], derived: Iterable[str]) -> list[str]:
    """Each once, in this order."""
    return list(dict.fromkeys([*added, *derived]))
