"""RTCP packets read and written, and the figures of RFC 3550, sections 6.4.1 and A.3."""

from __future__ import annotations

import pytest

from labkit.errors import ParseError
from labkit.rtp.reporting import Reporter
from labkit.rtp.rtcp import (
    Goodbye,
    OtherPacket,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    middle_bits,
    ntp_time,
    parse_compound,
    round_trip_s,
)
from labkit.rtp.sender import Sender, SentStatistics
from labkit.rtp.statistics import SourceStatistics

BLOCK = ReportBlock(0x11111111, 64, -2, 0x0001FFFF, 33, 0xB7052000, 0x00054000)
BLOCK_WIRE = "11111111 40fffffe 0001ffff 00000021 b7052000 00054000"

PACKETS: dict[str, tuple[str, RtcpPacket]] = {
    "SR": (
        f"81c8000c 0000000a 83aa7e8080000000 000000a0 00000002 00000140 {BLOCK_WIRE}",
        SenderReport(10, 0x83AA7E8080000000, 160, 2, 320, (BLOCK,)),
    ),
    "RR": (f"81c90007 0000000a {BLOCK_WIRE}", ReceiverReport(10, (BLOCK,))),
    "empty RR": ("80c90001 0000000a", ReceiverReport(10)),
    "SDES": ("81ca0003 0000000a 01036162 63000000", SourceDescription(((10, ((1, b"abc"),)),))),
    "SDES whose item ends on a word": (
        "81ca0003 0000000a 01026162 00000000",
        SourceDescription(((10, ((1, b"ab"),)),)),
    ),
    "SDES of two sources": (
        "82ca0004 0000000a 01016100 0000000b 00000000",
        SourceDescription(((10, ((1, b"a"),)), (11, ()))),
    ),
    "BYE": ("81cb0001 0000000a", Goodbye((10,))),
    "BYE with reason": ("81cb0002 0000000a 02627900", Goodbye((10,), b"by")),
    "APP": ("80cc0002 0000000a 74657374", OtherPacket(204, 0, bytes.fromhex("0000000a74657374"))),
}

REFUSED = {
    "nothing": "",
    "three octets": "80c900",
    "version 1": "40c90001 0000000a",
    "cut off": "80c90002 0000000a",
    "RR without its blocks": "81c90001 0000000a",
    "SR without its blocks": "81c80006 0000000a 83aa7e8080000000 000000a0 00000002 00000140",
    "SDES item beyond the end": "81ca0002 0000000a 01ff6162",
    "SDES without its second chunk": "82ca0002 0000000a 00000000",
    "BYE without its sources": "83cb0001 0000000a",
    "padding of zero": "a0c90001 00000000",
    "padding beyond the body": "a0c90001 00000009",
    "good, then rubbish": "80c90001 0000000a 0102",
}


@pytest.mark.parametrize(("wire", "packet"), PACKETS.values(), ids=PACKETS)
def test_packet_is_read_and_written_back(wire: str, packet: RtcpPacket) -> None:
    assert parse_compound(bytes.fromhex(wire)) == (packet,)
    assert bytes(packet) == bytes.fromhex(wire)


def test_compound_is_read_packet_by_packet() -> None:
    wire = bytes.fromhex(PACKETS["RR"][0] + PACKETS["SDES"][0] + PACKETS["BYE"][0])
    assert [type(packet) for packet in parse_compound(wire)] == [ReceiverReport, SourceDescription, Goodbye]


def test_padding_is_taken_off() -> None:
    assert parse_compound(bytes.fromhex("a1cb0002 0000000a 00000004")) == (Goodbye((10,)),)


@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED)
def test_broken_compound_is_refused(wire: str) -> None:
    with pytest.raises(ParseError, match="RTCP"):
        parse_compound(bytes.fromhex(wire))


def test_round_trip_is_that_of_the_rfc() -> None:
    """RFC 3550, figure 2: A 0xb710:8000, LSR 0xb705:2000, DLSR 0x0005:4000, delay 0x0006:2000 = 6.125 s."""
    assert round_trip_s(0xB7108000, 0xB7052000, 0x00054000) == 6.125


def test_ntp_time_is_that_of_the_rfc() -> None:
    """RFC 3550, figure 2: 10 Nov 1995 11:33:25.125 UTC is 0xb44db705:20000000."""
    assert ntp_time(816003205.125) == 0xB44DB70520000000
    assert middle_bits(0xB44DB70520000000) == 0xB7052000


def received(sequences: list[int]) -> SourceStatistics:
    """Statistics of packets with these numbers."""
    statistics = SourceStatistics(7, 8000)
    for sequence in sequences:
        statistics.update(sequence, 160 * sequence, 0, 160, 0.020 * sequence)
    return statistics


def block_of(reporter: Reporter, source: SourceStatistics, now_s: float = 100.0) -> ReportBlock:
    """The report block that a reporter writes."""
    report = parse_compound(reporter.compose(now_s, Sender(1, 0, 0), None, [source]))[0]
    assert isinstance(report, ReceiverReport)
    return report.blocks[0]


def test_fraction_lost_counts_from_report_to_report() -> None:
    """A.3: 1 of 4 expected lost is 64 of 256; then none; cumulative stays."""
    reporter, source = Reporter("here"), received([1, 2, 4])
    assert (block_of(reporter, source).fraction_lost, source.cumulative_lost) == (64, 1)
    for sequence in (5, 6):
        source.update(sequence, 160 * sequence, 0, 160, 0.020 * sequence)
    block = block_of(reporter, source)
    assert (block.fraction_lost, block.cumulative_lost, block.highest_sequence) == (0, 1, 6)


def test_duplicates_make_no_negative_fraction() -> None:
    assert block_of(Reporter("here"), received([1, 1, 1])).fraction_lost == 0


def test_report_names_the_last_sr_and_the_time_since() -> None:
    reporter = Reporter("here")
    reporter.receive(bytes(SenderReport(7, 0x0000B70520000000, 0, 0, 0)), 94.75)
    block = block_of(reporter, received([1]), now_s=100.0)
    assert (block.last_sr, block.delay_since_last_sr) == (0xB7052000, 0x00054000)


def test_round_trip_is_learnt_from_the_far_report() -> None:
    reporter, now_s = Reporter("here"), 816003205.125
    block = ReportBlock(1, 128, 5, 100, 80, middle_bits(ntp_time(now_s)), 65536)
    reporter.receive(bytes(ReceiverReport(2, (block,))), now_s + 1.25)
    view = reporter.views[1]
    assert (view.lost, view.fraction_lost, view.round_trip_ms) == (5, 0.5, 250.0)


def test_sender_report_carries_what_was_sent() -> None:
    sender, sent = Sender(1, 0, 1000), SentStatistics(bytes([0, 0, 0, 1]))
    sender.play(iter([b"\0" * 160]), 0, 20, 8000)
    packet = sender.packet()
    assert packet is not None
    sent.count(packet, 50.0)
    report, description, goodbye = parse_compound(Reporter("me").compose(50.5, sender, sent, [], goodbye=True))
    assert report == SenderReport(1, ntp_time(50.5), 1000 + 4000, 1, 160)
    assert description == SourceDescription(((1, ((1, b"me"),)),))
    assert goodbye == Goodbye((1,))
