"""Process number one of a lab: holds the namespaces, starts programs in the lab's hosts, hands out their sockets.

`python -m labkit.runtime.holder STATE ROOTFS` prints its pid, waits for the word that it was written down, and then
serves requests on `STATE/holder.sock`: one JSON object with descriptors (SCM_RIGHTS) a connection, see unix(7).
When it is killed the kernel ends every process of the lab and takes its networks and mounts away, pid_namespaces(7).
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from labkit.runtime import kernel, topology, wiring

_MAX_REQUEST_BYTES = 1 << 20


class Holder:
    """The running lab as seen from within."""

    def __init__(self, state: Path, rootfs: Path) -> None:
        """Keep where the lab's files and its rootfs are."""
        self.state = state
        self.rootfs = rootfs
        self.running: dict[int, str] = {}
        self.waiting: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._deeds: dict[str, Callable[..., bool]] = {
            "spawn": self._spawn,
            "socket": self._socket,
            "signal": self._signal,
            "list": self._list,
        }

    def serve(self) -> None:
        """Answer requests and reap children, until killed."""
        wake, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        listener = self._listen()
        os.write(1, b"ready\n")
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        self._selector.register(listener, selectors.EVENT_READ, lambda: self._accept(listener))
        self._selector.register(wake, selectors.EVENT_READ, lambda: self._reap(wake))
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _listen(self) -> socket.socket:
        os.chdir(self.state)
        with suppress(FileNotFoundError):
            os.unlink("holder.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind("holder.sock")
        os.chmod("holder.sock", 0o600)
        listener.listen(64)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._request(connection))

    def _request(self, connection: socket.socket) -> None:
        """Do what one connection asks; it ends at once, or when the program it waits for ends."""
        self._selector.unregister(connection)
        try:
            data, fds, _, _ = socket.recv_fds(connection, _MAX_REQUEST_BYTES, 3)
            request: dict[str, Any] = json.loads(data)
            done = self._deeds[request.pop("do")]
            if done(connection, fds, **request):
                connection.close()
            for fd in fds:
                os.close(fd)
        except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError) as why:
            with suppress(OSError):
                connection.send(json.dumps({"error": str(why)}).encode())
            connection.close()

    def _spawn(
        self,
        connection: socket.socket,
        fds: list[int],
        host: str,
        argv: list[str],
        name: str,
        chroot: bool,
        env: dict[str, str],
    ) -> bool:
        child = subprocess.Popen(
            argv,
            stdin=fds[0],
            stdout=fds[1],
            stderr=fds[2],
            env=env,
            cwd="/" if chroot else self.state,
            start_new_session=True,
            preexec_fn=lambda: self.enter(host, chroot),
        )
        child.returncode = 0  # the reaper waits for it, Popen must not
        self.running[child.pid] = name
        self.waiting[child.pid] = connection
        connection.send(json.dumps({"pid": child.pid}).encode())
        return False

    def enter(self, host: str, chroot: bool) -> None:
        """Move the calling process into a host of the lab ("" is the fabric between them)."""
        if host:
            kernel.enter_network(self.rootfs / "run/netns" / host)
        if chroot:
            os.chroot(self.rootfs)
            os.chdir("/lab")

    def _socket(
        self, connection: socket.socket, fds: list[int], host: str, family: int, kind: int, protocol: int
    ) -> bool:
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            kernel.enter_network(self.rootfs / "run/netns" / host)
            with socket.socket(family, kind, protocol) as made:
                socket.send_fds(connection, [b"{}"], [made.fileno()])
        finally:
            kernel.enter_network(f"/proc/self/fd/{home}")
            os.close(home)
        return True

    def _signal(self, connection: socket.socket, fds: list[int], pid: int, number: int) -> bool:
        if pid in self.running:
            os.kill(pid, number)
        connection.send(b"{}")
        return True

    def _list(self, connection: socket.socket, fds: list[int]) -> bool:
        connection.send(json.dumps({"running": {name: pid for pid, name in self.running.items() if name}}).encode())
        return True

    def _reap(self, wake: int) -> None:
        os.read(wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.running.pop(pid, None)
            if connection := self.waiting.pop(pid, None):
                with suppress(OSError):
                    connection.send(json.dumps({"exit": os.waitstatus_to_exitcode(status)}).encode())
                connection.close()


def hold(state: Path, rootfs: Path) -> None:
    """Be the lab: mounts, hosts and links, then serve."""
    os.setsid()
    wiring.mounts(rootfs, state)
    wiring.wire(rootfs, topology.load())
    if os.read(0, 1) != b"\n":
        return
    Holder(state, rootfs).serve()


def main() -> None:
    """Make the namespaces, become their first process, and say its pid as the outside sees it."""
    state, rootfs = (Path(word).resolve() for word in sys.argv[1:3])
    kernel.become_root_of_new_namespaces()
    pid = os.fork()
    if pid:
        os.write(1, f"{pid}\n".encode())
        os._exit(0)
    hold(state, rootfs)


if __name__ == "__main__":
    main()
