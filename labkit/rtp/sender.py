"""One outgoing RTP stream: payloads made into packets. Pure; the session sends them."""

from __future__ import annotations

from itertools import repeat

from labkit.rtp.packet import HEADER, MARKER, VERSION
from labkit.rtp.report import SentStream
from labkit.rtp.source import Payloads

_FLAGS = VERSION << 6


class Sender:
    """Numbers and stamps payloads; a call of `packet` is one packet time."""

    __slots__ = ("_payloads", "_second", "_step", "payload_type", "sequence", "ssrc", "timestamp")

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        """Begin with these numbers, chosen at random by the caller (RFC 3550, section 5.1)."""
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        self.payload_type = 0
        self._second = MARKER
        self._step = 160
        self._payloads: Payloads = repeat(None)

    def play(self, payloads: Payloads, payload_type: int, step: int) -> None:
        """From the next packet on send these payloads, each `step` clock ticks long."""
        self._payloads = payloads
        self._second = payload_type | self._second & MARKER
        self.payload_type = payload_type
        self._step = step

    def packet(self) -> bytes | None:
        """The next packet, or None when the source has nothing for this packet time."""
        timestamp = self.timestamp
        self.timestamp = timestamp + self._step & 0xFFFFFFFF
        payload = next(self._payloads)
        if payload is None:
            self._second |= MARKER
            return None
        return self._write(payload, timestamp)

    def _write(self, payload: bytes, timestamp: int) -> bytes:
        sequence, second = self.sequence, self._second
        self.sequence = sequence + 1 & 0xFFFF
        self._second = self.payload_type
        return HEADER.pack(_FLAGS, second, sequence, timestamp, self.ssrc) + payload


class SentStatistics:
    """Counters of what left under one SSRC."""

    __slots__ = ("first_s", "last_s", "octets", "packets", "payload_types", "ssrc")

    def __init__(self, ssrc: int) -> None:
        """Begin at nothing."""
        self.ssrc = ssrc
        self.packets = self.octets = 0
        self.payload_types: dict[int, int] = {}
        self.first_s = self.last_s = 0.0

    def count(self, packet: bytes, now_s: float) -> None:
        """Count a packet of ours (its header is 12 octets) that left at `now_s`."""
        if not self.packets:
            self.first_s = now_s
        self.packets += 1
        self.octets += len(packet) - HEADER.size
        self.last_s = now_s
        payload_type = packet[1] & 0x7F
        self.payload_types[payload_type] = self.payload_types.get(payload_type, 0) + 1

    def stream(self) -> SentStream:
        """These counters as a value."""
        return SentStream(self.ssrc, self.packets, self.octets, dict(self.payload_types), self.first_s, self.last_s)
