"""Captures that the lab takes: at every point at once, numbered, the oldest ones making room."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from labkit.runtime.base import Recording, Runtime
from labkit.runtime.topology import Topology
from labkit.trace.capture import Capture

KEPT = 60
"""How many captures the lab's folder keeps."""

_NUMBER = re.compile(r"(\d+)-")


class Recorder:
    """Captures at several points while a block runs; afterwards `capture` is what was recorded."""

    def __init__(self, runtime: Runtime, topology: Topology, points: Iterable[str], title: str) -> None:
        """Prepare to record at these points, in files named after the title."""
        self._runtime = runtime
        self._names = topology.names
        self._points = tuple(points)
        self._title = title
        self._recordings: dict[str, Recording] = {}

    @property
    def capture(self) -> Capture:
        """The files by point, with the hosts' names."""
        return Capture({point: recording.path for point, recording in self._recordings.items()}, self._names)

    def __enter__(self) -> Self:
        """Start recording; packets sent from now on are in the files."""
        folder = self._runtime.folder / "captures"
        number = _make_room(folder) + 1
        for point in self._points:
            path = folder / f"{number:04d}-{self._title}-{point}.pcap"
            self._recordings[point] = self._runtime.record(point, path)
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop recording."""
        for recording in self._recordings.values():
            recording.stop()


def _make_room(folder: Path) -> int:
    """Remove the oldest captures beyond those kept; gives the newest number."""
    numbered = {path: int(match[1]) for path in folder.glob("*.pcap") if (match := _NUMBER.match(path.name))}
    newest = max(numbered.values(), default=0)
    for path, number in numbered.items():
        if number <= newest - KEPT:
            path.unlink(missing_ok=True)
    return newest
