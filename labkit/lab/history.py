"""Every version of the lab's files that was ever applied, in a folder where nothing is overwritten or removed."""

from __future__ import annotations

import difflib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import overload

from labkit.errors import HostError

KEPT = "kept"
"""The way of versions that were edited and never applied."""


@dataclass(frozen=True, slots=True)
class Version:
    """The lab's files at one moment."""

    number: int
    """From 1."""
    label: str
    """How it came to be: `start`, `break inbound-401`, `apply`, `undo to 3`, `before heal` ..."""
    at: str
    """When, as 2026-11-23 02:40:01."""
    files: Mapping[str, str]
    """Text by name."""
    way: str = "nothing"
    """How Asterisk was made to read it: nothing (there was no need), reload, restart; `kept` was never applied."""
    errors: tuple[str, ...] = ()
    """What Asterisk refused of it."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.number}  {self.at}  {self.label}" + (f"  ({len(self.errors)} errors)" if self.errors else "")


class History(Sequence[Version]):
    """The versions of one lab, the oldest first; each is a file of its own, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Speak of the versions in this folder."""
        self.folder = folder

    def add(self, label: str, files: Mapping[str, str], way: str = "nothing", errors: Sequence[str] = ()) -> Version:
        """Write a version; it is on the disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        number = self._numbers()[-1] + 1 if len(self) else 1
        version = Version(number, label, time.strftime("%Y-%m-%d %H:%M:%S"), dict(files), way, tuple(errors))
        partial = self.folder / f".{number:05d}.partial"
        with partial.open("w") as file:
            json.dump(asdict(version), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path(number))
        return version

    def keep(self, label: str, files: Mapping[str, str]) -> None:
        """Write a version of files that were edited since the last one, where they were."""
        if files and (not len(self) or dict(self[-1].files) != dict(files)):
            self.add(label, files, KEPT)

    @property
    def applied(self) -> Version:
        """The newest version that was made to count; one without files where there is none."""
        numbers = reversed(self._numbers())
        found = (version for version in map(self.version, numbers) if version.way != KEPT)
        return next(found, Version(0, "nothing", "", {}))

    def version(self, number: int) -> Version:
        """A version by its number; HostError says which there are."""
        try:
            plain = json.loads(self._path(number).read_text())
        except FileNotFoundError:
            raise HostError(f"The lab keeps no version {number}; it has 1 to {len(self)}.", number=number) from None
        return Version(**{**plain, "errors": tuple(plain["errors"])})

    def diff(self, old: int, new: int) -> str:
        """What version `new` has other than version `old`, as a unified diff."""
        before, after = self.version(old), self.version(new)
        return difference(before.files, after.files, f"version {old}", f"version {new}")

    @property
    def broken(self) -> Version:
        """The newest version that a scenario broke; HostError where there is none."""
        found = (version for version in reversed(self) if version.label.startswith("break "))
        if version := next(found, None):
            return version
        raise HostError("No scenario has broken this lab yet. Break it: labkit break SLUG")

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:05d}.json"

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.json"))

    @overload
    def __getitem__(self, index: int) -> Version: ...
    @overload
    def __getitem__(self, index: slice) -> list[Version]: ...
    def __getitem__(self, index: int | slice) -> Version | list[Version]:
        """A version by its place, the newest is -1."""
        numbers = self._numbers()[index]
        return [self.version(each) for each in numbers] if isinstance(numbers, list) else self.version(numbers)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers())

    def __str__(self) -> str:
        """One line for each version."""
        return "\n".join(map(str, self))


def difference(old: Mapping[str, str], new: Mapping[str, str], old_name: str, new_name: str) -> str:
    """What differs between two sets of files, as a unified diff; empty where nothing does."""
    return "".join(_differences(old, new, old_name, new_name))


def _differences(old: Mapping[str, str], new: Mapping[str, str], old_name: str, new_name: str) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        before, after = (texts.get(name, "").splitlines(keepends=True) for texts in (old, new))
        yield from difflib.unified_diff(before, after, f"{old_name}/{name}", f"{new_name}/{name}")
