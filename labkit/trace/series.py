"""Arithmetic on many series at once that lie one behind the other in one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

_ROW = 64
_FORGOTTEN = 1024
"""Steps after which a weight of 15/16 per step is below any double."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Which elements of an array belong together: runs of at least one element, one behind the other."""

    begin: npt.NDArray[np.intp]
    """First element of each group."""
    size: npt.NDArray[np.intp]
    """Elements of each group."""

    @classmethod
    def of(cls, sizes: npt.NDArray[np.intp]) -> Groups:
        """Groups of given sizes, none of them zero."""
        return cls(np.cumsum(sizes) - sizes, sizes)

    @property
    def total(self) -> int:
        """Elements of all groups."""
        return int(self.size.sum())

    def sum(self, values: npt.NDArray[np.generic]) -> Floats:
        """Sum of each group."""
        if not len(self.begin):
            return np.empty(0)
        total: Floats = np.add.reduceat(values, self.begin, dtype=np.float64)
        return total

    def max(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Largest value of each group."""
        maximum: npt.NDArray[Number] = np.maximum.reduceat(values, self.begin) if len(self.begin) else values[:0]
        return maximum

    def min(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Smallest value of each group."""
        minimum: npt.NDArray[Number] = np.minimum.reduceat(values, self.begin) if len(self.begin) else values[:0]
        return minimum

    def first(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """First value of each group."""
        first: npt.NDArray[Number] = values[self.begin]
        return first

    def last(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Last value of each group."""
        last: npt.NDArray[Number] = values[self.begin + self.size - 1]
        return last

    def spread(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """One value per group, given to all its elements."""
        spread: npt.NDArray[Number] = np.repeat(values, self.size)
        return spread

    def index(self) -> npt.NDArray[np.intp]:
        """Place of each element in its group, from 0."""
        return np.arange(self.total) - self.spread(self.begin)

    def step(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Difference to the element before it; 0 for the first of a group."""
        steps = np.zeros_like(values)
        np.subtract(values[1:], values[:-1], out=steps[1:])
        steps[self.begin] = 0
        return steps

    def running_sum(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Sum of a group up to and including each element."""
        total = np.cumsum(values, dtype=values.dtype)
        running: npt.NDArray[Number] = total - self.spread(total[self.begin] - values[self.begin])
        return running

    def select(self, mask: Mask) -> tuple[npt.NDArray[np.intp], Groups]:
        """Which groups keep any element, and the groups of the elements kept."""
        kept = np.add.reduceat(mask, self.begin, dtype=np.intp) if len(self.begin) else self.size[:0]
        which = np.flatnonzero(kept)
        return which, Groups.of(kept[which])

    def smooth(self, values: Floats) -> Floats:
        """y[i] = y[i-1] * 15/16 + x[i], starting at 0 in each group: the filter of RFC 3550 section 6.4.1.

        The filter first runs over all groups as if they were one; then what it carried over from the group before is
        taken away, which is exact because the filter is linear.
        """
        smooth = _decay(values, 15 / 16) if len(values) else values
        if len(self.begin) < 2:
            return smooth
        carried = np.concatenate([[0.0], smooth[self.begin[1:] - 1]])
        weights = np.append((15 / 16) ** np.arange(1, _FORGOTTEN), 0.0)
        age = np.minimum(self.index(), _FORGOTTEN - 1)
        smooth -= weights[age] * self.spread(carried)
        return smooth


def _decay(values: Floats, weight: float) -> Floats:
    """y[i] = y[i-1] * weight + x[i], by rows: inside a row one matrix product, between the rows this function again."""
    count = len(values)
    steps = np.subtract.outer(np.arange(_ROW), np.arange(_ROW))
    matrix = np.where(steps >= 0, weight ** np.maximum(steps, 0), 0.0)
    rows = np.zeros((-(-count // _ROW), _ROW))
    rows.reshape(-1)[:count] = values
    rows = rows @ matrix.T
    if len(rows) > 1:
        ends = _decay(rows[:, -1], weight**_ROW)
        rows[1:] += ends[:-1, None] * weight ** np.arange(1, _ROW + 1)
    return rows.reshape(-1)[:count]
