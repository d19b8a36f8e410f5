"""The runtime in containers: every host is a service of lab-env/compose.yaml, Docker Compose v2 makes and ends them.

Programs are started with `docker exec`; the lab's folder is mounted as /lab, where each writes its log and its pid.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from labkit.control import dial
from labkit.errors import HostError, LabError, NotReady, RuntimeUnavailable
from labkit.runtime import engine, image, subnets, topology
from labkit.runtime.base import Address, Completed, Impairment
from labkit.runtime.container_capture import ContainerRecorder
from labkit.runtime.processes import wait_for_text
from labkit.runtime.relay import CONNECTED

Result = TypeVar("Result")

_SHARED = "run"
_OWN = "/tmp"  # noqa: S108 - of one container, with one user in it
_CABLE = "/opt/lab-env/router/cable.sh"
_WATCHERS = {"pbx": "inside"}  # a service that shares a host's network and may capture, where the host may not
_HOLDS_S = 20.0

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
        self._starting: Future[None] | None = None

    @staticmethod
    def obstacle() -> str | None:
        """Why this machine cannot run containers of Compose; None where it can."""
        return engine.obstacle()

    @property
    def _state(self) -> Path:
        return self.folder / "compose.json"

    def _settled(self) -> dict[str, Any]:
        """What `up` found out: the networks that were free, the folder of the control sockets."""
        try:
            found: dict[str, Any] = json.loads(self._state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found

    @property
    def topology(self) -> topology.Topology:
        """The lab's hosts in the networks that `up` found free."""
        networks = self._settled().get("networks")
        if networks is None:
            return topology.load()
        return topology.load().moved({name: IPv4Network(subnet) for name, subnet in networks.items()})

    @property
    def sockets(self) -> str:
        """The lab's folder where its sockets reach this machine, else a folder of each container."""
        return str(self._settled().get("sockets", _SHARED))

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know: Asterisk's places in the image."""
        return {**image.PLACES, "lab": self.lab_folder, "pbx.control": "127.0.0.1"}

    def up(self) -> None:
        """Make the containers and networks; RuntimeUnavailable says why this machine cannot."""
        looked, made, taken = _meanwhile(engine.check_compose), _meanwhile(image.ensure), _meanwhile(subnets.taken)
        made.result()
        try:
            self._begin_apart(taken)
        finally:
            looked.result()  # an old Compose explains whatever went wrong

    def _begin_apart(self, taken: Future[list[IPv4Network]]) -> None:
        """Begin in free networks; another lab may take them after they were looked at."""
        for tries_left in (2, 1, 0):
            try:
                self._begin(taken.result(), 0 if tries_left == 2 else random.randrange(250))
                return
            except RuntimeUnavailable as why:
                if not tries_left or "networks collide" not in str(why):
                    raise
                self.down()
                taken = _meanwhile(subnets.taken)

    def _begin(self, taken: Sequence[IPv4Network], place: int) -> None:
        for name in ("log", "captures", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        networks = subnets.choose(taken, place)
        settled = {"networks": {name: str(network) for name, network in networks.items()}}
        self._state.write_text(json.dumps(settled))
        self._starting = _meanwhile(self._start_services)
        self._wait_here("pbx")
        sockets = _SHARED if sockets_reach(self.folder / "run/pbx.here") else _OWN
        self._state.write_text(json.dumps({**settled, "sockets": sockets}))

    def _start_services(self) -> None:
        self._compose("start the containers", "up", "--detach", "--no-build", "--no-recreate")

    def _wait_here(self, host: str) -> None:
        """Wait until the container of a host is ready for programs, where this object starts it."""
        deadline = time.monotonic() + _HOLDS_S
        while self._starting is not None and not (self.folder / f"run/{host}.here").exists():
            if self._starting.done():
                self._starting.result()
            if time.monotonic() > deadline:
                raise NotReady(f"The container of {host} did not become ready: docker compose -p {self.project} logs")
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
        if self._starting is not None:
            self._starting.exception()
            self._starting = None
        if self._state.exists():
            self._compose("end the containers", "down", "--timeout", "0", "--volumes", "--remove-orphans")
        self._state.unlink(missing_ok=True)
        shutil.rmtree(self.folder / "run", ignore_errors=True)

    def alive(self) -> bool:
        """Whether the container of every host runs, or is about to."""
        with suppress(LabError):
            return self._state.exists() and self._services("created", "running") >= set(self.topology.hosts)
        return False

    def _services(self, *states: str) -> set[str]:
        """Services whose container is in one of these states."""
        filters = [f"label=com.docker.compose.project={self.project}", *(f"status={state}" for state in states)]
        words = [f"--filter={each}" for each in filters]
        form = '{{.Label "com.docker.compose.service"}}'
        return set(engine.docker("list the containers", ["ps", *words, "--format", form]).split())

    def running(self) -> Mapping[str, int]:
        """Names of the programs that were started and still run, with their process numbers in their container."""
        noted = {path.stem: path.read_text().split() for path in (self.folder / "run").glob("*.pid")}
        here = self._services("running") if noted else set()
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

    def _exec(self, host: str, *argv: str, user: str = "") -> list[str]:
        self._wait_here(host)
        user = user or ("0:0" if host == "router" else f"{os.getuid()}:{os.getgid()}")
        return ["docker", "exec", "-i", "-u", user, f"{self.project}-{host}-1", *argv]

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
            if name not in self.running() or len((noted := self._note(name).read_text()).split()) != 2:
                return
            pid, host = noted.split()
            with suppress(HostError):  # it may have ended by itself
                self._run(host, "sh", "-c", f"kill -s {signal} {pid}")
            deadline = time.monotonic() + timeout_s
            while self._note(name).read_text() == noted and time.monotonic() < deadline:
                time.sleep(0.005)

    def connect(self, host: str, address: Address) -> socket.socket:
        """A connection that begins in a host, carried by `docker exec` where no socket of the lab's folder will do."""
        self.topology.host(host)
        if isinstance(address, str) and self.sockets == _SHARED:
            return dial(self.folder / address, host)
        words = [address] if isinstance(address, str) else [address[0], str(address[1])]
        return self._relayed(host, words)

    def _relayed(self, host: str, address: Sequence[str]) -> socket.socket:
        mine, theirs = socket.socketpair()
        with theirs:
            words = self._exec(host, "python3", "-m", "labkit.runtime.relay", *address)
            subprocess.run(
                ["/bin/sh", "-c", _HANDED_OVER, "sh", *words],
                stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL,
                start_new_session=True, check=True,
            )  # fmt: skip
        if mine.recv(1) != CONNECTED:
            mine.close()
            raise HostError(f"Nothing answers on {host} at {':'.join(address)}.", host=host)
        return mine

    def record(self, point: str, path: Path) -> ContainerRecorder:
        """Capture at a point of the topology into a file; packets sent after this returns are in it."""
        lab = self.topology
        if point not in lab.points:
            raise HostError(f"There is no capture point {point!r}; there are: {', '.join(lab.points)}.")
        host, network = lab.points[point]
        log = self.folder / f"log/capture-{path.stem}.log"
        watcher = self._exec(_WATCHERS.get(host, host), user="0:0")
        return ContainerRecorder(watcher, str(lab.networks[network]), path, log)

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


def _meanwhile(work: Callable[[], Result]) -> Future[Result]:
    with_one = ThreadPoolExecutor(1)
    begun = with_one.submit(work)
    with_one.shutdown(wait=False)
    return begun


def sockets_reach(path: Path) -> bool:
    """Whether a socket that a container made in the lab's folder can be connected to from this machine.

    It cannot where containers run in another machine, as with Docker Desktop.
    """
    try:
        dial(path, "the container").close()
    except (HostError, AttributeError):  # there may be no unix sockets at all
        return False
    return True
