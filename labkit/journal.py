"""What a learner did, one JSON object a line; lines are added to the file and never changed.

    {"at": "2026-11-23T06:25:01.204+00:00", "what": "verify", "name": "inbound-401", "right": true, "lab": "default"}

Notebooks, command line and panels write the same file: LABKIT_JOURNAL, else progress.jsonl in the learner's state
folder. A line that was cut or cannot be read is passed over, the others count.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VARIABLE = "LABKIT_JOURNAL"
"""Environment variable that names another file; /dev/null keeps nothing."""

MOST_CELLS = 32
"""So many cells of a notebook at most are told of by one line."""

_told_of = 0
"""How many cells this kernel had run when the last line was written."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a learner did."""

    at: datetime
    what: str
    """break, evidence, verify, check or hint."""
    name: str
    """The scenario, or the question such as 05.order or inbound-401.object."""
    right: bool | None = None
    """Whether the answer was right, or the verdict passed."""
    hints: int = 0
    """How many hints came into reach."""
    lab: str = ""
    seed: int | None = None
    """What the scenario's values were drawn by."""
    cells: tuple[str, ...] = ()
    """Fingerprints of the cells that the notebook ran since the line before, this one the last."""


def path() -> Path:
    """The learner's file; it need not be there yet."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "labkit"
    return Path(os.environ.get("LABKIT_HOME") or state) / "progress.jsonl"


def note(what: str, name: str, **facts: Any) -> None:
    """Write down that something was done, now; where the file cannot be written, the lesson goes on without."""
    if not name:
        return
    event = Event(datetime.now(UTC), what, name, cells=_cells(), **facts)
    plain = {key: value for key, value in asdict(event).items() if value not in (None, "", 0, ()) or value is False}
    with suppress(OSError):
        _append(json.dumps(plain | {"at": event.at.isoformat(timespec="milliseconds")}).encode() + b"\n")


def _append(line: bytes) -> None:
    """Add a line while nobody else does; one that somebody left unfinished is ended first."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path().open("ab+", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        file.write(line if file.read(1) in (b"", b"\n") else b"\n" + line)


def read() -> list[Event]:
    """Everything that was written, the oldest first; empty where nothing was."""
    with suppress(OSError), path().open("rb") as file:
        return sorted(_events(file), key=lambda event: event.at)
    return []


def _events(lines: Iterator[bytes]) -> Iterator[Event]:
    known = {field.name for field in fields(Event)}
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            plain = {key: value for key, value in json.loads(line).items() if key in known}
            at = datetime.fromisoformat(plain["at"]).astimezone(UTC)
            yield Event(**{**plain, "at": at, "cells": tuple(plain.get("cells", ()))})


def fingerprint(source: str) -> str:
    """What tells one cell's text from another's."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:12]


def _cells() -> tuple[str, ...]:
    """The cells since the line before, the one included that wrote it; none where no notebook runs."""
    global _told_of
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    ran = shell.history_manager.input_hist_raw if shell and shell.history_manager else []
    since, _told_of = max(_told_of - 1, 0), len(ran)
    return tuple(map(fingerprint, ran[since:][-MOST_CELLS:]))
