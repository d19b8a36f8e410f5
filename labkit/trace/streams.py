"""RTP streams: one for each point, flow and SSRC; their packets are handed out some streams at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from labkit.trace import codec
from labkit.trace.announced import Announced
from labkit.trace.scan import Flow, Media, Scan
from labkit.trace.series import Floats, Groups, Mask

_MIN_PACKETS = 4
_CONTINUOUS = 0.75
_NEAR = 50
"""Largest step of sequence numbers in which an unannounced flow still counts as one stream."""
_BATCH = 1 << 17
"""Packets that are looked at together: their columns then fit into the processor's cache."""

Format = tuple[int, str, int]
"""From which frame on, encoding name, clock rate in Hz."""


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets of some streams, one stream behind the other, each in order of arrival."""

    media: Media
    """Their columns."""
    groups: Groups
    """Which packets belong to which stream."""
    flows: list[tuple[Flow, int]]
    """Flow and SSRC of each stream."""
    since_frame: npt.NDArray[np.int64]
    """Per stream, frame of the first description that names one of its ends; 0 if none does."""
    arrival_ms: Floats
    """Time since the first frame of the trace."""
    formats: list[dict[int, list[Format]]]
    """Per stream, payload type to what it meant over time; the most frequent media format first."""
    clock_hz: Floats
    """Clock rate of each packet; 0 if unknown."""
    event: Mask
    """Packets of telephone events (RFC 4733)."""

    @property
    def payload_type(self) -> npt.NDArray[np.uint8]:
        """Payload type of each packet."""
        return self.media.marked & np.uint8(0x7F)


@dataclass(frozen=True, slots=True)
class Streams:
    """All RTP streams of a file."""

    media: Media
    """Columns of everything that may be RTP, in order of arrival."""
    rows: npt.NDArray[np.intp]
    """Their rows that belong to streams, one stream behind the other."""
    groups: Groups
    """Which of `rows` belong to which stream."""
    flows: list[tuple[Flow, int]]
    """Flow and SSRC of each stream."""
    since_frame: npt.NDArray[np.int64]
    """Per stream, frame of the first description that names one of its ends; 0 if none does."""
    announced: Announced
    """What the descriptions of this point say."""
    first_ns: int
    """Time of the first frame of the trace since 1970."""
    _last: dict[tuple[int, int], Packets] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, scan: Scan, announced: Announced, first_ns: int) -> Streams:
        """Pick the streams out of what looks like RTP: those announced, and those whose numbers go on."""
        media, count = scan.media, len(scan.streams)
        ends = [((flow.src, flow.src_port), (flow.dst, flow.dst_port)) for flow, _ in scan.streams]
        since = np.array([announced.since_frame(*pair) or 0 for pair in ends], np.int64)
        key = media.stream.astype(np.uint16) if count <= 0xFFFF else media.stream  # short keys sort by radix
        rows, groups = np.argsort(key, kind="stable"), Groups.of(np.bincount(media.stream, minlength=count))
        keep = (since > 0) | _continuous(media.sequence[rows], groups)
        if not keep.all():
            rows, groups = rows[groups.spread(keep)], Groups.of(groups.size[keep])
        flows = [scan.streams[which] for which in np.flatnonzero(keep)]
        return cls(media, rows, groups, flows, since[keep], announced, first_ns)

    def batches(self) -> Iterator[tuple[int, int]]:
        """First stream, and stream behind the last, of runs of streams that are best looked at together."""
        first, packets = 0, 0
        for stream, size in enumerate(self.groups.size.tolist()):
            if packets and packets + size > _BATCH:
                yield first, stream
                first, packets = stream, 0
            packets += size
        if first < len(self.flows):
            yield first, len(self.flows)

    def packets(self, first: int, behind: int) -> Packets:
        """The packets of a run of streams; the last run is kept, for several tables are made from each."""
        run = first, behind
        found = self._last.get(run) or self._packets(*run)
        self._last.clear()
        self._last[run] = found
        return found

    def _packets(self, first: int, behind: int) -> Packets:
        groups = Groups.of(self.groups.size[first:behind])
        begin = self.groups.begin[first]
        media = self.media.take(self.rows[begin : begin + groups.total])
        number = groups.spread(np.arange(behind - first)) * 128 + (media.marked & 0x7F)
        counts = np.bincount(number, minlength=(behind - first) * 128).reshape(-1, 128)
        flows = self.flows[first:behind]
        formats = [self._formats(flow, each) for (flow, _), each in zip(flows, counts, strict=True)]
        clock_hz, event = _clocks(media, number, formats)
        since, arrival_ms = self.since_frame[first:behind], (media.time_ns - self.first_ns) / 1e6
        return Packets(media, groups, flows, since, arrival_ms, formats, clock_hz, event)

    def _formats(self, flow: Flow, counts: npt.NDArray[np.intp]) -> dict[int, list[Format]]:
        """What the payload types of a stream mean: announced, or else static."""
        found: dict[int, list[Format]] = {}
        for payload_type in np.flatnonzero(counts).tolist():
            history = self.announced.history((flow.src, flow.src_port), (flow.dst, flow.dst_port), payload_type)
            static = [(0, *codec.STATIC.get(payload_type, ("", 0)))]
            found[payload_type] = [(frame, each.name, each.clock_rate_hz) for frame, each in history] or static
        beside = (codec.EVENT, "cn")
        order = sorted(found, key=lambda each: (found[each][0][1].lower() in beside, -int(counts[each])))
        return {payload_type: found[payload_type] for payload_type in order}


def _continuous(sequence: npt.NDArray[np.uint16], groups: Groups) -> Mask:
    """Streams whose sequence numbers go on from packet to packet."""
    step = groups.step(sequence).view(np.int16)
    near = groups.sum((step >= 1) & (step <= _NEAR))
    continuous: Mask = (groups.size >= _MIN_PACKETS) & (near >= _CONTINUOUS * (groups.size - 1))
    return continuous


def _clocks(media: Media, number: npt.NDArray[np.intp], formats: list[dict[int, list[Format]]]) -> tuple[Floats, Mask]:
    """Clock rate of each packet, and whether it is a telephone event; `number` is stream * 128 + payload type."""
    clock, event = np.zeros(len(formats) * 128), np.zeros(len(formats) * 128, np.bool_)
    known = {stream * 128 + kind: each for stream, types in enumerate(formats) for kind, each in types.items()}
    for key, history in known.items():
        clock[key], event[key] = history[0][2], history[0][1].lower() == codec.EVENT
    clocks, events = clock[number], event[number]
    for key, history in known.items():
        for frame, name, clock_hz in history[1:]:
            later = np.flatnonzero((number == key) & (media.frame >= frame))
            clocks[later], events[later] = clock_hz, name.lower() == codec.EVENT
    return clocks, events
