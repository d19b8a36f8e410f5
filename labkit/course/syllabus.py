"""The lessons as their own metadata describe them; no cell is run for it, and few are read."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labkit.journal import fingerprint
from labkit.scenario.reader import FILE
from labkit.scenario.shelf import Shelf

FAMILIES = {
    "inbound": "registered, and no call comes in",
    "dialplan": "an INVITE arrives, and no extension matches",
    "outbound": "a call out is refused",
    "audio": "silence, one way or both",
    "caller-id": "the caller's number is refused or replaced",
    "clock": "calls end, or never end, on a clock",
    "keys": "keys and ringback",
    "load": "it fails when many call at once",
    "migration": "it worked before the upgrade",
    "security": "somebody knocks who was not invited",
}
"""What the faults of a family look like."""

_SOURCE = Path(__file__).parents[1]
_CHANGES = re.compile(r"^%%(?:pbx|dialplan)|\blab\.(?:config|provider|apply|undo|restart|firewall)\b", re.MULTILINE)
"""A cell that changes the lab."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; what it holds is told by `labkit` in the metadata of its notebook."""

    path: Path
    title: str
    """A question."""
    minutes: int
    needs: tuple[str, ...]
    """Capabilities of the runtime, such as nat."""
    symptoms: tuple[str, ...]
    """Families of the scenarios that it breaks."""
    layers: tuple[str, ...]
    objects: tuple[str, ...]
    scenarios: tuple[str, ...]
    """Those it breaks, in order."""
    checks: tuple[str, ...]
    """The questions that it asks, in order."""
    shown: frozenset[str]
    """Fingerprints of the cells that mend or answer for the learner: solutions and worked cases."""

    @property
    def number(self) -> str:
        """Two digits."""
        return self.path.name[:2]


def home() -> Path:
    """The folder of the lessons: beside the package in a clone, inside it when installed."""
    installed = _SOURCE / "_notebooks"
    return installed if installed.is_dir() else _SOURCE.parent / "notebooks"


@cache
def lessons(folder: Path | None = None) -> tuple[Lesson, ...]:
    """Every lesson, in order."""
    return tuple(map(read, sorted((folder or home()).glob("[0-9][0-9]-*.ipynb"))))


def families() -> Mapping[str, tuple[str, ...]]:
    """Slugs of all scenarios by their family."""
    shelf, found = Shelf.here(), dict[str, list[str]]()
    for slug in shelf.slugs():
        plain = tomllib.loads((shelf.folder(slug) / FILE).read_text(encoding="utf-8"))
        found.setdefault(plain["family"], []).append(slug)
    return {name: tuple(found[name]) for name in [*FAMILIES, *found] if name in found}


def read(path: Path) -> Lesson:
    """A lesson from its file."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells, entry = notebook["cells"], notebook["metadata"].get("labkit", {})
    title = next((line[2:].strip() for line in source(cells[0]).splitlines() if line.startswith("# ")), path.stem)
    lists = ("needs", "symptoms", "layers", "objects", "scenarios", "checks")
    given = {name: tuple(entry.get(name, ())) for name in lists}
    shown = frozenset(fingerprint(source(cell)) for cell in cells if mends(cell))
    return Lesson(path, title, entry.get("minutes", 0), **given, shown=shown)


def mends(cell: dict[str, Any]) -> bool:
    """Whether a cell does the learner's work: a solution, or a worked case that changes the lab."""
    tags = cell["metadata"].get("tags", ())
    worked = cell["cell_type"] == "code" and "exercise" not in tags and _CHANGES.search(source(cell))
    return "solution" in tags or bool(worked)


def source(cell: dict[str, Any]) -> str:
    """The text of a cell, which the format of notebooks keeps whole or in lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)
