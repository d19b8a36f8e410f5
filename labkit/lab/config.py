"""The configuration files that the running lab uses: real files that a learner reads and edits."""

from __future__ import annotations

import difflib
import shutil
import time
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path, PurePosixPath

from labkit.errors import HostError
from labkit.lab.history import difference
from labkit.scenario.values import render

ROUTER = "router/rules.nft"
"""The router's NAT and firewall rules, which are no file of the PBX's."""


class ConfigFiles(MutableMapping[str, str]):
    """Text of each file by its name below the folder, such as `pjsip.d/trunk-provider.conf`.

    Reading gives the text; assigning writes it (a reload makes it count). HostError on names outside the folder.
    """

    def __init__(self, folder: Path, origin: Path, values: Mapping[str, str]) -> None:
        """Speak of the files in `folder`, which are made from the templates in `origin` with these values."""
        self.folder = folder
        self._origin = origin
        self._values = values

    def make(self) -> None:
        """Write the healthy files; files that were edited before are kept in a folder beside this one."""
        if self.folder.exists() and self.changed():
            kept = self.folder.parent / "kept" / time.strftime("%Y%m%d-%H%M%S")
            shutil.copytree(self.folder, kept, dirs_exist_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in self.healthy().items():
            self._path(name).parent.mkdir(parents=True, exist_ok=True)
            self._path(name).write_text(text)

    def healthy(self) -> dict[str, str]:
        """The text that each file has in the healthy lab."""
        paths = sorted(path for path in self._origin.rglob("*") if path.is_file())
        names = [str(path.relative_to(self._origin)) for path in paths]
        texts = {name: render(path.read_text(), self._values, name) for name, path in zip(names, paths, strict=True)}
        rules = self._origin.parent / ROUTER
        return texts | ({ROUTER: rules.read_text()} if rules.exists() else {})

    def changed(self) -> list[str]:
        """Names of the files that differ from the healthy lab's, were added or removed."""
        healthy, now = self.healthy(), dict(self)
        return sorted(name for name in healthy.keys() | now.keys() if healthy.get(name) != now.get(name))

    def diff(self) -> str:
        """What differs from the healthy lab, as a unified diff; empty where nothing does."""
        return difference(self.healthy(), self, "healthy", "now")

    def lay(self, texts: Mapping[str, str]) -> None:
        """Have exactly these files, each written where it differs."""
        for name in [name for name in self if name not in texts]:
            del self[name]
        now = dict(self)
        for name, text in texts.items():
            if now.get(name) != text:
                self[name] = text

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file exactly once, or was replaced before; HostError when it does not."""
        text = self[name]
        if new and text.count(old) == text.count(new) * new.count(old) and new in text:
            return
        if text.count(old) != 1:
            lines = [line.strip() for line in text.splitlines() if old not in text]
            near = difflib.get_close_matches(old.strip(), lines, 1, cutoff=0.8)
            hint = f"did you mean {near[0]!r}?" if near else "give a text that stands there once."
            raise HostError(f"{name} holds {old!r} {text.count(old)} times; {hint}")
        self[name] = text.replace(old, new)

    def __getitem__(self, name: str) -> str:
        """The text of a file."""
        try:
            return self._path(name).read_text("utf-8", "surrogateescape")
        except (FileNotFoundError, IsADirectoryError):
            near = difflib.get_close_matches(name, self, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(self)}"
            raise HostError(f"The lab has no configuration file {name!r}{hint}", file=name) from None

    def __setitem__(self, name: str, text: str) -> None:
        """Write a file as a whole, so that no reader ever sees half of it."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, "utf-8", "surrogateescape")
        partial.replace(path)

    def __delitem__(self, name: str) -> None:
        """Remove a file."""
        self[name]
        self._path(name).unlink()

    def __iter__(self) -> Iterator[str]:
        """Names of all files, sorted."""
        names = (path.relative_to(self.folder) for path in sorted(self.folder.rglob("*")) if path.is_file())
        yield from (str(name) for name in names if not any(part.startswith(".") for part in name.parts))
        if self._path(ROUTER).exists():
            yield ROUTER

    def __len__(self) -> int:
        """How many files there are."""
        return sum(1 for _ in self)

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or not parts.parts:
            raise HostError(f"{name!r} is not a file of the lab's configuration.")
        return (self.folder.parents[1] if name == ROUTER else self.folder) / parts
