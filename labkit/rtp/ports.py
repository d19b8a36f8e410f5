"""The pair of UDP sockets of a media session: RTP on an even port, RTCP on the next (RFC 3550, section 11)."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from errno import EMFILE, ENFILE
from functools import cache
from typing import Any

from labkit.errors import HostError

SO_TIMESTAMPNS = 35
"""Linux: the kernel says when a datagram arrived, so that a busy program does not spoil the jitter it measures."""


@cache
def stamping() -> socket.socket:
    """Have Linux note the arrival of every packet for as long as this program runs.

    Linux begins a moment after the first socket of the machine asks, and ends with the last; a packet that came
    without a note is given the time at which it is read.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return sock


def allow_files() -> None:
    """Let this program open as many files as the system allows it at most: a media session takes three."""
    import resource  # not everywhere; sockets of the lab are where it is

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def open_pair(host: str, ports: range) -> tuple[socket.socket, socket.socket]:
    """Bind the first free pair, looked for from a random place; `range(1)` lets the system choose.

    HostError when none is free, files have run out, or the host is not one of this machine's addresses.
    """
    choices = [port for port in ports if port % 2 == 0]
    begin = random.randrange(len(choices)) if choices else 0
    why: OSError | None = None
    for port in (choices[begin:] + choices[:begin]) * (50 if choices == [0] else 1):
        try:
            return _bind_pair(host, port)
        except OSError as error:
            why = error
        if why.errno in (EMFILE, ENFILE):
            raise HostError(
                f"no media socket on {host}: {why.strerror}. Allow more: ulimit -n 4096", host=host
            ) from why
    message = f"no two free UDP ports for media on {host} in {ports.start}..{ports.stop - 1} ({why}). Widen the range."
    raise HostError(message, host=host, ports=ports)


def _bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    rtp = open_socket(host, port)
    try:
        chosen = rtp.getsockname()[1]
        if chosen % 2:
            raise OSError(f"port {chosen} is odd")
        return rtp, open_socket(host, chosen + 1)
    except OSError:
        rtp.close()
        raise


def open_socket(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket whose datagrams carry their time of arrival where the system can say it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        return _bound(sock, (host, port))
    except OSError:
        sock.close()
        raise


def open_beside(sock: socket.socket) -> socket.socket:
    """Another socket on the same port, to be connected to one far side: what comes from there arrives at it.

    Linux asks only at the moment of binding whether all on a port agree to share it: nobody else can come to it.
    """
    beside = socket.socket(sock.family, socket.SOCK_DGRAM)
    try:
        _share(True, sock, beside)
        return _bound(beside, sock.getsockname())
    except OSError:
        beside.close()
        raise
    finally:
        _share(False, sock, beside)


def _bound(sock: socket.socket, address: Any) -> socket.socket:
    sock.setblocking(False)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind(address)
    return sock


def _share(shared: bool, *socks: socket.socket) -> None:
    for sock in socks:
        with suppress(OSError):  # closed
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shared)
