"""Captures in containers: tcpdump where a capture point is, its packets carried to a file of this machine."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from labkit.runtime.processes import wait_for_text

# Ends when its stdin does, and so with whoever wanted the capture; $0 is the network to listen on.
_CAPTURE = """nic=$(ip -o -4 addr show to "$0"); nic=${nic#*: }
tcpdump -i "${nic%% *}" -n -U --immediate-mode -B 16384 -s 0 -Z root -w - ip &
read -r _; kill $!; wait $!"""
_SETTLES_S = 0.02


class ContainerRecorder:
    """tcpdump in the container of a capture point."""

    def __init__(self, execute: Sequence[str], network: str, path: Path, log: Path) -> None:
        """Start it with the words that execute a program there, and wait until it listens."""
        self.path = path
        with path.open("wb") as packets, log.open("wb") as said:
            self._process = subprocess.Popen(
                [*execute, "sh", "-c", _CAPTURE, network], stdin=subprocess.PIPE, stdout=packets, stderr=said
            )
        wait_for_text(log, "listening on", "tcpdump")

    def stop(self) -> Path:
        """End the capture, all packets so far in the file, and give the file."""
        time.sleep(_SETTLES_S)
        self._process.communicate(b"")
        return self.path
