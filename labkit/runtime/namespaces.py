"""The runtime without Docker and without root: every host is a network namespace, one process holds them all."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from labkit.control import dial
from labkit.errors import HostError, NotReady, RuntimeUnavailable
from labkit.runtime import obstacles, rootfs, topology
from labkit.runtime.base import Address, Completed, Impairment
from labkit.runtime.processes import own_environment, started, wait_for_text, wait_gone
from labkit.runtime.wiring import port_name

_TOOLS_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108


class Namespaces:
    """One lab in network namespaces; its state file lets another process find it."""

    name = "namespaces"
    capabilities = frozenset({"capture", "firewall", "impairment", "nat"})
    lab_folder = "/lab"
    sockets = "run"

    def __init__(self, folder: Path) -> None:
        """Speak of the lab in this folder, whether it runs or not."""
        self.folder = folder

    @staticmethod
    def obstacle() -> str | None:
        """Why this machine lets nobody make namespaces; None where it does, which is tried and not guessed."""
        probe = [sys.executable, "-m", "labkit.runtime.kernel"]
        done = subprocess.run(probe, env=own_environment(), capture_output=True, text=True, check=False)
        return obstacles.explain(done.stderr.strip().splitlines()[-1]) if done.returncode else None

    @property
    def _state(self) -> Path:
        return self.folder / "holder.json"

    @property
    def topology(self) -> topology.Topology:
        """The lab's hosts."""
        return topology.load()

    @property
    def values(self) -> Mapping[str, str]:
        """What the lab's files must know: `lab` (the lab's folder), `modules`, `data`, `pbx.control`."""
        root = rootfs.ensure()
        return {
            "lab": self.lab_folder,
            "modules": root.modules,
            "data": "/usr/share/asterisk",
            "pbx.control": "127.0.0.1",
        }

    def up(self) -> None:
        """Make the hosts and networks; RuntimeUnavailable says why this machine cannot."""
        root = rootfs.ensure()
        for name in ("log", "captures", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with (self.folder / "log/holder.log").open("wb") as log:
            command = [sys.executable, "-m", "labkit.runtime.holder", str(self.folder), str(root.path)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=own_environment(), bufsize=0
            )
        with process:
            self._welcome(process.stdin, process.stdout)

    def _welcome(self, stdin: Any, stdout: Any) -> None:
        """Write the holder's pid down before it may go on, so that it never outlives a broken start unseen."""
        pid = stdout.readline().strip()
        if pid:
            state = {"pid": int(pid), "started": started(int(pid))}
            self._state.write_text(json.dumps(state))
            with suppress(BrokenPipeError):
                stdin.write(b"\n")
        if stdout.readline() != b"ready\n":
            said = (self.folder / "log/holder.log").read_text().strip().splitlines() or ["it said nothing"]
            self.down()
            raise RuntimeUnavailable(obstacles.explain(said[-1]))

    def down(self) -> None:
        """Kill the holder; the kernel ends and removes everything else with it."""
        pid = self._pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_gone(pid)
        self._state.unlink(missing_ok=True)

    def alive(self) -> bool:
        """Whether the hosts are there."""
        return self._pid() is not None

    def _pid(self) -> int | None:
        try:
            state = json.loads(self._state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return state["pid"] if started(state["pid"]) == state["started"] else None

    def running(self) -> Mapping[str, int]:
        """Names of the programs that were started and still run, with their process numbers in the lab."""
        with self._ask(do="list") as connection:
            return dict(_reply(connection)["running"])

    def run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        """Run one of the lab's tools in a host and wait for it; NotReady when it does not end in time."""
        topology.load().host(host)
        return self._run(host, argv, stdin, timeout_s)

    def _run(self, host: str, argv: Sequence[str], stdin: str = "", timeout_s: float = 30.0) -> Completed:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            with self._spawn(host, "", argv, [given.fileno(), out.fileno(), err.fileno()]) as connection:
                pid = _reply(connection)["pid"]
                if not select.select([connection], [], [], timeout_s)[0]:
                    self._signal(pid, signal.SIGKILL)
                    raise NotReady(f"{argv[0]} on {host} did not end within {timeout_s:g} s", host=host)
                exit_code = _reply(connection)["exit"]
            texts = [_text(file) for file in (out, err)]
        return Completed(tuple(argv), exit_code, *texts)

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Start a program that goes on; its output goes to `log/NAME.log` in the lab's folder."""
        with (self.folder / f"log/{name}.log").open("ab") as log, open(os.devnull, "rb") as nothing:
            fds = [nothing.fileno(), log.fileno(), log.fileno()]
            with self._spawn(host, name, argv, fds, own_tools) as connection:
                _reply(connection)

    def stop(self, name: str, timeout_s: float = 2.0) -> None:
        """End a program that was started: ask it, then insist."""
        pid = self.running().get(name)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if pid is None:
                return
            self._signal(pid, number)
            deadline = time.monotonic() + timeout_s
            while self.running().get(name) == pid and time.monotonic() < deadline:
                time.sleep(0.01)
            pid = self.running().get(name)

    def connect(self, host: str, address: Address) -> socket.socket:
        """A connection that begins in a host; HostError where nothing answers."""
        if isinstance(address, str):
            return dial(self.folder / address, host)
        made = self._socket(host, socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.connect(address)
        except OSError as why:
            made.close()
            raise HostError(
                f"Nothing answers on {host} at {address[0]}:{address[1]} ({why.strerror}).", host=host
            ) from why
        return made

    def datagram(self, host: str) -> socket.socket:
        """A UDP socket that lives in a host, not yet bound."""
        return self._socket(host, socket.AF_INET, socket.SOCK_DGRAM)

    def _socket(self, host: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        with self._ask(do="socket", host=host, family=family, kind=kind, protocol=protocol) as connection:
            data, fds, _, _ = socket.recv_fds(connection, 65536, 1)
        if not fds:
            raise HostError(
                f"No socket on {host}: {json.loads(data or b'{}').get('error', 'the lab ended')}", host=host
            )
        return socket.socket(fileno=fds[0])

    def record(self, point: str, path: Path) -> Recorder:
        """Capture at a point of the topology into a file; packets sent after this returns are in it."""
        points = topology.load().points
        if point not in points:
            raise HostError(f"There is no capture point {point!r}; there are: {', '.join(points)}.")
        host, network = points[point]
        return Recorder(self, host, network, path)

    def impair(self, host: str, network: str, impairment: Impairment | None) -> None:
        """Make the link of a host to a network bad, or good again (None)."""
        lab = topology.load()
        if network not in lab.host(host).addresses:
            raise HostError(f"{host} has no link to {network!r}; it has: {', '.join(lab.host(host).addresses)}.")
        number = list(lab.hosts).index(host)
        port, name = port_name(number, network), f"wire-{host}-{network}"
        if name in self.running():
            self.stop(name)
            self._ip(f"link set {port} master br-{network}", f"link del w{port}")
        if impairment is not None:
            self._ip(
                f"link add w{port} type veth peer name x{port}",
                f"link set w{port} master br-{network} up",
                f"link set x{port} up",
                f"link set {port} nomaster",
            )
            self._start_wire(name, port, impairment)

    def _start_wire(self, name: str, port: str, impairment: Impairment) -> None:
        words = [
            f"--loss={impairment.loss}",
            f"--delay-ms={impairment.delay_ms}",
            f"--jitter-ms={impairment.jitter_ms}",
        ]
        words.append(f"--seed={impairment.seed}")
        log = self.folder / f"log/{name}.log"
        log.unlink(missing_ok=True)
        self.start("", name, ["-m", "labkit.runtime.wire", port, f"x{port}", *words], own_tools=False)
        wait_for_text(log, "ready", f"the bad cable {name}")

    def filter(self, rules: str) -> None:
        """Replace the router's NAT and firewall rules (nft syntax); HostError where nft refuses them."""
        self.run("router", ["nft", "-f", "-"], stdin="flush ruleset\n" + rules).check("router")

    def _ip(self, *lines: str) -> None:
        self._run("", ["ip", "-batch", "-"], stdin="\n".join(lines) + "\n").check("the fabric")

    def _spawn(
        self, host: str, name: str, argv: Sequence[str], fds: Sequence[int], own_tools: bool = True
    ) -> socket.socket:
        env = _TOOLS_ENVIRONMENT if own_tools else own_environment()
        words = list(argv) if own_tools else [sys.executable, *argv]
        return self._ask(fds, do="spawn", host=host, name=name, argv=words, chroot=own_tools, env=env)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with self._ask(do="signal", pid=pid, number=int(number)) as connection:
            _reply(connection)

    def _ask(self, fds: Sequence[int] = (), **request: object) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder = os.open(self.folder, os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{folder}/holder.sock")
            socket.send_fds(connection, [json.dumps(request).encode()], fds)
        except OSError as why:
            connection.close()
            raise HostError(f"The lab in {self.folder} does not run ({why.strerror}). Start it: labkit up") from why
        finally:
            os.close(folder)
        return connection


class Recorder:
    """tcpdump in a host."""

    def __init__(self, runtime: Namespaces, host: str, network: str, path: Path) -> None:
        """Start tcpdump and wait until it listens."""
        self.path = path
        self._runtime = runtime
        self._name = f"capture-{path.stem}"
        inside = f"{runtime.lab_folder}/{path.relative_to(runtime.folder)}"
        log = runtime.folder / f"log/{self._name}.log"
        log.unlink(missing_ok=True)
        # -Z root: tcpdump's own change of user is not possible here and would leave an empty file
        options = ["-n", "-U", "--immediate-mode", "-B", "16384", "-s", "0", "-Z", "root"]
        runtime.start(host, self._name, ["tcpdump", "-i", network, *options, "-w", inside, "ip"])
        wait_for_text(log, "listening on", f"tcpdump on {host}")

    def stop(self) -> Path:
        """End the capture, all packets so far in the file, and give the file."""
        time.sleep(0.02)
        self._runtime.stop(self._name)
        return self.path


def _reply(connection: socket.socket) -> dict[str, Any]:
    data = connection.recv(65536)
    if not data:
        raise HostError("The lab ended. Start it again: labkit up")
    reply: dict[str, Any] = json.loads(data)
    if "error" in reply:
        raise HostError(f"The lab could not do it: {reply['error']}")
    return reply


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))
