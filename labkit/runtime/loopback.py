"""The runtime where nothing is allowed: every host is an address of 127.0.0.0/8, every program a plain process.

It needs no privilege, so it has no network of its own: no NAT, no firewall, no bad links. Programs outlive the process
that started them; each has a file with its pid and its start, so that any process can end them and no other.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from labkit.control import dial
from labkit.errors import HostError, NotReady, RuntimeUnavailable
from labkit.runtime import rootfs, topology
from labkit.runtime.base import Address, Completed, Impairment, Recording
from labkit.runtime.processes import began, own_environment, started, wait_gone
from labkit.runtime.taps import SIP_PORT, LoopbackRecorder, TapRecorder, raw_sockets_allowed, tap_words

_BLOCKS = 127 << 7
_TOOLS_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108

# The program becomes a child of init; its `stat` is written down before anybody is told that it runs.
_DETACHED = '"$@" & read -r stat </proc/$!/stat && echo "$stat" >"run/$0.stat"'


class Loopback:
    """One lab of plain processes on loopback addresses of its own."""

    name = "loopback"
    capabilities = frozenset({"capture"})
    sockets = "run"

    def __init__(self, folder: Path) -> None:
        """Speak of the lab in this folder, whether it runs or not."""
        self.folder = folder.absolute()
        self.lab_folder = str(self.folder)

    @staticmethod
    def obstacle() -> str | None:
        """Why this machine cannot run the lab's programs; None where it can."""
        return None if sys.platform == "linux" else "the lab's programs are for Linux"

    @property
    def _state(self) -> Path:
        return self.folder / "loopback.json"

    @property
    def topology(self) -> topology.Topology:
        """The lab's hosts in the networks that `up` found free."""
        try:
            networks = json.loads(self._state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return topology.load().moved(next(_blocks(self.folder)))
        return topology.load().moved({name: IPv4Network(subnet) for name, subnet in networks.items()})

    @property
    def _control(self) -> str:
        return str(self.topology.networks["lan"][-2])

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know: without NAT the PBX's public address is its own."""
        root = rootfs.ensure()
        return {
            "lab": self.lab_folder,
            "modules": f"{root.path}{root.modules}",
            "data": f"{root.path}/usr/share/asterisk",
            "pbx.control": self._control,
            "router.wan": self.topology.host("pbx").address,
        }

    def up(self) -> None:
        """Find free addresses; RuntimeUnavailable says why this machine cannot."""
        rootfs.ensure()
        for name in ("log", "captures", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        networks = next(filter(_free, _blocks(self.folder)), None)
        if networks is None:
            raise RuntimeUnavailable("No addresses in 127.0.0.0/8 are free for the lab's SIP. Is IPv4 loopback up?")
        self._state.write_text(json.dumps({name: str(network) for name, network in networks.items()}))

    def down(self) -> None:
        """Kill every program of the lab."""
        stats = self._stats()
        for stat in stats.values():
            with suppress(ProcessLookupError):
                os.killpg(_group(stat), signal.SIGKILL)
        for stat in stats.values():
            wait_gone(_pid(stat))
        self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def alive(self) -> bool:
        """Whether the lab was started, and not all its programs were ended by a restart of the machine."""
        return self._state.exists() and (bool(self.running()) or not any((self.folder / "run").glob("*.stat")))

    def running(self) -> Mapping[str, int]:
        """Names of the programs that were started and still run, with their process numbers."""
        return {name: _pid(stat) for name, stat in self._stats().items()}

    def _stats(self) -> dict[str, str]:
        """What is written down of the programs that still run: /proc/PID/stat as each began."""
        found = {path.stem: path.read_text() for path in (self.folder / "run").glob("*.stat")}
        return {name: stat for name, stat in found.items() if started(_pid(stat)) == began(stat)}

    def run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        """Run one of the lab's tools and wait for it; NotReady when it does not end in time."""
        self.topology.host(host)
        words = _own_tool(argv)
        try:
            done = subprocess.run(
                words, input=stdin, cwd=self.folder, env=_TOOLS_ENVIRONMENT, timeout=timeout_s,
                capture_output=True, text=True, errors="replace", check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NotReady(f"{argv[0]} on {host} did not end within {timeout_s:g} s", host=host) from None
        return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Start a program that goes on; its output goes to `log/NAME.log` in the lab's folder."""
        self.topology.host(host)
        words = _own_tool(argv) if own_tools else [sys.executable, *self._tapped(host, name, argv)]
        environment = _TOOLS_ENVIRONMENT if own_tools else own_environment()
        with (self.folder / f"log/{name}.log").open("ab") as log:
            done = subprocess.run(
                ["/bin/sh", "-c", _DETACHED, name, *words], cwd=self.folder, env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
            )  # fmt: skip
        if done.returncode:
            raise HostError(f"{argv[0]} could not be started on {host}: look at log/{name}.log", host=host)

    def _tapped(self, host: str, name: str, argv: Sequence[str]) -> Sequence[str]:
        if host == "pbx" or raw_sockets_allowed():
            return argv
        return tap_words(name, self.topology, argv)

    def stop(self, name: str, timeout_s: float = 2.0) -> None:
        """End a program that was started: ask it, then insist."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if (stat := self._stats().get(name)) is None:
                break
            with suppress(ProcessLookupError):
                os.killpg(_group(stat), number)
            with suppress(NotReady):
                wait_gone(_pid(stat), timeout_s)
        (self.folder / f"run/{name}.stat").unlink(missing_ok=True)

    def connect(self, host: str, address: Address) -> socket.socket:
        """A connection that begins at a host's address; HostError where nothing answers."""
        if isinstance(address, str):
            return dial(self.folder / address, host)
        begin = self._control if address[0] == self._control else self.topology.host(host).address
        try:
            return socket.create_connection(address, source_address=(begin, 0))
        except OSError as why:
            message = f"Nothing answers on {host} at {address[0]}:{address[1]} ({why.strerror})."
            raise HostError(message, host=host) from why

    def record(self, point: str, path: Path) -> Recording:
        """Capture at a point of the topology into a file; packets sent after this returns are in it."""
        lab = self.topology
        if point not in lab.points:
            raise HostError(f"There is no capture point {point!r}; there are: {', '.join(lab.points)}.")
        kind = LoopbackRecorder if raw_sockets_allowed() else TapRecorder
        return kind(self, _seen_at(lab, point), path)

    def impair(self, host: str, network: str, impairment: Impairment | None) -> None:
        """Refuse: there are no links."""
        if impairment is not None:
            raise _lacking("make a link bad")

    def filter(self, rules: str) -> None:
        """Refuse: there is no router."""
        raise _lacking("filter or translate addresses")


def _lacking(deed: str) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"The runtime loopback cannot {deed}: its hosts are plain processes on one interface.\n"
        "Where this machine allows it, use: labkit up --fresh --runtime compose, or --runtime namespaces."
    )


def _seen_at(lab: topology.Topology, point: str) -> list[IPv4Network]:
    """Whose packets pass a capture point: the host's own, or at a router those of the whole network."""
    host, network = lab.points[point]
    if len(lab.host(host).addresses) > 1:
        return [lab.networks[network]]
    return [IPv4Network(address) for address in lab.host(host).addresses[network]]


def _blocks(folder: Path) -> Iterator[dict[str, IPv4Network]]:
    """Networks within 127.0.0.0/8, beginning at a place that the folder's name decides."""
    begin = zlib.crc32(os.fsencode(folder))
    for step in range(_BLOCKS):
        front, back = divmod((begin + step) % _BLOCKS, 128)
        names = topology.load().networks
        yield {name: IPv4Network(f"127.{front + 1}.{2 * back + which}.0/24") for which, name in enumerate(names)}


def _free(networks: Mapping[str, IPv4Network]) -> bool:
    """Whether no other lab speaks SIP in these networks."""
    hosts = topology.load().moved(networks).hosts
    for address in (hosts["pbx"].address, hosts["provider"].address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((address, SIP_PORT))
            except OSError:
                return False
    return True


def _own_tool(argv: Sequence[str]) -> list[str]:
    root = rootfs.ensure()
    for folder in ("usr/sbin", "usr/bin"):
        if (root.path / folder / argv[0]).is_file():
            return [*root.command(f"{folder}/{argv[0]}"), *argv[1:]]
    raise HostError(f"The lab has no program {argv[0]!r}.")


def _pid(stat: str) -> int:
    return int(stat.split(" ", 1)[0])


def _group(stat: str) -> int:
    """The process group (proc_pid_stat(5), field 5)."""
    return int(stat.rpartition(")")[2].split()[2])
