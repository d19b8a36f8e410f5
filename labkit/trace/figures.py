"""The figures of each RTP stream, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.trace import codec, tsharkstats
from labkit.trace.jitter import jitter, transit_steps
from labkit.trace.loss import Sequence
from labkit.trace.series import Floats, Groups
from labkit.trace.streams import Packets

_OVERHEAD_BYTES = {False: 28, True: 48}
"""IP and UDP headers in front of RTP: version 4, version 6."""
_GUESSED_CLOCK_HZ = 8000.0
"""For the plausibility of timestamps only; no figure in ms is given for an unknown clock."""
_DRIFT_MIN_S = 5.0
_ELAPSED_TOLERANCE_MS = 500.0


def figures(packets: Packets, version: tuple[int, int]) -> dict[str, Any]:
    """All columns of the streams table that come from the packets themselves; names and units: docs/tables.md."""
    groups = packets.groups
    sequence = sequence_of(packets)
    loss = sequence.loss(groups)
    delta = groups.step(packets.arrival_ms)
    duration_s = (groups.last(packets.arrival_ms) - groups.first(packets.arrival_ms)) / 1000
    columns: dict[str, Any] = {
        "packets": groups.size, "expected": loss.expected, "lost": loss.lost, "duplicates": loss.duplicates,
        "reordered": loss.reordered, "restarts": loss.restarts, "bursts": loss.bursts,
        "gap_max_packets": loss.gap_max, "first_s": groups.first(packets.arrival_ms) / 1000, "duration_s": duration_s,
        "delta_max_ms": groups.max(delta), "delta_mean_ms": groups.sum(delta) / np.maximum(groups.size - 1, 1),
        "bitrate_kbps": _bitrate(packets, duration_s),
    }  # fmt: skip
    return columns | _timing(packets, sequence) | _tshark(packets, version)


def sequence_of(packets: Packets) -> Sequence:
    """The packets' sequence numbers; a jump is no loss where timestamps do not agree with the time that went by."""
    clock_khz = np.where(packets.clock_hz > 0, packets.clock_hz, _GUESSED_CLOCK_HZ) / 1000
    elapsed = transit_steps(packets.groups, packets.arrival_ms, packets.media.timestamp, clock_khz)
    return Sequence.of(packets.groups, packets.media.sequence, np.abs(elapsed) < _ELAPSED_TOLERANCE_MS)


def arrivals(packets: Packets, sequence: Sequence) -> Floats:
    """Jitter in ms after each packet; telephone events and packets of unknown clock keep the value before them."""
    timed = (packets.clock_hz > 0) & ~packets.event
    _, groups = packets.groups.select(timed)
    rows = np.flatnonzero(timed)
    smooth = np.zeros(len(timed))
    smooth[rows] = jitter(groups, _steps(packets, sequence, groups, rows))
    last = np.maximum.accumulate(np.where(timed, np.arange(len(timed)), packets.groups.spread(packets.groups.begin)))
    return smooth[last]


def _steps(packets: Packets, sequence: Sequence, groups: Groups, rows: npt.NDArray[np.intp] | slice) -> Floats:
    clock_khz, timestamp = packets.clock_hz[rows] / 1000, packets.media.timestamp[rows]
    steps = transit_steps(groups, packets.arrival_ms[rows], timestamp, clock_khz)
    steps[sequence.restart[rows]] = 0.0
    return steps


def _timing(packets: Packets, sequence: Sequence) -> dict[str, Any]:
    """Jitter and drift: from media packets only, for telephone events repeat one timestamp (RFC 4733 section 2.3)."""
    count = len(packets.groups.begin)
    timed = (packets.clock_hz > 0) & ~packets.event
    which, groups = packets.groups.select(timed)
    rows = slice(None) if timed.all() else np.flatnonzero(timed)
    steps = _steps(packets, sequence, groups, rows)
    smooth = jitter(groups, steps)
    columns = {
        "jitter_mean_ms": groups.sum(smooth) / np.maximum(groups.size - 1, 1), "jitter_max_ms": groups.max(smooth),
        "jitter_last_ms": groups.last(smooth), "drift_ppm": _drift(groups, packets.arrival_ms[rows], steps),
    }  # fmt: skip
    return {name: _placed(values, which, count) for name, values in columns.items()}


def _placed(values: Floats, which: npt.NDArray[np.intp], count: int) -> Floats:
    placed = np.full(count, np.nan)
    placed[which] = values
    return placed


def _drift(groups: Groups, arrival_ms: Floats, steps: Floats) -> Floats:
    """Slope of transit time over arrival time by least squares, in ppm: positive where the sender's clock is slow.

    NaN for streams shorter than 5 s, whose jitter would hide any drift.
    """
    transit = groups.running_sum(steps)
    time = arrival_ms - groups.spread(groups.first(arrival_ms))
    time -= groups.spread(groups.sum(time) / groups.size)
    spread = groups.sum(time * time)
    slope = groups.sum(time * transit) / np.where(spread > 0, spread, np.inf)
    long = (groups.last(arrival_ms) - groups.first(arrival_ms)) >= _DRIFT_MIN_S * 1000
    return np.where(long, slope / np.maximum(1 - slope, 0.1) * 1e6, np.nan)


def _bitrate(packets: Packets, duration_s: Floats) -> Floats:
    """Mean of IP packets in kbit/s, from the first packet to the last; NaN for a single packet."""
    total = packets.groups.sum(bits(packets))
    return np.where(duration_s > 0, total / 1000 / np.where(duration_s > 0, duration_s, 1), np.nan)


def bits(packets: Packets) -> npt.NDArray[np.int64]:
    """Bits of each packet with its UDP and IP headers."""
    overhead = np.array([_OVERHEAD_BYTES[":" in flow.src] for flow, _ in packets.flows])
    size: npt.NDArray[np.int64] = packets.media.size + packets.groups.spread(overhead)
    return size * 8


def _tshark(packets: Packets, version: tuple[int, int]) -> dict[str, Any]:
    """The same streams as tshark sees them: only from the description on that announced them."""
    since = packets.groups.spread(packets.since_frame)
    seen = (since > 0) & (packets.media.frame > since)
    which, groups = packets.groups.select(seen)
    rows = slice(None) if seen.all() else np.flatnonzero(seen)
    payload_type = packets.payload_type[rows]
    static = np.array([codec.STATIC.get(each, ("", 0))[1] for each in range(96)] + [0] * 32)
    clock_hz = np.where(payload_type < 96, static[payload_type], packets.clock_hz[rows])
    column = tsharkstats.Column(
        packets.arrival_ms[rows], packets.media.sequence[rows], packets.media.timestamp[rows], payload_type,
        packets.media.marked[rows] >= 0x80, clock_hz, packets.event[rows],
    )  # fmt: skip
    found = tsharkstats.figures(groups, column, version)
    count = len(packets.flows)
    return {f"tshark_{name}": _placed(getattr(found, name), which, count) for name in found.__slots__}
