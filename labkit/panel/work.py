"""Work behind a panel: threads of its own, so that no button ever makes the notebook wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from typing import TYPE_CHECKING

from labkit.errors import LabError

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

Make = Callable[[], "Lab"]
"""Makes a lab object; lines into a lab are never shared between threads."""


class Desk:
    """The lab object of one thread, made anew after the lab was started, ended or given other values."""

    def __init__(self, make: Make) -> None:
        """Have no lab before the first is asked for."""
        self._make = make
        self._lab: Lab | None = None
        self._stamp: tuple[int, int] | None = None

    def lab(self) -> Lab:
        """A lab object that fits the lab as it is now."""
        if self._lab is None or self._stamp != _stamp(self._lab):
            self.close()
            self._lab = self._make()
            self._stamp = _stamp(self._lab)
        return self._lab

    def close(self) -> None:
        """Close its lines; the lab goes on."""
        if self._lab is not None:
            with suppress(LabError, OSError):
                self._lab.close()
        self._lab = None


def _stamp(lab: Lab) -> tuple[int, int] | None:
    """What differs each time that the lab's state is written down."""
    with suppress(FileNotFoundError):
        seen = (lab.home.folder / "lab.json").stat()
        return seen.st_ino, seen.st_mtime_ns
    return None


class Errands:
    """One thread that does jobs in turn."""

    def __init__(self, make: Make) -> None:
        """Have nothing to do yet; the thread begins with the first job."""
        self._desk = Desk(make)
        self._jobs: Queue[Callable[[Lab], None] | None] = Queue()
        self._thread: threading.Thread | None = None

    def put(self, job: Callable[[Lab], None]) -> None:
        """Do this after what is to be done already; the job sees to its own errors."""
        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="labkit panel", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while job := self._jobs.get():
            job(self._desk.lab())
            self._jobs.task_done()
        self._desk.close()
        self._jobs.task_done()

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._jobs.unfinished_tasks > 0

    def settle(self) -> None:
        """Wait until all is done."""
        self._jobs.join()

    def end(self) -> None:
        """End the thread once all is done."""
        if self._thread is not None:
            self._jobs.put(None)


class Watch:
    """One thread that looks at the lab again and again."""

    def __init__(self, make: Make, look: Callable[[Lab], None], every_s: float) -> None:
        """Look so often, from `begin` on; `look` sees to its own errors."""
        self._desk = Desk(make)
        self._look = look
        self._every_s = every_s
        self._ended = threading.Event()

    def begin(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._work, name="labkit watch", daemon=True).start()

    def _work(self) -> None:
        while not self._ended.is_set():
            self._look(self._desk.lab())
            self._ended.wait(self._every_s)
        self._desk.close()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
