"""The RTP streams of a trace, packet by packet, under the names that charts give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.show.fates import Floats, Ints, Track
from labkit.show.rtp_arrows import records
from labkit.trace.jitter import jitter, transit_steps
from labkit.trace.series import Groups

if TYPE_CHECKING:
    from labkit.trace.streams import Packets
    from labkit.trace.trace import Trace

RESTART = 3000
"""A jump of sequence numbers by more than this is a new start, on a stream that has any (RFC 3550, A.1)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: its row of the table `streams`, and its packets."""

    name: str
    """Such as "phone-1001 → pbx PCMU", with the point where there are several."""
    row: dict[str, Any]
    """Its figures."""
    packets: Packets
    """Its packets, in order of arrival."""

    @property
    def sighting(self) -> tuple[str, int]:
        """Point and number of the stream, as tables name it."""
        return self.row["point"], self.row["stream"]

    @property
    def times_s(self) -> Floats:
        """Arrival of each packet."""
        return self.packets.arrival_ms / 1000

    @property
    def delta_ms(self) -> Floats:
        """Time since the packet before, without the first packet."""
        return np.diff(self.packets.arrival_ms)

    @property
    def size_bytes(self) -> Ints:
        """Bytes of each IP packet."""
        overhead = 48 if ":" in self.row["src"] else 28
        return self.packets.media.size.astype(np.int64) + overhead

    @property
    def track(self) -> Track:
        """Its packets by extended sequence number."""
        step = np.diff(self.packets.media.sequence).view(np.int16).astype(np.int64)
        if self.row["restarts"]:
            step[np.abs(step) > RESTART] = 1
        return Track(self.name, self.times_s, np.concatenate([[0], np.cumsum(step)]).astype(np.int64))

    def jitter_ms(self) -> tuple[Floats, Floats]:
        """Times and interarrival jitter after each media packet, telephone events left out (RFC 3550, 6.4.1)."""
        rows = np.flatnonzero((self.packets.clock_hz > 0) & ~self.packets.event)
        if not len(rows):
            return np.empty(0), np.empty(0)
        one, arrival = Groups.of(np.array([len(rows)])), self.packets.arrival_ms[rows]
        clock_khz = self.packets.clock_hz[rows] / 1000
        steps = transit_steps(one, arrival, self.packets.media.timestamp[rows], clock_khz)
        return arrival / 1000, jitter(one, steps)


def streams_of(trace: Trace, call: int | None = None) -> list[Stream]:
    """The streams of a trace, or of one of its calls, in the order of the table."""
    rows = records(trace.columns("streams"))
    places = _places(rows)
    chosen = [place for place, row in enumerate(rows) if call is None or row["call"] == call]
    names = _names([rows[place] for place in chosen], several=len(trace.capture.points) > 1)
    return [
        Stream(name, rows[place], trace.rtp[rows[place]["point"]].packets(places[place], places[place] + 1))
        for name, place in zip(names, chosen, strict=True)
    ]


def _places(rows: list[dict[str, Any]]) -> list[int]:
    """Place of each row among those of its point."""
    seen: Counter[str] = Counter()
    places = []
    for row in rows:
        places.append(seen[row["point"]])
        seen[row["point"]] += 1
    return places


def _names(rows: list[dict[str, Any]], *, several: bool) -> Iterator[str]:
    base = [f"{row['src_name']} → {row['dst_name']} {row['codec'] or row['payload_type']}" for row in rows]
    if several:
        base = [f"{name} ({row['point']})" for name, row in zip(base, rows, strict=True)]
    count = Counter(base)
    for name, row in zip(base, rows, strict=True):
        yield name if count[name] == 1 else f"{name}, {row['ssrc']}"
