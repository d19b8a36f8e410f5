"""Where a session's packets leave: its socket, the far side's address, the keys; what left is counted by SSRC."""

from __future__ import annotations

import socket
import time

from labkit.rtp.datagrams import Address
from labkit.rtp.ports import open_socket
from labkit.rtp.sender import SentStatistics
from labkit.rtp.srtp import SrtpContext


class Outlet:
    """The way out for RTP; a packet costs one system call and a handful of additions."""

    def __init__(self, sock: socket.socket) -> None:
        """Send from a bound socket; `remote` is set before the first packet."""
        self.remote: Address = ("", 0)
        self.srtp: SrtpContext | None = None
        self.errors = 0
        """Packets that the system or libsrtp refused."""
        self.sent: dict[bytes, SentStatistics] = {}
        """What left, by the four octets of its SSRC."""
        self._sock = sock
        self._counted = SentStatistics(bytes(4))

    def send(self, packet: bytes) -> None:
        """Send one packet and count it."""
        try:
            self._sock.sendto(self.srtp.protect(packet) if self.srtp else packet, self.remote)
        except OSError:
            self.errors += 1
            return
        if not packet.startswith(self._counted.ssrc_octets, 8) or not self.sent:
            ssrc = packet[8:12]
            self._counted = self.sent.setdefault(ssrc, SentStatistics(ssrc))
        self._counted.count(packet, time.time())

    def move(self, host: str) -> bool:
        """Send from another socket from now on; False when the host is none of this machine."""
        try:
            moved = open_socket(host, 0)
        except OSError:
            self.errors += 1
            return False
        self._sock = moved
        return True

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
