"""What every runtime can do: start programs in lab hosts, connect into them, capture, impair, filter."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from labkit.errors import HostError
from labkit.runtime.topology import Topology

CAPABILITIES = frozenset({"capture", "firewall", "impairment", "nat"})
"""What a runtime may be able to do."""


Address = tuple[str, int] | str
"""Of TCP: IPv4 address and port; of a unix socket: its path as the host sees it."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ran in a host and ended."""

    argv: tuple[str, ...]
    exit_code: int
    """As a shell would give it; negative: the signal that ended it."""
    stdout: str
    stderr: str

    def check(self, host: str) -> Completed:
        """Give itself when the program succeeded, else raise HostError with what it said."""
        if self.exit_code:
            said = (self.stderr or self.stdout).strip() or "it said nothing"
            raise HostError(f"{self.argv[0]} failed on {host} (exit {self.exit_code}): {said}", host=host)
        return self


@dataclass(frozen=True, slots=True)
class Impairment:
    """How bad a link is, the same both ways."""

    loss: float = 0.0
    """Share of packets lost, 0 to 1."""
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Each packet is late by `delay_ms` plus or minus up to this."""
    seed: int = 1
    """The same seed loses the same packets."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 <= self.loss <= 1 or self.delay_ms < 0 or self.jitter_ms < 0:
            raise HostError(f"{self} cannot be: loss is a share from 0 to 1, delay and jitter are not negative.")


class Recording(Protocol):
    """A capture that is being written."""

    path: Path
    """The pcap file."""

    def stop(self) -> Path:
        """End the capture, all packets so far in the file, and give the file."""


class Runtime(Protocol):
    """Where one lab runs."""

    name: str
    capabilities: frozenset[str]
    """Which of CAPABILITIES it has."""
    folder: Path
    """The lab's folder on this machine: configuration, logs, captures, control sockets."""
    lab_folder: str
    """The same folder as Asterisk in the lab sees it."""

    @property
    def sockets(self) -> str:
        """Folder of the programs' control sockets, as the programs see it; settled by `up`."""

    @property
    def topology(self) -> Topology:
        """The lab's hosts; their addresses may differ from lab-env/topology.toml and are settled by `up`."""

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know of the runtime; it goes before the topology's own values.

        `lab` (the lab's folder), `modules`, `data` (Asterisk's own), `pbx.control` (where AMI and ARI listen).
        """

    def up(self) -> None:
        """Make the hosts and networks; RuntimeUnavailable says why this machine cannot."""

    def down(self) -> None:
        """End everything that runs and leave nothing but the folder."""

    def alive(self) -> bool:
        """Whether the hosts are there."""

    def running(self) -> Mapping[str, int]:
        """Names of the programs that were started and still run, with their process numbers in the lab."""

    def run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        """Run one of the lab's tools in a host and wait for it."""

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Start a program that goes on; its output goes to `log/NAME.log` in the lab's folder.

        `own_tools`: a program of the lab's rootfs; else this machine's Python with labkit.
        """

    def stop(self, name: str, timeout_s: float = 2.0) -> None:
        """End a program that was started: ask it, then insist."""

    def connect(self, host: str, address: Address) -> socket.socket:
        """A connection that begins in a host; HostError where nothing answers."""

    def record(self, point: str, path: Path) -> Recording:
        """Capture at a point of the topology into a file; packets sent after this returns are in it."""

    def impair(self, host: str, network: str, impairment: Impairment | None) -> None:
        """Make the link of a host to a network bad, or good again (None)."""

    def filter(self, rules: str) -> None:
        """Replace the router's NAT and firewall rules (nft syntax); HostError where nft refuses them."""
