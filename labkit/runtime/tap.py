"""A program of Python whose datagrams are written to a pcap file, for where the kernel lets nobody capture.

`python -m labkit.runtime.tap FILE PEERS -m MODULE WORDS` runs a module, or a script where its path stands for
`-m MODULE`. What it receives from PEERS (addresses, with commas between) is left out: those are tapped themselves and
wrote it down when they sent it.
"""

from __future__ import annotations

import os
import runpy
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

from labkit.runtime import pcap

_MAX_FILE_BYTES = 64 << 20


class Tap:
    """The file; it begins anew when it has grown too large."""

    def __init__(self, path: str, peers: frozenset[str]) -> None:
        """Begin the file."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.write(self._file, pcap.HEADER)
        self._room_bytes = _MAX_FILE_BYTES
        self.peers = peers

    def note(self, source: pcap.Address, destination: pcap.Address, payload: bytes) -> None:
        """Write one datagram down."""
        record = pcap.packed((time.time(), pcap.frame(source, destination, payload)))
        self._room_bytes -= len(record)
        if self._room_bytes < 0:
            os.ftruncate(self._file, len(pcap.HEADER))
            self._room_bytes = _MAX_FILE_BYTES
        os.write(self._file, record)


def tapped(tap: Tap) -> type[socket.socket]:
    """A socket class that notes the datagrams of IPv4 sockets."""

    class TappedSocket(socket.socket):
        def _noted(self) -> bool:
            return self.family == socket.AF_INET and self.type == socket.SOCK_DGRAM

        def sendto(self, data: Any, *rest: Any) -> int:
            if self._noted():  # before it leaves, so that no answer is written down first
                tap.note(self.getsockname(), rest[-1], bytes(data))
            return super().sendto(data, *rest)

        def send(self, data: Any, *flags: int) -> int:
            if self._noted():
                tap.note(self.getsockname(), self.getpeername(), bytes(data))
            return super().send(data, *flags)

        def recvfrom(self, *sizes: int) -> Any:
            data, source = super().recvfrom(*sizes)
            self._received(data, source)
            return data, source

        def recvmsg(self, *sizes: int) -> Any:
            data, ancillary, flags, source = super().recvmsg(*sizes)
            self._received(data, source)
            return data, ancillary, flags, source

        def _received(self, data: bytes, source: Any) -> None:
            if self._noted() and source[0] not in tap.peers:
                tap.note(source, self.getsockname(), data)

    return TappedSocket


def main(words: Sequence[str]) -> None:
    """Run a module or a script with every socket tapped."""
    path, peers, *program = words
    socket.socket = tapped(Tap(path, frozenset(peers.split(","))))  # type: ignore[misc]
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
