"""Digits sent as telephone events (RFC 4733): one event for all packets that repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from labkit.errors import ParseError
from labkit.rtp.dtmf import DIGITS, TelephoneEvent
from labkit.trace.payload import rtp_packets
from labkit.trace.scan import Scan
from labkit.trace.streams import Packets


@dataclass(frozen=True, slots=True)
class Digit:
    """One event of one stream."""

    stream: int
    """Which of the streams looked at, from 0."""
    frame: int
    """Frame of its first packet."""
    time_s: float
    """When that came, from the first frame of the trace on."""
    event: int
    """Event code (RFC 4733 section 3.2)."""
    duration_ms: float | None
    """How long it lasted; None if the clock rate is unknown."""
    ended: bool
    """Whether a packet with the end bit came."""
    packets: int
    """Packets that told of it."""
    timestamp: int
    """RTP timestamp of its beginning."""

    @property
    def digit(self) -> str:
        """0 to 9, *, #, A to D; the code in brackets for other events."""
        return DIGITS[self.event] if self.event < len(DIGITS) else f"[{self.event}]"


def digits(scan: Scan, packets: Packets) -> list[Digit]:
    """The events of all streams in the order of streams and time."""
    rows = np.flatnonzero(packets.event)
    if not rows.size:
        return []
    stream = np.repeat(np.arange(len(packets.flows)), packets.groups.size)[rows]
    found: dict[tuple[int, int], Digit] = {}
    for seen in _seen(scan, packets, rows.tolist(), stream.tolist()):
        key = seen.stream, seen.timestamp
        known = found.get(key)
        found[key] = _joined(known, seen) if known and known.event == seen.event else seen
    return list(found.values())


def _seen(scan: Scan, packets: Packets, rows: list[int], streams: list[int]) -> Iterator[Digit]:
    """What each single packet tells."""
    media = packets.media.take(np.array(rows))
    for row, stream, packet in zip(rows, streams, rtp_packets(scan, media), strict=True):
        try:
            event = TelephoneEvent.parse(packet.payload) if packet else None
        except ParseError:
            event = None
        if packet and event:
            clock_khz = float(packets.clock_hz[row]) / 1000
            duration_ms = event.duration / clock_khz if clock_khz else None
            frame, time_s = int(packets.media.frame[row]), float(packets.arrival_ms[row]) / 1000
            yield Digit(stream, frame, time_s, event.event, duration_ms, event.end, 1, packet.timestamp)


def _joined(known: Digit, seen: Digit) -> Digit:
    duration_ms = max(known.duration_ms or 0.0, seen.duration_ms or 0.0) or None
    return replace(known, duration_ms=duration_ms, ended=known.ended or seen.ended, packets=known.packets + 1)
