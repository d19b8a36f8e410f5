"""What came in: figures per SSRC, the newest audio, digits. Pure; the session reads the sockets."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Mapping
from itertools import repeat
from typing import TypeAlias

from labkit.errors import ParseError
from labkit.rtp.codec import PCMU, Codec, Coder
from labkit.rtp.datagrams import Address, Packets
from labkit.rtp.dtmf import EventReceiver
from labkit.rtp.inband import InbandDetector
from labkit.rtp.packet import HEADER, RtpPacket, timestamp_difference
from labkit.rtp.report import Digit, ReceivedStream
from labkit.rtp.statistics import SourceStatistics
from labkit.rtp.tone import STRETCH, MeasuredTone, measure_tone

MAX_SOURCES = 32
"""A session remembers that many SSRCs; packets of further ones are counted as invalid."""

RECENT_PACKETS = 8
"""So many of a source's newest packets are kept to listen to."""

Chunk: TypeAlias = "tuple[int, array[int]]"
"""A packet's timestamp and samples."""

Heard = tuple[int, int, bytes]
"""A packet's payload type, timestamp and payload."""

NO_TONE = MeasuredTone(None, -math.inf)
"""Nothing was heard."""

NO_EVENTS: Mapping[int, int] = {}
"""No payload type carries events."""

_PLAIN = 0x80
"""The first octet of a packet without padding, extension and CSRCs."""

_UNUSUAL = range(64, 96)
"""Payload types that are RTCP's on a shared port (RFC 5761, section 4)."""


class ReceivedSource:
    """One SSRC: its statistics, where it comes from, its newest packets."""

    __slots__ = ("address", "addresses", "codec", "coder", "decoded", "recent", "statistics")

    def __init__(self, ssrc: int, clock_rate_hz: int) -> None:
        """Begin at nothing."""
        self.statistics = SourceStatistics(ssrc, clock_rate_hz)
        self.address: Address | None = None
        self.addresses: list[Address] = []
        self.recent: deque[Heard] = deque(maxlen=RECENT_PACKETS)
        self.decoded: deque[Chunk] = deque(maxlen=RECENT_PACKETS)
        self.codec: Codec | None = None
        self.coder: Coder | None = None

    def come_from(self, address: Address) -> None:
        """Note where packets come from now."""
        self.address = address
        if address[:2] not in self.addresses:
            self.addresses.append(address[:2])

    def hear(self, timestamp: int, payload: bytes, codec: Codec) -> array[int]:
        """The samples of a payload, decoded in order of arrival."""
        if self.coder is None or self.codec != codec:
            self.codec, self.coder = codec, codec.coder()
            self.decoded.clear()
        samples = self.coder.decode(payload)
        self.decoded.append((timestamp, samples))
        return samples

    def chunks(self, codec: Codec, payload_type: int) -> list[Chunk]:
        """The newest audio in the order it arrived."""
        if codec.remembers:
            return list(self.decoded)
        decode = codec.coder().decode
        return [(timestamp, decode(payload)) for kind, timestamp, payload in self.recent if kind == payload_type]

    def stream(self) -> ReceivedStream:
        """The figures as a value."""
        counted = self.statistics
        return ReceivedStream(
            ssrc=counted.ssrc,
            addresses=tuple(self.addresses),
            packets=counted.packets,
            expected=counted.expected,
            lost=counted.lost,
            duplicates=counted.duplicates,
            reordered=counted.reordered,
            restarts=counted.restarts,
            jitter_ms=round(counted.jitter_ms, 3),
            octets=counted.octets,
            payload_types=counted.payload_types,
            first_s=counted.first_s,
            last_s=counted.last_s,
        )


class Receiver:
    """Everything received in one session."""

    def __init__(self) -> None:
        """Begin at nothing, with G.711's clock."""
        self.sources: dict[int, ReceivedSource] = {}
        self.newest: ReceivedSource | None = None
        self.on_digit: Callable[[Digit], object] | None = None
        self._codec = PCMU
        self._payload_type = 0
        self._event_clocks_hz: Mapping[int, int] = {}
        self._events = EventReceiver()
        self._inband: InbandDetector | None = None
        self._inband_digits: list[Digit] = []
        self._on_payload: Callable[[bytes], object] | None = None
        self._listens = False
        self._measured: tuple[ReceivedSource | None, int, MeasuredTone] = (None, 0, NO_TONE)

    def expect(
        self,
        codec: Codec,
        payload_type: int,
        event_clocks_hz: Mapping[int, int] = NO_EVENTS,
        inband: bool = False,
        on_payload: Callable[[bytes], object] | None = None,
    ) -> None:
        """From now on audio is in this codec, digits come as events or in band, and `on_payload` is given all audio."""
        if inband and (self._inband is None or codec != self._codec):
            self._inband = InbandDetector(codec.sample_rate_hz, codec.zero_dbm0_peak)
        elif not inband:
            self._inband = None
        self._codec = codec
        self._payload_type = payload_type
        self._event_clocks_hz = event_clocks_hz
        self._on_payload = on_payload
        self._listens = bool(codec.remembers or inband or on_payload)

    def receive(self, data: bytes, address: Address, arrival_s: float) -> bool:
        """Take one datagram; False when it is no RTP packet."""
        if len(data) < HEADER.size or data[0] & 0xC0 != _PLAIN:
            return False
        flags, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        payload_type = second & 0x7F
        if payload_type in _UNUSUAL:
            return False
        if flags != _PLAIN:
            return self._receive_decorated(data, address, arrival_s)
        source = self.sources.get(ssrc) or self._new_source(ssrc)
        if source is None:
            return False
        if source.address != address:
            source.come_from(address)
        if payload_type in self._event_clocks_hz:
            source.statistics.update(sequence, timestamp, payload_type, len(data) - 12, arrival_s, timed=False)
            self._receive_event(ssrc, timestamp, payload_type, data[12:], arrival_s)
            return True
        source.statistics.update(sequence, timestamp, payload_type, len(data) - 12, arrival_s)
        payload = data[12:]
        source.recent.append((payload_type, timestamp, payload))
        self.newest = source
        if self._listens:
            self._listen(source, timestamp, payload_type, payload, arrival_s)
        return True

    def receive_alike(self, packets: Packets, address: Address, arrivals_s: list[float]) -> bool:
        """Take audio packets of one stream at once; False when they are anything else, to be taken one by one."""
        heads, sequences, timestamps, ssrcs, payloads = packets
        head, ssrc, count, payload_type = heads[0], ssrcs[0], len(heads), heads[0] & 0x7F
        source = self.sources.get(ssrc)
        if source is None or self._listens or head != _PLAIN << 8 | payload_type or payload_type in _UNUSUAL:
            return False
        if payload_type in self._event_clocks_hz or heads.count(head) + ssrcs.count(ssrc) != 2 * count:
            return False
        if source.address != address:
            source.come_from(address)
        source.statistics.update_all(sequences, timestamps, payload_type, len(payloads[0]), arrivals_s)
        source.recent.extend(zip(repeat(payload_type, count), timestamps, payloads, strict=True))
        self.newest = source
        return True

    def _listen(
        self, source: ReceivedSource, timestamp: int, payload_type: int, payload: bytes, arrival_s: float
    ) -> None:
        """Echo audio, and decode at once what has to be decoded in order or searched for digits."""
        if self._on_payload:
            self._on_payload(payload)
        if payload_type != self._payload_type or not (self._codec.remembers or self._inband):
            return
        samples = source.hear(timestamp, payload, self._codec)
        for digit in self._inband.feed(samples, arrival_s) if self._inband else ():
            self._inband_digits.append(digit)
            if self.on_digit:
                self.on_digit(digit)

    def _receive_event(self, ssrc: int, timestamp: int, payload_type: int, payload: bytes, arrival_s: float) -> None:
        clock_rate_hz = self._event_clocks_hz[payload_type]
        digit = self._events.receive(ssrc, timestamp, payload, clock_rate_hz, arrival_s)
        if digit and self.on_digit:
            self.on_digit(digit)

    def digits(self) -> tuple[Digit, ...]:
        """The digits so far, by the time they began."""
        return tuple(sorted((*self._events.digits(), *self._inband_digits), key=lambda digit: digit.begin_s))

    def _receive_decorated(self, data: bytes, address: Address, arrival_s: float) -> bool:
        """Take a packet with padding, extension or CSRCs as the plain one it means."""
        try:
            packet = RtpPacket.parse(data)
        except ParseError:
            return False
        plain = RtpPacket(
            packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc, packet.payload, packet.marker
        )
        return self.receive(bytes(plain), address, arrival_s)

    def _new_source(self, ssrc: int) -> ReceivedSource | None:
        if len(self.sources) >= MAX_SOURCES:
            return None
        source = self.sources[ssrc] = ReceivedSource(ssrc, self._codec.clock_rate_hz)
        return source

    def tone(self) -> MeasuredTone:
        """The tone in the newest audio of the source heard last; measured once for the same audio."""
        heard = (self.newest, self.newest.statistics.packets if self.newest else 0)
        if heard != self._measured[:2]:
            self._measured = (*heard, self._measure())
        return self._measured[2]

    def _measure(self) -> MeasuredTone:
        chunks = self.newest.chunks(self._codec, self._payload_type) if self.newest else []
        if not chunks:
            return NO_TONE
        samples, present = placed_samples(chunks, self._codec.sample_rate_hz // self._codec.clock_rate_hz)
        return measure_tone(samples, self._codec.sample_rate_hz, self._codec.zero_dbm0_peak, present)


def placed_samples(chunks: list[Chunk], samples_per_tick: int) -> tuple[array[int], int]:
    """The newest 1024 samples, each where its timestamp puts it, 0 where nothing came; and how many are real."""
    newest = chunks[-1][0]
    placed = [(timestamp_difference(timestamp, newest) * samples_per_tick, chunk) for timestamp, chunk in chunks]
    begin = max(at + len(chunk) for at, chunk in placed) - STRETCH
    line, real = array("h", bytes(2 * STRETCH)), bytearray(STRETCH)
    for at, chunk in placed:
        kept = chunk[max(0, begin - at) :]
        where = max(0, at - begin)
        line[where : where + len(kept)] = kept
        real[where : where + len(kept)] = bytes([1]) * len(kept)
    return line, sum(real)
