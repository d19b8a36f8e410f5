"""What a session says and learns by RTCP: reports composed and taken in. Pure; the session sends and times them."""

from __future__ import annotations

from collections.abc import Iterable

from labkit.errors import ParseError
from labkit.rtp.report import FarView
from labkit.rtp.rtcp import (
    CNAME,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_compound,
    round_trip_s,
)
from labkit.rtp.sender import Sender, SentStatistics
from labkit.rtp.statistics import SourceStatistics

MAX_BLOCKS = 31
"""A report has no room for more (RFC 3550, section 6.4.1)."""

MAX_VIEWS = 64
"""Reports about that many SSRCs are remembered."""


class Reporter:
    """One session's side of RTCP."""

    def __init__(self, cname: str) -> None:
        """Call this side `cname` (RFC 3550, section 6.5.1; RFC 7022)."""
        self.cname = cname
        self.views: dict[int, FarView] = {}
        self.packets = 0
        self.goodbyes: list[int] = []
        self._last_sr: dict[int, tuple[int, float]] = {}
        self._prior: dict[int, tuple[int, int]] = {}

    def compose(
        self,
        now_s: float,
        sender: Sender,
        sent: SentStatistics | None,
        received: Iterable[SourceStatistics],
        goodbye: bool = False,
    ) -> bytes:
        """A compound packet: SR when something was sent, else RR; SDES; BYE when it is the last (section 6.1)."""
        blocks = tuple(self._block(source, now_s) for source in list(received)[:MAX_BLOCKS])
        parts = [
            self._report(now_s, sender, sent, blocks),
            SourceDescription(((sender.ssrc, ((CNAME, self.cname.encode()),)),)),
            *([Goodbye((sender.ssrc,))] if goodbye else []),
        ]
        return b"".join(map(bytes, parts))

    def _report(
        self, now_s: float, sender: Sender, sent: SentStatistics | None, blocks: tuple[ReportBlock, ...]
    ) -> SenderReport | ReceiverReport:
        if sent is None:
            return ReceiverReport(sender.ssrc, blocks)
        timestamp = sender.timestamp_at(now_s - sent.last_s)
        packets, octets = sent.packets & 0xFFFFFFFF, sent.octets & 0xFFFFFFFF
        return SenderReport(sender.ssrc, ntp_time(now_s), timestamp, packets, octets, blocks)

    def _block(self, source: SourceStatistics, now_s: float) -> ReportBlock:
        """How one source is received; moves the interval for its fraction lost (RFC 3550, appendix A.3)."""
        expected_before, received_before = self._prior.get(source.ssrc, (0, 0))
        self._prior[source.ssrc] = source.expected, source.packets
        expected = source.expected - expected_before
        lost = expected - (source.packets - received_before)
        last_sr, came_s = self._last_sr.get(source.ssrc, (0, now_s))
        return ReportBlock(
            ssrc=source.ssrc,
            fraction_lost=min(255, (lost << 8) // expected) if lost > 0 and expected > 0 else 0,
            cumulative_lost=source.cumulative_lost,
            highest_sequence=source.highest & 0xFFFFFFFF,
            jitter=int(source.jitter) & 0xFFFFFFFF,
            last_sr=last_sr,
            delay_since_last_sr=int(max(0.0, now_s - came_s) * 65536) & 0xFFFFFFFF,
        )

    def receive(self, data: bytes, arrival_s: float) -> bool:
        """Take one RTCP datagram; False when it is none."""
        try:
            packets = parse_compound(data)
        except ParseError:
            return False
        self.packets += 1
        for packet in packets:
            if isinstance(packet, SenderReport) and len(self._last_sr) < MAX_VIEWS:
                self._last_sr[packet.ssrc] = middle_bits(packet.ntp), arrival_s
            if isinstance(packet, SenderReport | ReceiverReport):
                self._view(packet.blocks, arrival_s)
            if isinstance(packet, Goodbye):
                self.goodbyes = [*self.goodbyes, *packet.ssrcs][-MAX_VIEWS:]
        return True

    def _view(self, blocks: tuple[ReportBlock, ...], arrival_s: float) -> None:
        arrival = middle_bits(ntp_time(arrival_s))
        for block in blocks[: MAX_VIEWS - len(self.views)] or blocks[:1]:
            trip = None
            if block.last_sr:
                trip = round(1000 * round_trip_s(arrival, block.last_sr, block.delay_since_last_sr), 3)
            self.views[block.ssrc] = FarView(block.cumulative_lost, block.fraction_lost / 256, block.jitter, trip)
