"""One outgoing RTP stream: payloads and digits made into packets. Pure; the session sends them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat

from labkit.rtp.codec import Codec
from labkit.rtp.dtmf import event_payloads, frequencies_hz
from labkit.rtp.packet import HEADER, MARKER, VERSION
from labkit.rtp.report import FarView, SentStream
from labkit.rtp.source import Payloads, Silence, Tone
from labkit.rtp.statistics import PacketCounts

_FLAGS, _PACK = VERSION << 6, HEADER.pack

INBAND_DBM0 = -8.0
"""The level of each tone of a digit that is sent as audio."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """One packet time that a digit takes from the source."""

    payload: bytes | None
    """What is sent; None lets the source play on (the pause after an event)."""
    payload_type: int | None = None
    """The payload type of an event; None for audio."""
    begins: bool = False
    """Whether it is the first packet of an event: all others carry its timestamp (RFC 4733, section 2.5.1.2)."""
    clock_factor: float = 1.0
    """The event's clock as a multiple of the audio's; anything but 1 is what RFC 7160 warns of."""


def event_packets(
    digits: str, payload_type: int, duration_ms: int, pause_ms: int, ptime_ms: int, clock_rate_hz: int, factor: float
) -> list[Inserted]:
    """The packet times of digits sent as RFC 4733 events, each with a pause in which the source plays."""
    packets = []
    for digit in digits:
        payloads = event_payloads(digit, duration_ms, ptime_ms, round(clock_rate_hz * factor))
        packets += [Inserted(each, payload_type, at == 0, factor) for at, each in enumerate(payloads)]
        packets += [Inserted(None)] * max(1, pause_ms // ptime_ms)
    return packets


def inband_packets(digits: str, duration_ms: int, pause_ms: int, ptime_ms: int, codec: Codec) -> list[Inserted]:
    """The packet times of digits sent as tones in the audio, each with a silent pause (ITU-T Q.23)."""
    packets = []
    for digit in digits:
        tone = Tone(frequencies_hz(digit.upper()), INBAND_DBM0).payloads(codec, ptime_ms)
        silence = Silence().payloads(codec, ptime_ms)
        packets += [Inserted(next(tone)) for _ in range(max(1, duration_ms // ptime_ms))]
        packets += [Inserted(next(silence)) for _ in range(max(1, pause_ms // ptime_ms))]
    return packets


class Sender:
    """Numbers and stamps payloads; a call of `packet` is one packet time."""

    __slots__ = (
        "_clock_rate_hz",
        "_event_timestamp",
        "inserted",
        "payload_type",
        "payloads",
        "second",
        "sequence",
        "ssrc",
        "step",
        "timestamp",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        """Begin with these numbers, chosen at random by the caller (RFC 3550, section 5.1)."""
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        self.payload_type = 0
        self.second = MARKER
        self.step = 160
        self._clock_rate_hz = 8000
        self.payloads: Payloads = repeat(None)
        self.inserted: deque[Inserted] = deque()
        self._event_timestamp = 0

    def play(self, payloads: Payloads, payload_type: int, ptime_ms: int, clock_rate_hz: int) -> None:
        """From the next packet on send these payloads."""
        self.payloads = payloads
        self.second = payload_type | self.second & MARKER
        self.payload_type = payload_type
        self._clock_rate_hz = clock_rate_hz
        self.step = clock_rate_hz * ptime_ms // 1000

    def insert(self, packets: Iterable[Inserted]) -> None:
        """Put digits in front of the source, after those that still wait."""
        self.inserted.extend(packets)

    def packet(self) -> bytes | None:
        """The next packet, or None when there is nothing for this packet time."""
        timestamp, second = self.timestamp, self.second
        self.timestamp = timestamp + self.step & 0xFFFFFFFF
        if self.inserted:
            inserted = self.inserted.popleft()
            if inserted.payload is not None:
                return self._insert(inserted, inserted.payload, timestamp)
        payload = next(self.payloads)
        if payload is None:
            self.second = second | MARKER
            return None
        if second & MARKER:
            self.second = self.payload_type
        sequence = self.sequence
        self.sequence = sequence + 1 & 0xFFFF
        return _PACK(_FLAGS, second, sequence, timestamp, self.ssrc) + payload

    def _insert(self, inserted: Inserted, payload: bytes, timestamp: int) -> bytes:
        if inserted.payload_type is None:
            return self._write(self.payload_type, timestamp, payload)
        if inserted.begins:
            self._event_timestamp = round(timestamp * inserted.clock_factor) & 0xFFFFFFFF
        self.second |= MARKER
        return self._write(inserted.payload_type | inserted.begins << 7, self._event_timestamp, payload)

    def _write(self, second: int, timestamp: int, payload: bytes) -> bytes:
        sequence = self.sequence
        self.sequence = sequence + 1 & 0xFFFF
        return _PACK(_FLAGS, second, sequence, timestamp, self.ssrc) + payload

    def timestamp_at(self, after_s: float) -> int:
        """The media clock so long after the newest packet left (for an SR; RFC 3550, section 6.4.1)."""
        return self.timestamp - self.step + round(after_s * self._clock_rate_hz) & 0xFFFFFFFF


class SentStatistics(PacketCounts):
    """Counters of what left under one SSRC."""

    __slots__ = ("ssrc_octets",)

    def __init__(self, ssrc_octets: bytes) -> None:
        """Begin at nothing for the SSRC with these four octets."""
        super().__init__(int.from_bytes(ssrc_octets, "big"))
        self.ssrc_octets = ssrc_octets

    def count(self, packet: bytes, now_s: float) -> None:
        """Count a packet of ours (its header is 12 octets) that left at `now_s`."""
        self.add(packet[1] & 0x7F, 1, len(packet) - 12, now_s, now_s)

    def add(self, payload_type: int, packets: int, octets: int, first_s: float, last_s: float) -> None:
        """Count packets of one payload type with so many octets of payload, by when the first and the last left."""
        if payload_type != self._payload_type:
            self.turn(payload_type, first_s)
        self.packets += packets
        self.octets += octets
        self.last_s = last_s

    def stream(self, view: FarView | None, clock_rate_hz: int) -> SentStream:
        """These counters as a value, with what the far side's last report said."""
        return SentStream(
            ssrc=self.ssrc,
            packets=self.packets,
            octets=self.octets,
            payload_types=self.payload_types,
            first_s=self.first_s,
            last_s=self.last_s,
            reported_lost=view.lost if view else None,
            reported_jitter_ms=round(1000 * view.jitter / clock_rate_hz, 3) if view else None,
            round_trip_ms=view.round_trip_ms if view else None,
        )
