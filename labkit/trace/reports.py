"""RTCP's own view: what receivers report about streams (RFC 3550 section 6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labkit.errors import ParseError
from labkit.rtp.rtcp import ReceiverReport, ReportBlock, SenderReport, middle_bits, parse_compound
from labkit.trace.scan import Datagram

_UNITS_PER_S = 65_536
_LONGEST_RTT_S = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """One report block about one stream."""

    ssrc: int
    """The stream's SSRC."""
    reporter: str
    """Address of the receiver that reports."""
    frame: int
    """Frame that carried it."""
    time_ns: int
    """Time of capture since 1970."""
    fraction_lost: float
    """Share of packets lost since its report before, 0 to 1."""
    lost: int
    """Packets lost since the beginning; negative if there were more duplicates than losses."""
    jitter: int
    """Interarrival jitter in ticks of the media clock."""
    round_trip_s: float | None
    """From the point of capture to the reporter and back; None unless the sender report that it answers was seen."""


def reports(control: Iterable[Datagram]) -> list[Report]:
    """All report blocks, in order; datagrams that are not RTCP in the end are passed over."""
    sent: dict[tuple[int, int], int] = {}
    found = []
    for datagram in control:
        for packet in _packets(datagram):
            if isinstance(packet, SenderReport):
                sent[packet.ssrc, middle_bits(packet.ntp)] = datagram.time_ns
            found += [_report(datagram, block, sent) for block in packet.blocks]
    return found


def _packets(datagram: Datagram) -> Iterator[SenderReport | ReceiverReport]:
    try:
        packets = parse_compound(datagram.data)
    except ParseError:
        return
    yield from (packet for packet in packets if isinstance(packet, (SenderReport, ReceiverReport)))


def _report(datagram: Datagram, block: ReportBlock, sent: dict[tuple[int, int], int]) -> Report:
    sent_ns = sent.get((block.ssrc, block.last_sr)) if block.last_sr else None
    round_trip_s = None
    if sent_ns is not None:
        waited_s = block.delay_since_last_sr / _UNITS_PER_S
        elapsed_s = (datagram.time_ns - sent_ns) / 1e9 - waited_s
        round_trip_s = max(elapsed_s, 0.0) if elapsed_s < _LONGEST_RTT_S else None
    return Report(
        block.ssrc, datagram.flow.src, datagram.frame, datagram.time_ns, block.fraction_lost / 256,
        block.cumulative_lost, block.jitter, round_trip_s,
    )  # fmt: skip
