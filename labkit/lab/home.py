"""Where labs live on this machine: a folder each, found again by name after a restart of the notebook."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from labkit.errors import HostError, NotReady

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}")


@dataclass(frozen=True, slots=True)
class State:
    """What is written down about a lab that was started."""

    runtime: str
    """Name of the runtime that it was started with."""
    ready: bool
    """False while it starts: a lab that was killed meanwhile is begun anew."""
    scenario: str = ""
    """The scenario that it was broken by; empty for none."""
    seed: int | None = None
    """What that scenario's values were drawn by."""
    broken: bool = False
    """Whether the scenario's fault was put in, and not its scene alone."""


class Home:
    """The folder of one lab."""

    def __init__(self, name: str) -> None:
        """Speak of the lab of that name; HostError where the name could not be a folder's."""
        if not _NAME.fullmatch(name):
            raise HostError(f"{name!r} cannot be a lab's name: letters, digits, - and _, at most 31.")
        self.name = name
        self.folder = labs_folder() / name

    @property
    def state(self) -> State | None:
        """What is written down, or None for a lab that was never started or was ended."""
        try:
            return State(**json.loads((self.folder / "lab.json").read_text()))
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None

    def write(self, state: State) -> None:
        """Write the state down as a whole."""
        partial = self.folder / ".lab.json"
        partial.write_text(json.dumps(asdict(state)))
        partial.replace(self.folder / "lab.json")

    def forget(self) -> None:
        """Write down that the lab was ended."""
        (self.folder / "lab.json").unlink(missing_ok=True)

    @contextmanager
    def locked(self, timeout_s: float = 60.0) -> Iterator[None]:
        """Keep other processes from starting or ending the same lab meanwhile."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            deadline = time.monotonic() + timeout_s
            while not _lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise NotReady(
                        f"Another process has been starting or ending the lab {self.name} for {timeout_s:g} s."
                    )
                time.sleep(0.02)
            yield


def labs_folder() -> Path:
    """The folder of all labs: LABKIT_HOME, else labkit in the user's state folder."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(os.environ.get("LABKIT_HOME") or Path(base) / "labkit/labs")


def names() -> list[str]:
    """Names of the labs that were started and not ended."""
    return sorted(path.parent.name for path in labs_folder().glob("*/lab.json"))


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
