"""Capture files that are still being written, read on as they grow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from labkit.trace.records import opened
from labkit.trace.scan import Scanner
from labkit.trace.sipscan import Message, messages

_POLL_S = 0.1


class Follower:
    """Reads a growing file; each `poll` takes what was added since the last."""

    def __init__(self, scanner: Scanner, point: str) -> None:
        """Follow the file of a scanner; messages are said to be seen at `point`."""
        self._scanner = scanner
        self._point = point
        self._given = 0

    def poll(self) -> list[Message]:
        """The SIP messages in UDP that were added; tables of what is there so far come from `open_trace` as ever."""
        self._scanner.read()
        texts, first_ns = self._scanner.texts_from(self._given)
        self._given += len(texts)
        return list(messages(texts, self._point, first_ns))


def follow(path: str | Path, going: Callable[[], bool], poll_s: float = _POLL_S) -> Iterator[Message]:
    """The SIP messages of a file as they come, until `going()` says no; CaptureError if it is no capture file.

    An empty file, or one with half a header, is waited for. A last look is taken after the end.
    """
    path = Path(path)
    with opened(path) as reader:
        follower = Follower(Scanner(reader), path.stem)
        more = True
        while more:
            more = going()
            yield from follower.poll()
            if more:
                time.sleep(poll_s)
