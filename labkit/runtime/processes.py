"""Processes of this machine: when they began, that they ended, what they said; none can be taken for another."""

from __future__ import annotations

import os
import time
from pathlib import Path

from labkit.errors import NotReady


def started(pid: int) -> str | None:
    """When a process began, in clock ticks since boot (proc_pid_stat(5)); None when there is none."""
    try:
        return began(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def began(stat: str) -> str | None:
    """The same, of the text of a process's `stat`; None for one that only waits to be reaped."""
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def wait_gone(pid: int, timeout_s: float = 5.0) -> None:
    """Wait until a process is gone; NotReady when it stays."""
    deadline = time.monotonic() + timeout_s
    while started(pid) is not None:
        if time.monotonic() > deadline:
            raise NotReady(f"The lab's process {pid} did not end within {timeout_s:g} s.")
        time.sleep(0.002)


def wait_for_text(path: Path, text: str, what: str, timeout_s: float = 5.0) -> None:
    """Wait until a program's log holds a text; NotReady tells what it holds instead."""
    deadline = time.monotonic() + timeout_s
    while text not in (said := path.read_text()):
        if time.monotonic() > deadline:
            raise NotReady(f"{what} did not start within {timeout_s:g} s; it said: {said.strip() or 'nothing'}")
        time.sleep(0.003)


def own_environment() -> dict[str, str]:
    """The environment in which this machine's Python finds labkit."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}
