"""The runtime where no lab can run: files are written and read as ever, answers come from recordings (datasets/)."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from labkit import datasets
from labkit.errors import ReplayError
from labkit.runtime import image, topology
from labkit.runtime.base import Address, Completed, Impairment, Recording


class Replay:
    """One lab that is only looked at."""

    name = "replay"
    capabilities: frozenset[str] = frozenset()
    lab_folder = "/lab"
    sockets = "run"

    def __init__(self, folder: Path) -> None:
        """Speak of the lab in this folder."""
        self.folder = folder

    @staticmethod
    def obstacle() -> str | None:
        """Why nothing can be replayed; None where there are recordings."""
        return None if datasets.registry() else f"nothing is recorded in {datasets.home()}"

    @property
    def topology(self) -> topology.Topology:
        """The lab's hosts, as they were when it was recorded."""
        return topology.load()

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know, as in the other runtimes with a router."""
        return {**image.PLACES, "lab": self.lab_folder, "pbx.control": "127.0.0.1"}

    def up(self) -> None:
        """Make the folder; nothing runs."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def down(self) -> None:
        """Nothing runs."""

    def alive(self) -> bool:
        """Recordings are always there."""
        return True

    def running(self) -> Mapping[str, int]:
        """No program runs."""
        return {}

    def run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        """Refuse."""
        needs_a_lab(f"Running {argv[0]} on {host}")

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Refuse."""
        needs_a_lab(f"Starting {name}")

    def stop(self, name: str, timeout_s: float = 2.0) -> None:
        """Refuse."""
        needs_a_lab(f"Stopping {name}")

    def connect(self, host: str, address: Address) -> socket.socket:
        """Refuse."""
        needs_a_lab(f"Talking to {host}")

    def record(self, point: str, path: Path) -> Recording:
        """Refuse."""
        needs_a_lab(f"A new capture {point}")

    def impair(self, host: str, network: str, impairment: Impairment | None) -> None:
        """Refuse."""
        needs_a_lab("Making the line bad")

    def filter(self, rules: str) -> None:
        """Refuse."""
        needs_a_lab("Loading other firewall rules")


def needs_a_lab(deed: str, recorded: str = "") -> NoReturn:
    """Raise ReplayError: this needs a live lab; in one line, and what was recorded instead."""
    message = f"{deed} needs a live lab, and here are only recordings (labkit doctor says why)."
    raise ReplayError(f"{message}\n{recorded}" if recorded else message, deed=deed)
