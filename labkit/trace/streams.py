"""RTP streams and their figures: one for each point, flow and SSRC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labkit.trace import codec
from labkit.trace.announced import Announced
from labkit.trace.scan import Flow, Media, Scan
from labkit.trace.series import Floats, Groups

_MIN_PACKETS = 4
_CONTINUOUS = 0.75
_NEAR = 50
"""Largest step of sequence numbers in which an unannounced flow still counts as one stream."""


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of all streams of a file, one stream behind the other, each in order of arrival."""

    media: Media
    """Their columns; `stream` counts within `flows`."""
    groups: Groups
    """Which packets belong to which stream."""
    flows: list[tuple[Flow, int]]
    """Flow and SSRC of each stream."""
    since_frame: npt.NDArray[np.int64]
    """Per stream, frame of the first description that names one of its ends; 0 if none does."""
    arrival_ms: Floats
    """Time since the first frame of the trace."""
    formats: dict[int, list[tuple[int, str, int]]]
    """Stream * 128 + payload type to (from which frame on, encoding name, clock rate in Hz)."""
    clock_hz: Floats
    """Clock rate of each packet; 0 if unknown."""
    event: npt.NDArray[np.bool_]
    """Packets of telephone events (RFC 4733)."""

    @property
    def payload_type(self) -> npt.NDArray[np.uint8]:
        """Payload type of each packet."""
        return self.media.marked & np.uint8(0x7F)

    def seen(self, stream: int) -> list[tuple[int, str, int]]:
        """Payload types of a stream with encoding name and clock rate in Hz, the most frequent media format first."""
        begin, size = self.groups.begin[stream], self.groups.size[stream]
        counts = np.bincount(self.media.marked[begin : begin + size] & 0x7F)
        types = sorted(np.flatnonzero(counts).tolist(), key=lambda each: -int(counts[each]))
        found = [(each, *self.formats[stream * 128 + each][0][1:]) for each in types]
        return sorted(found, key=lambda each: each[1].lower() in (codec.EVENT, "cn"))


def packets(scan: Scan, announced: Announced, first_ns: int) -> Packets:
    """Pick the RTP streams out of what looks like RTP, and find out what their payload types mean."""
    media, groups = _sorted(scan.media, len(scan.streams))
    ends = [((flow.src, flow.src_port), (flow.dst, flow.dst_port)) for flow, _ in scan.streams]
    since = np.array([announced.since_frame(*pair) or 0 for pair in ends], np.int64)
    keep = _is_stream(media, groups, since)
    if not keep.all():
        media = media.take(np.flatnonzero(groups.spread(keep)))
        groups, since = Groups.of(groups.size[keep]), since[keep]
    flows = [scan.streams[which] for which in np.flatnonzero(keep)]
    arrival_ms = (media.time_ns - first_ns) / 1e6
    number = groups.spread(np.arange(len(flows)))
    formats = _formats(media, number, flows, announced)
    clock_hz, event = _clocks(media, number, formats, len(flows))
    return Packets(media, groups, flows, since, arrival_ms, formats, clock_hz, event)


def _sorted(media: Media, count: int) -> tuple[Media, Groups]:
    """Packets by stream; numbers of streams that fit in 16 bits sort by radix, several times faster."""
    key = media.stream.astype(np.uint16) if count <= 0xFFFF else media.stream
    return media.take(np.argsort(key, kind="stable")), Groups.of(np.bincount(media.stream, minlength=count))


def _is_stream(media: Media, groups: Groups, since: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Streams that a description names, or whose sequence numbers go on from packet to packet."""
    step = groups.step(media.sequence).view(np.int16)
    near = groups.sum((step >= 1) & (step <= _NEAR))
    continuous = (groups.size >= _MIN_PACKETS) & (near >= _CONTINUOUS * (groups.size - 1))
    return (since > 0) | continuous


def _formats(
    media: Media, number: npt.NDArray[np.intp], flows: list[tuple[Flow, int]], announced: Announced
) -> dict[int, list[tuple[int, str, int]]]:
    """What each payload type means on each stream: announced, or else static."""
    seen = np.flatnonzero(np.bincount(number * 128 + (media.marked & 0x7F), minlength=1)).tolist()
    formats = {}
    for key in seen:
        flow, payload_type = flows[key >> 7][0], key & 0x7F
        history = announced.history((flow.src, flow.src_port), (flow.dst, flow.dst_port), payload_type)
        formats[key] = [(frame, each.name, each.clock_rate_hz) for frame, each in history] or [
            (0, *codec.STATIC.get(payload_type, ("", 0)))
        ]
    return formats


def _clocks(
    media: Media, number: npt.NDArray[np.intp], formats: dict[int, list[tuple[int, str, int]]], count: int
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Clock rate of each packet, and whether it is a telephone event."""
    clock, event = np.zeros(count * 128), np.zeros(count * 128, np.bool_)
    for key, history in formats.items():
        clock[key], event[key] = history[0][2], history[0][1].lower() == codec.EVENT
    keys = number * 128 + (media.marked & 0x7F)
    clocks, events = clock[keys], event[keys]
    for key, history in formats.items():
        for frame, name, clock_hz in history[1:]:
            later = np.flatnonzero((keys == key) & (media.frame >= frame))
            clocks[later], events[later] = clock_hz, name.lower() == codec.EVENT
    return clocks, events
