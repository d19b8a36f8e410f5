"""Where the records of a file begin, found many at a time.

Records form a chain: each tells where the next one begins, so a file can be walked only one record after the other.
To walk faster, likely beginnings are guessed every 32 KiB and all these lanes are walked in step. A lane counts only if
the lane before it, itself proven, ended exactly where this one began: guesses decide about speed, never about results.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap

import numpy as np
import numpy.typing as npt

Raw = mmap
"""Bytes of a file; memory that costs nothing before it is used."""
Offsets = npt.NDArray[np.int64]
Columns = tuple[npt.NDArray[np.int64], Offsets, npt.NDArray[np.int64], npt.NDArray[np.uint16]]
"""Of packets: time in ns since 1970, offset of the first byte, bytes captured, LINKTYPE_ number."""


def taken(raw: Raw | npt.NDArray[np.uint8], layout: np.dtype[np.void], at: Offsets) -> npt.NDArray[np.void]:
    """Structures that begin at some offsets, copied as bytes: one copy each is far cheaper than one for each field."""
    size = layout.itemsize
    everywhere: npt.NDArray[np.void] = np.ndarray((len(raw) - size + 1,), f"V{size}", raw, 0, (1,))
    return everywhere[at].view(layout)


_LANE = 32 << 10


@dataclass(frozen=True, slots=True)
class Chain:
    """How one record leads to the next: its size is a 32-bit number in it, plus a constant."""

    order: str
    """Byte order of the file as struct writes it: "<" or ">"."""
    field: int
    """Offset in the record of the number."""
    header: int
    """Bytes of a record that the number does not count."""
    smallest: int
    """Smallest number that can be true."""
    largest: int
    """Largest number that can be true."""
    guess: Callable[[Raw, int], int | None]
    """Finds a likely beginning of a record at or shortly behind an offset."""

    def walk(self, raw: Raw, filled: int) -> tuple[Offsets, int]:
        """Offsets of all whole records from 0 on, and the offset behind the last of them."""
        lanes = self._lanes(raw, filled)
        path, ends = self._in_step(raw, filled, lanes)
        proven = 1
        while proven < len(lanes) and ends[proven - 1] == lanes[proven]:
            proven += 1
        path = path[:, :proven]
        starts = path.T[(path < ends[:proven]).T]
        if proven == len(lanes):
            return starts, int(ends[-1])
        rest, stop = self._one_by_one(raw, filled, int(ends[proven - 1]))
        return np.concatenate([starts, rest]), stop

    def fault(self, raw: Raw, filled: int, at: int) -> str | None:
        """Why no record can begin at an offset; None if all that is wrong is the end of the data."""
        if filled - at < self.field + 4:
            return None
        (size,) = struct.unpack_from(self.order + "I", raw, at + self.field)
        if self.smallest <= size <= self.largest:
            return None
        return f"a record claims {size} bytes"

    def _lanes(self, raw: Raw, filled: int) -> Offsets:
        """Likely beginnings of records, about one every 32 KiB; the first is certain."""
        guesses = [0]
        for near in range(_LANE, filled - _LANE, _LANE):
            if near > guesses[-1] and (at := self.guess(raw, near)) is not None:
                guesses.append(at)
        return np.array(guesses, np.int64)

    def _in_step(self, raw: Raw, filled: int, lanes: Offsets) -> tuple[Offsets, Offsets]:
        """One row per step with the offset of each lane, which stays where its lane ends, and these ends."""
        sizes: npt.NDArray[np.uint32] = np.ndarray(
            (len(raw) - self.field - 3,), self.order + "u4", raw, self.field, (1,)
        )
        bounds = np.append(lanes[1:], filled)
        rows, here = [], lanes
        while True:
            rows.append(here)
            size = sizes[here].astype(np.int64)
            behind = here + size + self.header
            good = (here < bounds) & (behind <= filled) & (size >= self.smallest) & (size <= self.largest)
            if not good.any():
                return np.array(rows), here
            here = np.where(good, behind, here)

    def _one_by_one(self, raw: Raw, filled: int, at: int) -> tuple[Offsets, int]:
        starts = []
        unpack = struct.Struct(self.order + "I").unpack_from
        while at + self.field + 4 <= filled:
            (size,) = unpack(raw, at + self.field)
            behind = at + self.header + size
            if not self.smallest <= size <= self.largest or behind > filled:
                break
            starts.append(at)
            at = behind
        return np.array(starts, np.int64), at
