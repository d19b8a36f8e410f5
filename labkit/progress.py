"""What is being waited for, shown when it takes longer than a second: in a terminal, in a notebook, or nowhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 1.0
"""Nothing is shown of a step that is over sooner than this."""


class Step:
    """One thing that takes time; `advance` as it goes on."""

    def __init__(self, title: str, total_bytes: int | None = None) -> None:
        """Name the step; with a size its display shows bytes done and speed."""
        self.title = title
        self.total_bytes = total_bytes
        self.done_bytes = 0
        self._began = time.monotonic()
        self._bar: Progress | None = None

    def advance(self, size_bytes: int = 0) -> None:
        """Say that so many more bytes are done (0: that it still goes on)."""
        self.done_bytes += size_bytes
        self._show()

    def reach(self, done_bytes: int) -> None:
        """Say that so many bytes are done in all."""
        self.advance(done_bytes - self.done_bytes)

    def _show(self) -> None:
        if time.monotonic() - self._began < PATIENCE_S:
            return
        if self._bar is None:
            self._bar = _bar(self.total_bytes is not None)
            if self._bar is None:
                return
            self._bar.start()
            self._bar.add_task(self.title, total=self.total_bytes)
        self._bar.update(self._bar.task_ids[0], completed=self.done_bytes)

    def close(self) -> None:
        """Take the display away."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def step(title: str, total_bytes: int | None = None) -> Iterator[Step]:
    """Show one thing that takes time while the block runs."""
    one = Step(title, total_bytes)
    try:
        yield one
    finally:
        one.close()


def _bar(sized: bool) -> Progress | None:
    """Rich's progress display, or None before rich is installed or where nobody looks."""
    with suppress(ImportError):
        from rich import progress
        from rich.console import Console

        console = Console(stderr=True) if not _in_notebook() else Console()
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
