"""Captures on one interface: from the loopback interface, or put together from what each program wrote down."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.runtime import pcap
from labkit.runtime.processes import wait_for_text

if TYPE_CHECKING:
    from labkit.runtime.loopback import Loopback
    from labkit.runtime.topology import Topology

SIP_PORT = 5060
"""Where SIP is spoken on every address of the lab."""

_SETTLES_S = 0.02


@cache
def raw_sockets_allowed() -> bool:
    """Whether this process may capture from an interface (packet(7))."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
    except OSError:
        return False
    return True


class LoopbackRecorder:
    """tcpdump on the loopback interface."""

    def __init__(self, runtime: Loopback, seen: Sequence[IPv4Network], path: Path) -> None:
        """Start tcpdump for the packets from or to some networks and wait until it listens."""
        self.path = path
        self._runtime = runtime
        self._name = f"capture-{path.stem}"
        log = runtime.folder / f"log/{self._name}.log"
        log.unlink(missing_ok=True)
        options = ["-n", "-U", "--immediate-mode", "-B", "16384", "-s", "0"]
        if os.geteuid() == 0:
            options += ["-Z", "root"]
        words = " or ".join(f"net {network}" for network in seen)
        runtime.start("pbx", self._name, ["tcpdump", "-i", "lo", *options, "-w", str(path), f"ip and ({words})"])
        wait_for_text(log, "listening on", "tcpdump")

    def stop(self) -> Path:
        """End the capture, all packets so far in the file, and give the file."""
        time.sleep(_SETTLES_S)
        self._runtime.stop(self._name)
        return self.path


def tap_words(name: str, topology: Topology, argv: Sequence[str]) -> list[str]:
    """Words for Python that run a module tapped."""
    peers = ",".join(address for address, host in topology.names.items() if host != "pbx")
    return ["-m", "labkit.runtime.tap", f"run/{name}.tap", peers, *argv]


class TapRecorder:
    """What provider and phones wrote down of their datagrams, and Asterisk of its SIP with anybody else."""

    def __init__(self, runtime: Loopback, seen: Sequence[IPv4Network], path: Path) -> None:
        """Note how much is written down by now, and have Asterisk log its SIP."""
        self.path = path
        self._seen = seen
        self._folder = runtime.folder / "run"
        self._log = AsteriskLog(runtime)
        self._before = {tap: tap.stat().st_size for tap in self._taps()}

    def _taps(self) -> list[Path]:
        return sorted(self._folder.glob("*.tap"))

    def stop(self) -> Path:
        """Put the file together from what was written down since, and give it."""
        time.sleep(_SETTLES_S)
        pcap.write(self.path, (record for record in self._records() if self._passes(record)))
        return self.path

    def _records(self) -> Iterator[pcap.Record]:
        records = [record for tap in self._taps() for record in self._since(tap)]
        known = {pcap.datagram(record) for record in records}
        yield from records
        yield from (record for record in self._log.stop() if pcap.datagram(record) not in known)

    def _since(self, tap: Path) -> Iterator[pcap.Record]:
        before = self._before.get(tap, 0)
        return pcap.read(tap, before if before <= tap.stat().st_size else 0)

    def _passes(self, record: pcap.Record) -> bool:
        ends = [IPv4Address(end) for end in pcap.ends(record) if end]
        return any(end in network for end in ends for network in self._seen)


class AsteriskLog:
    """Asterisk's own pcap files of its SIP (`pjsip set logger pcap`); one is whole when the next has begun."""

    def __init__(self, runtime: Loopback) -> None:
        """Have Asterisk log from now on; without an Asterisk there is nothing to log."""
        self._runtime = runtime
        self._began_s = time.time()
        self._tell("verbose off")
        self._begin()
        self._tell("on")

    def _files(self) -> list[Path]:
        return sorted((self._runtime.folder / "run").glob("asterisk-*.pcap"))

    def _begin(self) -> None:
        self._tell(f"pcap {self._runtime.folder}/run/asterisk-{time.time_ns()}.pcap")

    def _tell(self, words: str) -> None:
        if "asterisk" in self._runtime.running():
            conf = f"{self._runtime.lab_folder}/pbx/etc/asterisk.conf"
            self._runtime.run("pbx", ["asterisk", "-C", conf, "-rx", f"pjsip set logger {words}"])

    def stop(self) -> Iterator[pcap.Record]:
        """What was logged since; Asterisk writes 0.0.0.0 and port 0 for itself."""
        self._begin()
        pbx = self._runtime.topology.host("pbx").address
        for path in self._files():
            for record in pcap.read(path):
                if record[0] >= self._began_s:
                    yield pcap.told_whose(record, (pbx, SIP_PORT))
