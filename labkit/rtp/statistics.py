"""What a receiver counts of one synchronization source (RFC 3550, section 6.4.1 and appendices A.1, A.3, A.8).

Every packet costs O(1) and allocates nothing that stays. Arrival times are arguments; nothing here reads a clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from labkit.rtp.datagrams import Column
from labkit.rtp.packet import sequence_difference

MAX_DROPOUT = 3000
"""A sequence number this far ahead is a restart, not a loss (RFC 3550, appendix A.1)."""

MAX_MISORDER = 100
"""A sequence number this far behind is a restart, not a late packet (RFC 3550, appendix A.1)."""

_REMEMBERED = 512
"""How many sequence numbers back a duplicate is known as one."""


class PacketCounts:
    """Packets, octets and payload types of one source, sent or received; the base of both statistics."""

    __slots__ = ("_counted", "_payload_type", "_types", "first_s", "last_s", "octets", "packets", "ssrc")

    def __init__(self, ssrc: int) -> None:
        """Begin at nothing."""
        self.ssrc = ssrc
        self.packets = self.octets = 0
        self.first_s = self.last_s = 0.0
        self._payload_type = -1
        self._counted = 0
        self._types: dict[int, int] = {}

    def turn(self, payload_type: int, now_s: float) -> None:
        """Say that packets are of another payload type from now on."""
        if not self.packets:
            self.first_s = now_s
        self._types = self.payload_types
        self._payload_type = payload_type
        self._counted = self.packets

    @property
    def payload_types(self) -> dict[int, int]:
        """Packets per payload type, in order of first sight."""
        newest = self.packets - self._counted
        if not newest:
            return dict(self._types)
        return self._types | {self._payload_type: self._types.get(self._payload_type, 0) + newest}


class SourceStatistics(PacketCounts):
    """Counters of one received source; `update` them with each packet in order of arrival."""

    __slots__ = (
        "_astray",
        "_awaited",
        "_base",
        "_earlier",
        "_seen",
        "_timed_s",
        "_timestamp",
        "clock_rate_hz",
        "duplicates",
        "highest",
        "jitter",
        "reordered",
        "restarts",
    )

    def __init__(self, ssrc: int, clock_rate_hz: int) -> None:
        """Count a source whose media clock has this rate."""
        super().__init__(ssrc)
        self.clock_rate_hz = clock_rate_hz
        self.duplicates = self.reordered = self.restarts = 0
        self.jitter = 0.0  # in ticks of the media clock
        self.highest = self._base = 0  # extended sequence numbers: cycles in the upper bits
        self._earlier = self._astray = 0
        self._awaited = -1
        self._timestamp: int | None = None
        self._timed_s = 0.0
        self._seen = array("i", [-1]) * _REMEMBERED

    def update(
        self, sequence: int, timestamp: int, payload_type: int, octets: int, arrival_s: float, timed: bool = True
    ) -> None:
        """Count a packet of `octets` of payload that arrived at `arrival_s`.

        Its timestamp counts for jitter unless it is no sampling instant (not `timed`), as in an RFC 4733 event.
        """
        if payload_type != self._payload_type:
            self.turn(payload_type, arrival_s)
        if sequence - self.highest & 0xFFFF == 1 and self.packets:
            self.highest += 1
        else:
            self._place(sequence)
        self._seen[sequence % _REMEMBERED] = sequence
        self.packets += 1
        self.octets += octets
        self.last_s = arrival_s
        if timed:
            self._time((timestamp,), (arrival_s,))

    def _time(self, timestamps: Column, arrivals_s: Sequence[float]) -> None:
        """Follow the jitter over sampling instants and arrivals (RFC 3550, appendix A.8)."""
        jitter, clock_rate_hz, before, before_s = self.jitter, self.clock_rate_hz, self._timestamp, self._timed_s
        for timestamp, arrival_s in zip(timestamps, arrivals_s, strict=True):
            if before is not None:
                moved = (timestamp - before + 0x80000000 & 0xFFFFFFFF) - 0x80000000
                late = (arrival_s - before_s) * clock_rate_hz - moved
                jitter += ((late if late > 0 else -late) - jitter) / 16
            before, before_s = timestamp, arrival_s
        self.jitter, self._timestamp, self._timed_s = jitter, before, before_s

    def update_all(
        self, sequences: Column, timestamps: Column, payload_type: int, octets: int, arrivals_s: Sequence[float]
    ) -> None:
        """Count packets of one payload type and size, as `update` does one by one; at once where none is missing."""
        begin, count = self.highest + 1 & 0xFFFF, len(sequences)
        if payload_type != self._payload_type or sequences != (*range(begin, begin + count),) or not self.packets:
            for sequence, timestamp, arrival_s in zip(sequences, timestamps, arrivals_s, strict=True):
                self.update(sequence, timestamp, payload_type, octets, arrival_s)
            return
        self._remember(sequences)
        self.highest += count
        self.packets += count
        self.octets += octets * count
        self.last_s = arrivals_s[-1]
        self._time(timestamps, arrivals_s)

    def _remember(self, sequences: Column) -> None:
        """Note numbers that follow each other as seen."""
        begin = sequences[0] % _REMEMBERED
        room = _REMEMBERED - begin
        self._seen[begin : begin + len(sequences)] = array("i", sequences[:room])
        self._seen[: max(0, len(sequences) - room)] = array("i", sequences[room:])

    def _place(self, sequence: int) -> None:
        """Sort in a packet that is not the next one."""
        if not self.packets:
            self.highest = self._base = sequence
            return
        step = sequence_difference(sequence, self.highest & 0xFFFF)
        if 0 < step < MAX_DROPOUT:
            self.highest += step
        elif -MAX_MISORDER < step <= 0:
            self._count_late(sequence, self.highest + step)
        elif sequence == self._awaited:
            self._restart(sequence)
        else:
            self._awaited = sequence + 1 & 0xFFFF
            self._astray += 1

    def _count_late(self, sequence: int, extended: int) -> None:
        if self._seen[sequence % _REMEMBERED] == sequence:
            self.duplicates += 1
        else:
            self.reordered += 1
            self._base = min(self._base, extended)

    def _restart(self, sequence: int) -> None:
        """Begin anew after two packets in a row with numbers far from the old ones (RFC 3550, appendix A.1)."""
        self._earlier = self.expected
        self.restarts += 1
        self._astray -= 1
        self.highest = sequence
        self._base = sequence - 1
        self._timestamp = None

    @property
    def expected(self) -> int:
        """How many packets the sequence numbers speak of (RFC 3550, appendix A.3), over all restarts."""
        return self._earlier + (self.highest - self._base + 1 if self.packets else 0)

    @property
    def lost(self) -> int:
        """How many of the expected never came; unlike RTCP's cumulative number, duplicates do not hide a loss."""
        return self.expected - (self.packets - self.duplicates - self._astray)

    @property
    def cumulative_lost(self) -> int:
        """Expected less received, duplicates and late ones counted as received: what RTCP says (RFC 3550, A.3)."""
        return self.expected - self.packets

    @property
    def jitter_ms(self) -> float:
        """The interarrival jitter in milliseconds."""
        return 1000 * self.jitter / self.clock_rate_hz
