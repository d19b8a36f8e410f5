"""What became of every packet of a stream, by its sequence number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CAME, LOST, LATE, TWICE = 0, 1, 2, 3
"""Received in order; never seen; overtaken by a later one; received more than once."""
SIGNS = "·x~+"
"""Sign of each fate in a text."""
NAMES = ("received", "lost", "reordered", "duplicate")


@dataclass(frozen=True, slots=True)
class Track:
    """One direction of RTP, packet by packet in order of arrival."""

    name: str
    """Such as "phone-1001 → pbx PCMU"."""
    times_s: Floats
    """Arrival in seconds of the trace."""
    sequence: Ints
    """Extended sequence numbers (RFC 3550, appendix A.1)."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Packets lost one after the other."""

    time_s: float
    """When the first of them should have come."""
    packets: int
    """How many."""


@dataclass(frozen=True, slots=True)
class Fates:
    """The fate of every packet from the lowest to the highest sequence number."""

    first: int
    """Lowest sequence number."""
    fate: Ints
    """CAME, LOST, LATE or TWICE of each."""
    times_s: Floats
    """Arrival of each, estimated for the lost ones."""
    duplicates: int = 0
    """Packets that had come before."""

    @classmethod
    def of(cls, track: Track) -> Fates:
        """Judge a track."""
        first = int(track.sequence.min())
        place = track.sequence - first
        count = np.bincount(place)
        fate = np.where(count == 0, LOST, np.where(count > 1, TWICE, CAME)).astype(np.int64)
        highest = np.maximum.accumulate(place)
        late = place[1:][place[1:] < highest[:-1]]
        fate[late[fate[late] == CAME]] = LATE
        known, where = np.unique(place, return_index=True)
        return cls(first, fate, np.interp(np.arange(len(count)), known, track.times_s[where]), len(place) - len(known))

    def count(self, fate: int) -> int:
        """How many packets have a fate."""
        return int((self.fate == fate).sum())

    def bursts(self) -> list[Burst]:
        """Runs of lost packets in order."""
        lost = np.concatenate(([False], self.fate == LOST, [False])).astype(np.int8)
        edges = np.diff(lost)
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        return [Burst(float(self.times_s[a]), int(b - a)) for a, b in zip(begins, ends, strict=True)]

    def summary(self) -> str:
        """The fates in words."""
        total, bursts = len(self.fate), self.bursts()
        if bursts:
            worst = max(bursts, key=lambda burst: burst.packets)
            share = 100 * self.count(LOST) / total
            said = f"{self.count(LOST)} lost ({share:.1f} %) in {len(bursts)} burst{'s' if len(bursts) > 1 else ''}"
            said += f", longest {worst.packets} at {worst.time_s:.2f} s"
        else:
            said = "none lost"
        rest = [(self.count(LATE), "reordered"), (self.duplicates, "duplicate")]
        return ", ".join([f"{total} expected", said, *(f"{count} {name}" for count, name in rest if count)])
