"""Takes: what a live lab answered while a lesson was recorded, so that the lesson runs where no lab can run.

A take is kept under what was asked of a lab in which state (`labkit.lab.stage`). The takes of a lesson and the captures
that they speak of are one file, `takes.tar.xz` of the dataset `lessons/NAME`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from labkit import datasets
from labkit.errors import DatasetError

FOLDER = "lessons"
"""Where they are among the datasets."""

FILE = "takes.tar.xz"

LOOSE = "takes.jsonl"
"""Takes while a lesson is recorded: one a line, beside their captures."""

_INDEX = "takes.json"
_CAPTURE = re.compile(r"[0-9a-f]{16}\.pcap")
_MOST_BYTES = 200_000_000
"""No lesson's takes are larger when unpacked."""


@dataclass(frozen=True, slots=True)
class Take:
    """One question and what the lab answered."""

    state: str
    """Of the lab: `labkit.lab.stage.Staged.state`."""
    question: str
    """As JSON."""
    visit: int
    """How often the lab had come into this state, from 1."""
    turn: str
    """Of what takes time: how often it had been asked in this visit; of a look: what had been done last."""
    answer: Any
    """What JSON can hold: `{"gave": ...}` or `{"raised": ...}`."""

    def nearness(self, other: Take) -> tuple[bool, bool, bool]:
        """How near another take of the same question is: state, turn and visit, the most important first."""
        return self.state == other.state, self.turn == other.turn, self.visit == other.visit


@dataclass(frozen=True)
class Reel:
    """The takes of a lesson."""

    takes: tuple[Take, ...]
    captures: Mapping[str, bytes] = field(default_factory=dict)
    """Capture files by name, which is a digest of what they hold."""

    def best(self, wanted: Take, anywhere: bool = False) -> Take | None:
        """The take that answers a question best, in that state or `anywhere`: the same moment, else the newest."""
        found = [take for take in self._asked.get(wanted.question, ()) if anywhere or take.state == wanted.state]
        return max(reversed(found), key=wanted.nearness, default=None)

    @cached_property
    def _asked(self) -> dict[str, list[Take]]:
        asked: dict[str, list[Take]] = {}
        for take in self.takes:
            asked.setdefault(take.question, []).append(take)
        return asked

    def save(self, path: Path) -> None:
        """Write everything into one file; the same takes give the same file."""
        index = json.dumps([astuple(take) for take in self.takes], indent=0)
        files = {_INDEX: index.encode(), **dict(sorted(self.captures.items()))}
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:xz") as tar:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))

    @classmethod
    def load(cls, path: Path) -> Reel:
        """Read what `save` wrote; DatasetError where it is something else."""
        try:
            files = dict(_read(path))
            return cls(tuple(Take(*each) for each in json.loads(files.pop(_INDEX))), files)
        except (OSError, EOFError, ValueError, KeyError, TypeError, tarfile.TarError) as why:
            raise DatasetError(f"{path} holds no takes of a lesson ({why}). Record it anew: make record") from why

    @classmethod
    def gathered(cls, folder: Path) -> Reel:
        """The takes that were kept loose in a folder; of those for the same moment the newest counts."""
        loose = folder / LOOSE
        lines = loose.read_text().splitlines() if loose.exists() else []
        every = [Take(*json.loads(line)) for line in lines]
        newest = {(take.state, take.question, take.visit, take.turn): take for take in every}
        captures = {path.name: path.read_bytes() for path in folder.glob("*.pcap")}
        return cls(tuple(newest.values()), captures)


def _read(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, none of which is ever written under the name that it has there."""
    left = _MOST_BYTES
    with tarfile.open(path, "r:xz") as tar:
        for entry in tar:
            left -= entry.size
            file = tar.extractfile(entry) if entry.isreg() and left >= 0 else None
            if file is None or (entry.name != _INDEX and not _CAPTURE.fullmatch(entry.name)):
                raise ValueError(f"{entry.name!r} has no place in it")
            yield entry.name, file.read()


def digest(*texts: str) -> str:
    """A short name of what texts hold."""
    return hashlib.sha256("\0".join(text.strip() for text in texts).encode()).hexdigest()[:16]


def register(lesson: str, cells: Sequence[str], kept: Path, made_with: Mapping[str, str]) -> None:
    """Make a dataset of the takes in a folder, which the cells of a lesson asked for."""
    Reel.gathered(kept).save(datasets.home() / FOLDER / lesson / FILE)
    versions = {**made_with, "begins": digest(cells[0]), "cells": digest(*cells)}
    datasets.register(f"{FOLDER}/{lesson}", datasets.Dataset("make record", versions=versions))
    reel.cache_clear()


def is_current(lesson: str, cells: Sequence[str]) -> bool:
    """Whether a lesson was recorded with these cells."""
    known = datasets.registry().get(f"{FOLDER}/{lesson}")
    return known is not None and known.versions["cells"] == digest(*cells)


def begun_by(source: str) -> list[str]:
    """The lessons whose first cell this is; some begin alike."""
    known = datasets.registry()
    return [each for each in lessons() if known[f"{FOLDER}/{each}"].versions["begins"] == digest(source)]


def lessons() -> list[str]:
    """Names of the lessons that were recorded, such as `05-who-are-you`."""
    return sorted(name.partition("/")[2] for name in datasets.registry() if name.startswith(f"{FOLDER}/"))


@cache
def reel(lesson: str) -> Reel:
    """The takes of a lesson; DatasetError where there are none, or they are not as they were recorded."""
    return Reel.load(datasets.fetch(f"{FOLDER}/{lesson}") / FILE)
