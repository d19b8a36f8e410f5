"""The runtime in containers: every host is a service of lab-env/compose.yaml, Docker Compose v2 makes and ends them.

Programs are started with `docker exec`; the lab's folder is mounted as /lab, where each writes its log and its pid.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from uuid import uuid4

from labkit.errors import HostError, LabError, NotReady, RuntimeUnavailable
from labkit.runtime import engine, image, subnets, topology
from labkit.runtime.base import Completed, Impairment
from labkit.runtime.container_capture import ContainerRecorder
from labkit.runtime.processes import wait_for_text
from labkit.runtime.relay import CONNECTED

_ROOTS = frozenset({"router", "inside", "outside"})
"""Services that stay root, with the few capabilities that they need."""

_CABLE = "/opt/lab-env/router/cable.sh"
_HOLDS_S = 10.0

# The program's pid and host are in a file while it runs.
_DETACHED = """host=$1 && shift
{ "$@" & echo "$! $host" >"run/$0.pid"; wait $!; echo ended >"run/$0.pid"; } </dev/null >>"log/$0.log" 2>&1 &
until [ -s "run/$0.pid" ]; do :; done"""
_NOTED = 'echo $$ >"/tmp/$0.pid" && exec "$@"'
_KILL_NOTED = 'read -r pid <"/tmp/$0.pid" && kill -s KILL "$pid"'
# A background program of a shell has no stdin unless it is handed over.
_HANDED_OVER = 'exec 3<&0; "$@" <&3 3<&- &'


class Compose:
    """One lab in containers."""

    name = "compose"
    capabilities = frozenset({"capture", "firewall", "impairment", "nat"})
    lab_folder = "/lab"

    def __init__(self, folder: Path) -> None:
        """Speak of the lab in this folder, whether it runs or not."""
        self.folder = folder.absolute()
        self.project = f"labkit-{zlib.crc32(os.fsencode(self.folder)):08x}"

    @staticmethod
    def obstacle() -> str | None:
        """Why this machine cannot run containers of Compose; None where it can."""
        return engine.obstacle()

    @property
    def _state(self) -> Path:
        return self.folder / "compose.json"

    @property
    def topology(self) -> topology.Topology:
        """The lab's hosts in the networks that `up` found free."""
        try:
            networks = json.loads(self._state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return topology.load()
        return topology.load().moved({name: IPv4Network(subnet) for name, subnet in networks.items()})

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know: Asterisk's places in the image."""
        return {**image.PLACES, "lab": self.lab_folder, "pbx.control": "127.0.0.1"}

    def up(self) -> None:
        """Make the containers and networks; RuntimeUnavailable says why this machine cannot."""
        image.ensure()
        for name in ("log", "captures", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        networks = subnets.choose(subnets.taken())
        self._state.write_text(json.dumps({name: str(network) for name, network in networks.items()}))
        self._start_services(self.topology.hosts)
        self._wait_held()

    def _start_services(self, names: Iterable[str]) -> None:
        self._compose("start the containers", "up", "--detach", "--no-build", "--no-recreate", *names)

    def _wait_held(self) -> None:
        deadline = time.monotonic() + _HOLDS_S
        while missing := [name for name in self.topology.hosts if not (self.folder / f"run/{name}.here").exists()]:
            if time.monotonic() > deadline:
                raise NotReady(
                    f"The container of {missing[0]} did not become ready: docker compose -p {self.project} logs"
                )
            time.sleep(0.01)

    def _compose(self, doing: str, *words: str) -> str:
        file = topology.lab_env() / "compose.yaml"
        return engine.docker(doing, ["compose", "-p", self.project, "-f", str(file), *words], self._environment())

    def _environment(self) -> dict[str, str]:
        """What compose.yaml asks for."""
        lab = self.topology
        found = {
            "IMAGE": image.NAME,
            "USER": f"{os.getuid()}:{os.getgid()}",
            "PACKAGE": str(topology.package()),
            "LAB_ENV": str(topology.lab_env()),
            "FOLDER": str(self.folder),
            "HOLD": "true",
            "WAN_NOBODY": str(lab.networks["wan"][-3]),
        }
        for name, network in lab.networks.items():
            found |= {name: str(network), f"{name}_GATEWAY": str(network[-2])}
        for host in lab.hosts.values():
            for name, addresses in host.addresses.items():
                found[f"{host.name}_{name}"] = addresses[0]
                found |= {f"{host.name}_{number}": address for number, address in enumerate(addresses[1:], 2)}
        return {f"LABKIT_{name.upper().replace('-', '_')}": value for name, value in found.items()}

    def down(self) -> None:
        """Remove the containers and networks."""
        if self._state.exists():
            self._compose("end the containers", "down", "--timeout", "0", "--volumes", "--remove-orphans")
        self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def alive(self) -> bool:
        """Whether the container of every host runs."""
        with suppress(LabError):
            return self._state.exists() and self._services() >= set(self.topology.hosts)
        return False

    def _services(self) -> set[str]:
        """Services whose container runs."""
        label = "com.docker.compose"
        words = [
            "ps",
            "--filter",
            f"label={label}.project={self.project}",
            "--format",
            f'{{{{.Label "{label}.service"}}}}',
        ]
        return set(engine.docker("list the containers", words).split())

    def running(self) -> Mapping[str, int]:
        """Names of the programs that were started and still run, with their process numbers in their container."""
        noted = {path.stem: path.read_text().split() for path in (self.folder / "run").glob("*.pid")}
        here = self._services() if noted else set()
        return {name: int(words[0]) for name, words in noted.items() if len(words) == 2 and words[1] in here}

    def run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        """Run one of the lab's tools in a host and wait for it; NotReady when it does not end in time."""
        self.topology.host(host)
        note = f"run-{uuid4().hex}"
        words = self._exec(host, "sh", "-c", _NOTED, note, *argv)
        try:
            done = subprocess.run(
                words, input=stdin, timeout=timeout_s, capture_output=True, text=True, errors="replace", check=False
            )
        except subprocess.TimeoutExpired:
            subprocess.run(self._exec(host, "sh", "-c", _KILL_NOTED, note), stdin=subprocess.DEVNULL, check=False)
            raise NotReady(f"{argv[0]} on {host} did not end within {timeout_s:g} s", host=host) from None
        if done.returncode and engine.is_refusal(done.stderr):
            raise engine.explain(f"run {argv[0]} on {host}", done.stderr)
        return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)

    def _exec(self, service: str, *argv: str) -> list[str]:
        user = "0:0" if service in _ROOTS else f"{os.getuid()}:{os.getgid()}"
        return ["docker", "exec", "-i", "-u", user, f"{self.project}-{service}-1", *argv]

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Start a program that goes on; its output goes to `log/NAME.log` in the lab's folder."""
        self._note(name).unlink(missing_ok=True)
        words = argv if own_tools else ["python3", *argv]
        self._run(host, "sh", "-c", _DETACHED, name, host, *words)

    def _run(self, host: str, *words: str) -> str:
        self.topology.host(host)
        return engine.docker(f"start a program on {host}", self._exec(host, *words)[1:])

    def _note(self, name: str) -> Path:
        return self.folder / f"run/{name}.pid"

    def stop(self, name: str, timeout_s: float = 2.0) -> None:
        """End a program that was started: ask it, then insist."""
        for signal in ("TERM", "KILL"):
            if (pid := self.running().get(name)) is None:
                return
            noted = self._note(name).read_text()
            with suppress(HostError):  # it may have ended by itself
                self._run(noted.split()[1], "sh", "-c", f"kill -s {signal} {pid}")
            deadline = time.monotonic() + timeout_s
            while self._note(name).read_text() == noted and time.monotonic() < deadline:
                time.sleep(0.005)

    def connect(self, host: str, address: tuple[str, int]) -> socket.socket:
        """A TCP connection that begins in a host, carried by `docker exec`."""
        self.topology.host(host)
        mine, theirs = socket.socketpair()
        with theirs:
            words = self._exec(host, "python3", "-m", "labkit.runtime.relay", address[0], str(address[1]))
            subprocess.run(
                ["/bin/sh", "-c", _HANDED_OVER, "sh", *words],
                stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL,
                start_new_session=True, check=True,
            )  # fmt: skip
        if mine.recv(1) != CONNECTED:
            mine.close()
            raise HostError(f"Nothing answers on {host} at {address[0]}:{address[1]}.", host=host)
        return mine

    def record(self, point: str, path: Path) -> ContainerRecorder:
        """Capture at a point of the topology into a file; packets sent after this returns are in it."""
        lab = self.topology
        if point not in lab.points:
            raise HostError(f"There is no capture point {point!r}; there are: {', '.join(lab.points)}.")
        if point not in self._services():  # they are not needed to come up, so the first capture starts them
            self._start_services(lab.points)
        network = str(lab.networks[lab.points[point][1]])
        return ContainerRecorder(self._exec(point), network, path, self.folder / f"log/capture-{path.stem}.log")

    def impair(self, host: str, network: str, impairment: Impairment | None) -> None:
        """Make the router's link to a network bad, or good again (None)."""
        lab = self.topology
        if network not in lab.host(host).addresses:
            raise HostError(f"{host} has no link to {network!r}; it has: {', '.join(lab.host(host).addresses)}.")
        if host != "router":
            raise RuntimeUnavailable("The runtime compose cannot make other links bad than the router's.")
        name = f"wire-{host}-{network}"
        nic = self.folder / f"run/{name}.nic"
        if nic.exists():
            self.stop(name)
            self.run(host, ["sh", _CABLE, "good", nic.read_text()]).check(host)
            nic.unlink()
        if impairment is not None:
            nic.write_text(self.run(host, ["sh", _CABLE, "bad", str(lab.networks[network])]).check(host).stdout.strip())
            self._start_wire(name, nic.read_text(), impairment)

    def _start_wire(self, name: str, nic: str, impairment: Impairment) -> None:
        log = self.folder / f"log/{name}.log"
        log.unlink(missing_ok=True)
        options = {"loss": impairment.loss, "delay-ms": impairment.delay_ms, "jitter-ms": impairment.jitter_ms}
        words = [f"--{option}={value}" for option, value in {**options, "seed": impairment.seed}.items()]
        self.start("router", name, ["-m", "labkit.runtime.wire", nic, "far", *words], own_tools=False)
        wait_for_text(log, "ready", f"the bad cable {name}")

    def filter(self, rules: str) -> None:
        """Replace the router's NAT and firewall rules (nft syntax); HostError where nft refuses them."""
        begin = "".join(f"flush ruleset {family}\n" for family in ("ip", "inet"))
        self.run("router", ["nft", "-f", "-"], stdin=begin + rules).check("router")
