"""What is being waited for, shown when it takes longer than a second: in a terminal, in a notebook, or nowhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer, current_thread, main_thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 1.0
"""Nothing is shown of a step that is over sooner than this."""


class Step:
    """One thing that takes time; `advance` as its bytes come in."""

    def __init__(self, title: str, total_bytes: int | None = None) -> None:
        """Name the step; with a size its display shows bytes done and speed."""
        self.title = title
        self.total_bytes = total_bytes
        self.done_bytes = 0
        self._bar: Progress | None = None
        self._over = False
        self._lock = Lock()

    def advance(self, size_bytes: int) -> None:
        """Say that so many more bytes are done."""
        self.reach(self.done_bytes + size_bytes)

    def reach(self, done_bytes: int) -> None:
        """Say that so many bytes are done in all."""
        with self._lock:
            self.done_bytes = done_bytes
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=done_bytes)

    def show(self) -> None:
        """Begin to display the step, where somebody looks."""
        with self._lock:
            if not self._over and (bar := _bar(self.total_bytes is not None)):
                self._bar = bar
                bar.start()
                bar.add_task(self.title, total=self.total_bytes, completed=self.done_bytes)

    def close(self) -> None:
        """Take the display away."""
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()


@contextmanager
def step(title: str, total_bytes: int | None = None) -> Iterator[Step]:
    """Show one thing that takes time while the block runs; a thread behind a panel shows nothing, its panel does."""
    one = Step(title, total_bytes)
    timer = Timer(PATIENCE_S, one.show)
    timer.daemon = True
    if current_thread() is main_thread():
        timer.start()
    try:
        yield one
    finally:
        timer.cancel()
        one.close()


def _bar(sized: bool) -> Progress | None:
    """Rich's progress display, or None before rich is installed or where nobody looks."""
    with suppress(ImportError):
        from rich import progress
        from rich.console import Console

        console = Console() if _in_notebook() else Console(stderr=True)
        if not (console.is_terminal or console.is_jupyter):
            return None
        columns: list[Any] = [progress.SpinnerColumn(), progress.TextColumn("{task.description}")]
        if sized:
            columns += [progress.BarColumn(), progress.DownloadColumn(), progress.TransferSpeedColumn()]
        columns.append(progress.TimeElapsedColumn())
        return progress.Progress(*columns, console=console, transient=True)
    return None


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
