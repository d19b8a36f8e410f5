"""Datagrams read by the batch, each with the time at which the kernel took it in.

Where the system has recvmmsg(2), one call takes all that waits at a socket into memory that every socket shares, and
packets that are alike are unpacked in one go: hundreds of calls cost half of what they do read packet by packet.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from errno import ECONNREFUSED
from functools import cache, lru_cache
from struct import Struct, calcsize
from typing import Any, Protocol

from labkit.rtp.packet import HEADER

Address = tuple[str, int]
"""Host and port."""

Datagram = tuple[bytes, Address, float]
"""What came, from where, and when in seconds since 1970."""

Column = tuple[int, ...]
"""One field of the RTP header in packet after packet."""

Packets = tuple[Column, Column, Column, Column, tuple[bytes, ...]]
"""RTP packets field by field: their first two octets, sequence numbers, timestamps, SSRCs, payloads (RFC 3550, 5.1)."""

MOST = 64
"""So many datagrams are read at a time."""

LARGEST = 2048
"""Octets of the largest datagram that is read whole."""

_TIMESPEC = Struct("@ll")
_STAMP = Struct("@16xqq")  # struct cmsghdr, struct timespec
_VECTOR = Struct("@PN")  # struct iovec
_MESSAGE = Struct("@PIPNPNi4xI4x")  # struct mmsghdr on 64 bits: name, vector, control, flags; length
_LENGTH = Struct("@56xI4x")  # the last of these
_NAME_OCTETS = 28  # struct sockaddr_in6
_CONTROL_OCTETS = socket.CMSG_SPACE(_TIMESPEC.size)


class Batch(Protocol):
    """What came in at a socket, in order of arrival; good until the next one is read."""

    def __len__(self) -> int:
        """How many datagrams."""

    def datagrams(self) -> list[Datagram]:
        """One after the other."""

    def alike(self) -> tuple[Packets, Address, list[float]] | None:
        """Packets, sender and arrivals of datagrams of one length from one sender; None for any others."""


def read_waiting(sock: socket.socket) -> Batch | None:
    """What waits at a non-blocking UDP socket, at most MOST datagrams; None when nothing does or it is broken."""
    watched = type(sock).recvmsg is not socket.SocketType.recvmsg  # as labkit.runtime.tap does
    return _memory(sock.family).read(sock) if _HAS_RECVMMSG and not watched else _read_one_by_one(sock)


_HAS_RECVMMSG = sys.platform == "linux" and calcsize("P") == 8


class _Listed(list[Datagram]):
    """Datagrams that were read one by one."""

    def datagrams(self) -> list[Datagram]:
        return self

    def alike(self) -> None:
        return None


def _read_one_by_one(sock: socket.socket) -> Batch | None:
    found = _Listed()
    with suppress(OSError):
        while len(found) < MOST:
            with suppress(ConnectionRefusedError):  # of a packet sent before; what came waits behind it
                found.append(_read_one(sock))
    return found or None


def _read_one(sock: socket.socket) -> Datagram:
    data, ancillary, _, address = sock.recvmsg(LARGEST, _CONTROL_OCTETS)
    seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2]) if ancillary else (time.time(), 0)
    return data, address[:2], seconds + nanoseconds * 1e-9


@cache
def _memory(family: int) -> _Memory:
    """The memory for sockets of one family: the kernel leaves the length of its names in it."""
    return _Memory()


class _Memory:
    """The memory of recvmmsg(2): for each of MOST datagrams its octets, sender, time, and the header that says so."""

    def __init__(self) -> None:
        """Lay it out as the kernel wants it."""
        from ctypes import PyDLL, addressof, create_string_buffer, get_errno

        sizes = LARGEST, _NAME_OCTETS, _CONTROL_OCTETS, _VECTOR.size, _MESSAGE.size
        blocks = [create_string_buffer(MOST * size) for size in sizes]
        data, names, control, vectors, _ = map(addressof, blocks)
        for n in range(MOST):
            _VECTOR.pack_into(blocks[3], n * _VECTOR.size, data + n * LARGEST, LARGEST)
            name = names + n * _NAME_OCTETS, _NAME_OCTETS
            vector = vectors + n * _VECTOR.size, 1
            about = control + n * _CONTROL_OCTETS, _CONTROL_OCTETS
            _MESSAGE.pack_into(blocks[4], n * _MESSAGE.size, *name, *vector, *about, 0, 0)
        self._blocks, self._count = blocks, 0
        self._data, self._names, self._control, _, self._headers = (memoryview(block) for block in blocks)
        self._recvmmsg, self._errno = PyDLL(None, use_errno=True).recvmmsg, get_errno

    def read(self, sock: socket.socket) -> Batch | None:
        """See `read_waiting`."""
        self._count = self._received(sock)
        if self._count < 0 and self._errno() == ECONNREFUSED:  # of a packet sent before; what came waits behind it
            self._count = self._received(sock)
        return self if self._count > 0 else None

    def _received(self, sock: socket.socket) -> Any:
        return self._recvmmsg(sock.fileno(), self._blocks[4], MOST, socket.MSG_DONTWAIT, None)

    def __len__(self) -> int:
        return self._count

    def datagrams(self) -> list[Datagram]:
        """See `Batch`."""
        octets = [bytes(self._data[n * LARGEST : n * LARGEST + size]) for n, (size,) in enumerate(self._lengths())]
        names = self._names_read()
        senders = [read_name(names[at : at + _NAME_OCTETS]) for at in range(0, len(names), _NAME_OCTETS)]
        return [*zip(octets, senders, self._arrivals(), strict=True)]

    def alike(self) -> tuple[Packets, Address, list[float]] | None:
        """See `Batch`."""
        count, names, ((size,), *others) = self._count, self._names_read(), set(self._lengths())
        name = names[:_NAME_OCTETS]
        if others or size < HEADER.size or name * count != names:
            return None
        packets: Any = zip(*_packed(size).iter_unpack(self._data[: count * LARGEST]), strict=True)
        return tuple(packets), read_name(name), self._arrivals()

    def _names_read(self) -> bytes:
        return bytes(self._names[: self._count * _NAME_OCTETS])

    def _lengths(self) -> Iterator[tuple[int, ...]]:
        return _LENGTH.iter_unpack(self._headers[: self._count * _MESSAGE.size])

    def _arrivals(self) -> list[float]:
        stamps = _STAMP.iter_unpack(self._control[: self._count * _CONTROL_OCTETS])
        return [seconds + nanoseconds * 1e-9 for seconds, nanoseconds in stamps]


@lru_cache(maxsize=64)
def _packed(size: int) -> Struct:
    """How packets of that length lie in the memory."""
    return Struct(f"!HHII{size - HEADER.size}s{LARGEST - size}x")


@lru_cache(maxsize=4096)
def read_name(name: bytes) -> Address:
    """The address in a `struct sockaddr_in` or `sockaddr_in6`."""
    family = int.from_bytes(name[:2], sys.byteorder)
    octets = name[4:8] if family == socket.AF_INET else name[8:24]
    return socket.inet_ntop(family, octets), int.from_bytes(name[2:4], "big")
