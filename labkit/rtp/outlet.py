"""Where a session's packets leave: its socket, the far side's address, the keys; what left is counted by SSRC."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from time import monotonic, time

from labkit.rtp.datagrams import Address
from labkit.rtp.packet import HEADER, MARKER, VERSION
from labkit.rtp.ports import open_beside, open_socket
from labkit.rtp.sender import Sender, SentStatistics
from labkit.rtp.srtp import SrtpContext

Flow = Generator[None, float, None]
"""Sends a packet each time it is sent the time that the packet is due at, by the monotonic clock."""

_FLAGS, _PACK = VERSION << 6, HEADER.pack


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
        self.beside: socket.socket | None = None
        """The socket that is connected to the far side: what comes from there arrives at it."""
        self._connected: Address = ("", 0)
        self._sock = sock
        self._moved = False

    def send(self, packet: bytes) -> None:
        """Send one packet and count it."""
        try:
            self._sock.sendto(self.srtp.protect(packet) if self.srtp else packet, self.remote)
        except OSError:
            self.errors += 1
            return
        self._counter(packet[8:12]).count(packet, time())

    def flow(self, sender: Sender) -> Flow:
        """Send what the sender's source plays, until it is closed; only then do sender and counters know of it.

        All that a packet needs is in the generator's frame: with hundreds of calls it is the walk through the objects
        of each, none of them in the processor's cache any more, that costs most.
        """
        send = self._way()
        sequence, timestamp, second = sender.sequence, sender.timestamp, sender.second
        ssrc, step, payload_type, payloads = sender.ssrc, sender.step, sender.payload_type, sender.payloads
        packets, octets, errors, first_s, last_s = 0, 0, 0, 0.0, 0.0
        try:
            while True:
                due_s = yield
                payload = next(payloads)
                if payload is None:
                    second |= MARKER
                else:
                    packet = _PACK(_FLAGS, second, sequence, timestamp, ssrc) + payload
                    try:
                        sent = send(packet)
                    except OSError:
                        sent = self._send_openly(packet)
                    if sent:
                        packets, octets, last_s = packets + 1, octets + len(payload), due_s
                        first_s = first_s or due_s
                    else:
                        errors += 1
                    sequence, second = sequence + 1 & 0xFFFF, payload_type
                timestamp = timestamp + step & 0xFFFFFFFF
        finally:
            sender.sequence, sender.timestamp, sender.second = sequence, timestamp, second
            self.errors += errors
            if packets:
                counter, epoch_s = self._counter(ssrc.to_bytes(4, "big")), time() - monotonic()
                counter.add(payload_type, packets, octets, epoch_s + first_s, epoch_s + last_s)

    def _way(self) -> Callable[[bytes], int]:
        """What sends packets to the far side: a connected socket, for which the kernel need not find the way anew."""
        try:
            if self._moved:
                return self._send_openly
            self.beside = self.beside or open_beside(self._sock)
            if self._connected != self.remote:
                self.beside.connect(self.remote)
                self._connected = self.remote
        except OSError:
            return self._send_openly
        return self.beside.send

    def _send_openly(self, packet: bytes) -> int:
        """Send by the socket that knows of no far side; a connected one reports what ICMP said of earlier packets."""
        try:
            return self._sock.sendto(packet, self.remote)
        except OSError:
            return 0

    def _counter(self, ssrc: bytes) -> SentStatistics:
        if ssrc not in self.sent:
            self.sent[ssrc] = SentStatistics(ssrc)
        return self.sent[ssrc]

    def move(self, host: str) -> bool:
        """Send from another socket from now on; False when the host is none of this machine."""
        try:
            moved = open_socket(host, 0)
        except OSError:
            self.errors += 1
            return False
        self._sock, self._moved = moved, True
        return True

    def close(self) -> None:
        """Close the sockets."""
        self._sock.close()
        if self.beside:
            self.beside.close()
