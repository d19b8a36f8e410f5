"""A watch over the machine's real network while the tests run: what of the lab shows there, and who listens to it.

The lab promises to stay inside: no packet of it on a real interface, no socket of it that others could reach.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path

MARK = "LABKIT_TEST_RUN"
"""Environment variable that every process begun by this test run inherits."""

TOPOLOGY = Path(__file__).parents[2] / "lab-env/topology.toml"
HOSTS = tomllib.loads(TOPOLOGY.read_text())["hosts"].values()
ADDRESSES = {
    ip_address(address) for host in HOSTS for each in (host.get("lan", ()), host.get("wan", ())) for address in each
}
ETH_P_ALL, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 = 0x0003, 0x0800, 0x0806, 0x86DD
LISTENING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for others."""

    protocol: str
    address: str
    port: int
    inode: str


def of_the_lab(frame: bytes, kind: int) -> str | None:
    """Why a frame is the lab's: its addresses, or SIP in it; None for any other."""
    match kind:
        case 0x0806:
            addresses = [frame[28:32], frame[38:42]]
        case 0x0800:
            addresses = [frame[26:30], frame[30:34]]
        case _:
            addresses = []
    for address in (ip_address(raw) for raw in addresses if len(raw) == 4):
        if address in ADDRESSES:
            return f"address {address}"
    return "SIP" if b"SIP/2.0" in frame else None


def listeners(folder: Path = Path("/proc/net")) -> Iterator[Listener]:
    """The sockets that listen beyond loopback in this network namespace (proc(5): /proc/net/tcp and its kin)."""
    for protocol, state in LISTENING.items():
        with suppress(FileNotFoundError):
            for line in (folder / protocol).read_text().splitlines()[1:]:
                fields = line.split()
                address, port = _endpoint(fields[1])
                remote_port = fields[2].rpartition(":")[2]
                if fields[3] == state and remote_port == "0000" and not address.is_loopback:
                    yield Listener(protocol, str(address), port, fields[9])


def _endpoint(text: str) -> tuple[IPv6Address, int]:
    """Address and port of /proc/net: 32-bit words in the machine's byte order."""
    words, _, port = text.rpartition(":")
    raw = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    address = ip_address(raw)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address, int(port, 16)  # type: ignore[return-value]


def owner(inode: str, mark: str) -> str | None:
    """The command of the process of this test run that holds a socket; None where it is nobody's of ours."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARK}={mark}".encode() not in (process / "environ").read_bytes():
                continue
            if any(os.readlink(fd) == f"socket:[{inode}]" for fd in (process / "fd").iterdir()):
                return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return None


class Watch:
    """Looks on in two threads from `start` to `stop`."""

    def __init__(self, mark: str, unreal: tuple[str, ...] = ("lo", "br-", "docker", "veth")) -> None:
        """Watch for processes with this mark, on all interfaces but those whose names begin as the unreal ones.

        Containers talk over bridges; what leaves them for the world must pass a real interface.
        """
        self.mark = mark
        self.unreal = unreal
        self.seen_packets: list[str] = []
        self.seen_listeners: dict[Listener, str] = {}
        self.frames = 0
        self.samples = 0
        self.blind = ""
        self._over = threading.Event()
        self._known: set[Listener] = set()
        self._real: set[str] = set()
        self._threads: list[threading.Thread] = []

    @property
    def findings(self) -> list[str]:
        """What should not have been; in CI also that packets could not be seen."""
        unseen = [self.blind] if self.blind and "CI" in os.environ else []
        unseen += [] if self.samples else ["nobody looked at listening sockets"]
        listening = self.seen_listeners.items()
        return [*unseen, *self.seen_packets, *(f"{whose} listens on {at.address}:{at.port}" for at, whose in listening)]

    def __str__(self) -> str:
        packets = self.blind or f"{self.frames} frames on real interfaces, none theirs"
        return f"{packets}; {self.samples} looks at listening sockets, none of theirs beyond loopback"

    def start(self) -> None:
        """Begin to look; `blind` says why packets cannot be seen here."""
        self._known = set(listeners())
        self._real = {name for _, name in socket.if_nameindex()} - set(self.unreal)
        works = [self._watch_listeners]
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
            self._socket.settimeout(0.2)
            works.append(self._watch_packets)
        except PermissionError:
            self.blind = "only root may look at packets"
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if not self.blind:
            self._socket.close()

    def _watch_listeners(self) -> None:
        while True:
            for listener in set(listeners()) - self._known:
                self._known.add(listener)
                if whose := owner(listener.inode, self.mark):
                    self.seen_listeners[listener] = whose
            self.samples += 1
            if self._over.wait(0.1):
                return

    def _watch_packets(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                frame, (interface, kind, *_) = self._socket.recvfrom(2048)
                if interface.startswith(self.unreal):
                    continue
                self.frames += 1
                if why := of_the_lab(frame, kind):
                    self.seen_packets.append(f"{interface}: {why}: {frame[:64].hex()}")
