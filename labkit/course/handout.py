"""The lessons in a folder of the learner's own, brought up to date without touching what he wrote.

A file in that folder tells what was handed out under which name, so that a notebook that somebody changed is known by
its bytes. It is kept, and the new version is put beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from labkit.course import syllabus
from labkit.errors import HostError

MANIFEST = ".labkit-notebooks.json"
"""Name to SHA-256 of each file as it was handed out last."""


@dataclass(frozen=True, slots=True)
class Handout:
    """What became of each lesson."""

    folder: Path
    added: tuple[str, ...]
    renewed: tuple[str, ...]
    """Nobody had changed them, and there was a newer version."""
    same: tuple[str, ...]
    """They were the newest version already."""
    kept: Mapping[str, str]
    """Changed by the learner; the name of the new version beside each, empty where there is none."""

    def __str__(self) -> str:
        counts = f"{len(self.added)} new, {len(self.renewed)} brought up to date, {len(self.same)} as they were."
        lines = (
            f"  {name} is yours and kept as it is{f'; the new version is {new}' if new else ''}"
            for name, new in self.kept.items()
        )
        return "\n".join([f"{self.folder}: {counts}", *lines])


def hand_out(folder: Path, solutions: bool = True) -> Handout:
    """Copy the lessons into a folder, or bring it up to date; HostError where it cannot be written."""
    if folder.resolve() == syllabus.home().resolve():
        raise HostError(f"{folder} is where the lessons themselves lie. Name a folder of your own.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _manifest(folder)
        done = {each.path.name: _deliver(folder, each.path.name, content(each.path, solutions), known)
                for each in syllabus.lessons()}  # fmt: skip
        _write(folder / MANIFEST, json.dumps(known, indent=1).encode())
    except OSError as why:
        raise HostError(f"{why.filename or folder} cannot be written: {why.strerror}. Name a folder of yours.") from why
    names = {way: tuple(name for name in done if done[name][0] == way) for way in ("added", "renewed", "same")}
    kept = {name: beside for name, (way, beside) in done.items() if way == "kept"}
    return Handout(folder, **names, kept=kept)


def content(lesson: Path, solutions: bool) -> bytes:
    """A lesson's file, with its solutions or without."""
    if solutions:
        return lesson.read_bytes()
    notebook = json.loads(lesson.read_text(encoding="utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if "solution" not in cell["metadata"].get("tags", ())]
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode() + b"\n"


def _deliver(folder: Path, name: str, new: bytes, known: dict[str, str]) -> tuple[str, str]:
    """Put a lesson in its place, or beside the learner's own; gives what was done, and the name beside."""
    digest = _digest(new)
    way = _place(folder, name, new, known)
    if way != "kept" or known.get(name) == digest:
        return way, ""
    given = (each for each in _beside(name) if _place(folder, each, new, known) != "kept" or known.get(each) == digest)
    return way, next(given)


def _place(folder: Path, name: str, new: bytes, known: dict[str, str]) -> str:
    """Write a file where there is none, or where it is as it was handed out."""
    path, digest = folder / name, _digest(new)
    found = _digest(path.read_bytes()) if path.exists() else ""
    if found not in ("", digest, known.get(name)):
        return "kept"
    known[name] = digest
    if found == digest:
        return "same"
    _write(path, new)
    return "renewed" if found else "added"


def _beside(name: str) -> Iterator[str]:
    """Names for a new version: 05-who.new.ipynb, 05-who.new-2.ipynb, ..."""
    stem, suffix = Path(name).stem, Path(name).suffix
    yield f"{stem}.new{suffix}"
    yield from (f"{stem}.new-{number}{suffix}" for number in count(2))


def _manifest(folder: Path) -> dict[str, str]:
    """What was handed out before; nothing where that cannot be read, so that every file counts as the learner's."""
    with suppress(FileNotFoundError, ValueError, AttributeError):
        return {str(name): str(digest) for name, digest in json.loads((folder / MANIFEST).read_bytes()).items()}
    return {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    """A file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
