"""What sequence numbers tell: packets expected, lost, duplicated, reordered (RFC 3550 appendix A.1 and A.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labkit.trace.series import Groups

_FAR = 1 << 20
"""Put between the sequence numbers before and after a new start of the source."""
_MAX_DROPOUT = 3000
"""A jump of more than this is a new start of the source unless timestamps say that time went by (appendix A.1)."""
_TOLERANCE = 0.2

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Loss:
    """Figures of each stream."""

    expected: Counts
    """Highest minus lowest extended sequence number plus one, summed over new starts of the source."""
    lost: Counts
    """Expected minus those received at least once."""
    duplicates: Counts
    """Packets whose sequence number had been seen before."""
    reordered: Counts
    """Packets that came after one with a higher sequence number, duplicates apart."""
    restarts: Counts
    """How often the source began anew with other sequence numbers."""
    bursts: Counts
    """Runs of packets lost in a row."""
    gap_max: Counts
    """Most packets lost in a row."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """The sequence numbers of all streams, one stream behind the other, in order of arrival."""

    place: Counts
    """Sequence number without its wrap at 65,536, shifted so that no two streams have a number in common."""
    fresh: npt.NDArray[np.bool_]
    """Highest sequence number so far: neither late nor a duplicate."""
    missing: Counts
    """Numbers left out right before this packet; late ones fill them later."""
    restart: npt.NDArray[np.bool_]
    """The source began anew with this packet."""
    duplicate: npt.NDArray[np.bool_]
    """The number had come before."""

    @property
    def reordered(self) -> npt.NDArray[np.bool_]:
        """Late, but no duplicate."""
        return ~self.fresh & ~self.duplicate

    @classmethod
    def of(cls, groups: Groups, number: npt.NDArray[np.uint16], plausible: npt.NDArray[np.bool_]) -> Sequence:
        """Extend sequence numbers; `plausible` says where the timestamp's step agrees with the time that went by."""
        step = groups.step(number).view(np.int16).astype(np.int64)
        restart = (np.abs(step) > _MAX_DROPOUT) & ~plausible
        restart[groups.begin] = False
        step[restart] = _FAR
        place = groups.running_sum(step)
        lowest = groups.min(place)
        span = groups.max(place) - lowest + 1
        place += groups.spread(np.cumsum(span) - span - lowest)
        highest = np.maximum.accumulate(place)
        before = np.concatenate([[-1], highest[:-1]])
        fresh = place > before
        missing = np.where(fresh & ~restart, place - before - 1, 0)
        missing[groups.begin] = 0
        return cls(place, fresh, missing, restart, _duplicates(place, fresh))

    def loss(self, groups: Groups) -> Loss:
        """Count each stream."""
        late = np.flatnonzero(~self.fresh)
        duplicate = self.duplicate[late]
        rows = np.repeat(np.arange(len(groups.begin)), groups.size)[late]
        count = len(groups.begin)
        duplicates = np.bincount(rows[duplicate], minlength=count)
        reordered = np.bincount(rows[~duplicate], minlength=count)
        restarts = groups.sum(self.restart).astype(np.int64)
        spans = groups.sum(self.missing).astype(np.int64) + groups.sum(self.fresh).astype(np.int64)
        expected = spans + self._below_first(groups, late, rows)
        lost = expected - (groups.size - duplicates)
        gaps = self._gaps(late[~duplicate])
        bursts = groups.sum(gaps > 0).astype(np.int64)
        return Loss(expected, lost, duplicates, reordered, restarts, bursts, np.maximum(groups.max(gaps), 0))

    def _below_first(self, groups: Groups, late: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> Counts:
        """Numbers below the first one that came, for the stream's first packets may have been reordered."""
        below = np.zeros(len(groups.begin), np.int64)
        np.maximum.at(below, rows, groups.first(self.place)[rows] - self.place[late])
        return below

    def _gaps(self, filled: npt.NDArray[np.intp]) -> Counts:
        """Numbers missing before each packet, less those that came late."""
        gaps = self.missing
        if filled.size:
            gaps, heads = gaps.copy(), np.flatnonzero(gaps)
            at = np.searchsorted(self.place[heads], self.place[filled])
            np.subtract.at(gaps, heads[at[at < len(heads)]], 1)
        return gaps


def _duplicates(place: Counts, fresh: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Packets whose number has come before: among the fresh ones, or among the late ones."""
    late = np.flatnonzero(~fresh)
    known, seen = place[fresh], place[late]
    again = np.ones(len(seen), np.bool_)
    again[np.unique(seen, return_index=True)[1]] = False
    again |= known[np.minimum(np.searchsorted(known, seen), len(known) - 1)] == seen
    found = np.zeros(len(place), np.bool_)
    found[late] = again
    return found
