"""The figures of `tshark -z rtp,streams`, computed by its own definitions, to be laid beside ours.

The definitions are those of tshark 4.0 and 4.6; docs/tables.md says where and why they differ from RFC 3550.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labkit.trace import codec
from labkit.trace.series import Floats, Groups

Mask = npt.NDArray[np.bool_]

_REVISED = (4, 2)
"""Version from which on the newer definitions are taken to hold."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of tshark's table per stream."""

    packets: Floats
    """Pkts."""
    lost: Floats
    """Lost."""
    delta_max_ms: Floats
    """Max Delta."""
    jitter_mean_ms: Floats
    """Mean Jitter."""
    jitter_max_ms: Floats
    """Max Jitter."""


@dataclass(frozen=True, slots=True)
class Column:
    """What tshark looks at, one element per packet, only of packets that it takes for RTP."""

    arrival_ms: Floats
    sequence: npt.NDArray[np.uint16]
    timestamp: npt.NDArray[np.uint32]
    payload_type: npt.NDArray[np.uint8]
    marker: Mask
    clock_hz: Floats
    event: Mask


def figures(groups: Groups, column: Column, version: tuple[int, int] = (4, 6)) -> Figures:
    """Compute what `tshark -q -z rtp,streams` of a version prints.

    Since 4.2 a packet with a timestamp below one seen before is out of time: it is left out of means and extremes, and
    the next one is compared with the packet before it. Up to 4.0 every packet is compared with the one before it,
    but its timestamp with the last one that was no telephone event.
    """
    if not len(groups.begin):
        return Figures(*[np.zeros(0)] * 5)
    extended = groups.running_sum(groups.step(column.timestamp).view(np.int32).astype(np.int64))
    first = np.zeros(len(extended), np.bool_)
    first[groups.begin] = True
    timed = ~column.event & (column.clock_hz >= 1000) & ~first
    if version >= _REVISED:
        in_time = extended >= _running_max(groups, extended)
        before = timestamp_before = _before(groups, in_time)
    else:
        in_time = np.ones(len(extended), np.bool_)
        before, timestamp_before = _before(groups, in_time), _before(groups, timed | first)
    delta = column.arrival_ms - column.arrival_ms[before]
    media_ms = (extended - extended[timestamp_before]) / np.where(timed, column.clock_hz // 1000, 1)
    jitter = _jitter(groups, np.where(timed, np.abs(delta - media_ms), 0.0), timed | first)
    noise = np.isin(column.payload_type, codec.COMFORT_NOISE)
    after_noise = np.concatenate([[False], noise[:-1]])
    regular = ~(first | column.marker | noise | after_noise | ~in_time)
    return Figures(
        groups.size.astype(np.float64), (_expected(groups, column.sequence, version) - groups.size).astype(np.float64),
        np.maximum(groups.max(np.where(regular, delta, 0.0)), 0.0), _mean(groups, jitter, regular & timed),
        groups.max(np.where(regular & timed, jitter, 0.0)),
    )  # fmt: skip


def _running_max(groups: Groups, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Largest value of a group up to and including each element."""
    apart = groups.spread(np.arange(len(groups.begin), dtype=np.int64)) << 44
    highest: npt.NDArray[np.int64] = np.maximum.accumulate(values + apart) - apart
    return highest


def _last_where(mask: Mask) -> npt.NDArray[np.intp]:
    """Index of the last true element up to and including each element."""
    return np.maximum.accumulate(np.where(mask, np.arange(len(mask)), 0))


def _before(groups: Groups, mask: Mask) -> npt.NDArray[np.intp]:
    """Index of the last true element before each element; the element itself if it is the first of its group."""
    before = np.concatenate([[0], _last_where(mask)[:-1]])
    before[groups.begin] = groups.begin
    return before


def _jitter(groups: Groups, diff: Floats, counted: Mask) -> Floats:
    """The filter runs over packets with a known clock rate only; others leave it as it is."""
    _, inner = groups.select(counted)
    rows = np.flatnonzero(counted)
    smooth = np.zeros(len(diff))
    smooth[rows] = inner.smooth(diff[rows] / 16)
    return smooth


def _mean(groups: Groups, jitter: Floats, counted: Mask) -> Floats:
    """Mean jitter: m = (m * (n - 1) + J) / n, where n counts all packets but only some update m.

    With s = m * n this is s = s' * (n - 1) / n' + J, n' being the count at the update before: a running sum whose
    terms are weighted by the product of all later factors.
    """
    rows = np.flatnonzero(counted)
    which, inner = groups.select(counted)
    if not rows.size:
        return np.zeros(len(groups.begin))
    count = groups.index()[rows].astype(np.float64)
    previous = np.concatenate([[1.0], count[:-1]])
    factor = np.maximum(count - 1, 1) / previous
    factor[inner.begin] = 1.0
    weight = inner.running_sum(np.log(factor))
    total = np.exp(inner.last(weight)) * inner.sum(jitter[rows] * np.exp(-weight))
    mean = np.zeros(len(groups.begin))
    mean[which] = total / inner.last(count)
    return mean


def _expected(groups: Groups, number: npt.NDArray[np.uint16], version: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Highest minus lowest extended sequence number plus one; up to 4.0 the last one that came minus the first."""
    if version >= _REVISED:
        extended = groups.running_sum(groups.step(number).view(np.int16).astype(np.int64))
        return groups.max(extended) - groups.min(extended) + 1
    return groups.last(number).astype(np.int64) + _cycles(groups, number) * 65_536 - groups.first(number) + 1


def _cycles(groups: Groups, number: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
    """Cycles of each stream.

    One begins with a number below the first one, or with 0 after 65,535, and is over with a number above the first.
    """
    start = groups.spread(groups.first(number))
    before = np.concatenate([number[:1], number[:-1]])
    under = (number < start) | ((number == 0) & (before == 0xFFFF))
    events = np.flatnonzero(under | (number > start))
    owner = np.repeat(np.arange(len(groups.begin)), groups.size)[events]
    kind = under[events]
    again = np.concatenate([[False], kind[:-1] & (owner[:-1] == owner[1:])])
    return np.bincount(owner[kind & ~again], minlength=len(groups.begin))
