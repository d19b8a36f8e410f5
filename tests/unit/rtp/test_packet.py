"""The RTP packet: read, written, refused."""

from __future__ import annotations

import pytest

from labkit.errors import ParseError
from labkit.rtp.packet import RtpPacket, is_rtcp, sequence_difference, timestamp_difference

PLAIN = "80 88 ffff 00000140 cafebabe 01020304"

READ = {
    "plain": (PLAIN, RtpPacket(8, 0xFFFF, 320, 0xCAFEBABE, bytes([1, 2, 3, 4]), marker=True)),
    "empty": ("80 00 0001 00000002 00000003", RtpPacket(0, 1, 2, 3)),
    "padded": ("a0 00 0001 00000002 00000003 0102 0002", RtpPacket(0, 1, 2, 3, b"\x01\x02", padding=2)),
    "padding only": ("a0 00 0001 00000002 00000003 00000004", RtpPacket(0, 1, 2, 3, padding=4)),
    "two CSRCs": ("82 00 0001 00000002 00000003 00000004 00000005 09", RtpPacket(0, 1, 2, 3, b"\t", csrcs=(4, 5))),
    "extension": (
        "90 00 0001 00000002 00000003 bede0001 10ff0000 09",
        RtpPacket(0, 1, 2, 3, b"\t", extension=(0xBEDE, bytes.fromhex("10ff0000"))),
    ),
    "empty extension": ("90 00 0001 00000002 00000003 00000000", RtpPacket(0, 1, 2, 3, extension=(0, b""))),
}

REFUSED = {
    "no octets": "",
    "eleven octets": "80 00 0001 00000002 000000",
    "version 1": "40 00 0001 00000002 00000003",
    "CSRCs cut off": "8f 00 0001 00000002 00000003 00000004",
    "extension head cut off": "90 00 0001 00000002 00000003 bede",
    "extension cut off": "90 00 0001 00000002 00000003 bede0002 00000000",
    "padding of zero": "a0 00 0001 00000002 00000003 0000",
    "padding longer than payload": "a0 00 0001 00000002 00000003 0003",
    "padding without payload": "a0 00 0001 00000002 00000003",
}


@pytest.mark.parametrize(("wire", "packet"), READ.values(), ids=READ)
def test_packet_is_read_and_written_back(wire: str, packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes.fromhex(wire)) == packet
    assert bytes(packet) == bytes.fromhex(wire)


@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED)
def test_broken_packet_is_refused(wire: str) -> None:
    with pytest.raises(ParseError, match="RTP packet"):
        RtpPacket.parse(bytes.fromhex(wire))


@pytest.mark.parametrize(
    ("later", "earlier", "steps"), [(0, 0xFFFF, 1), (0xFFFF, 0, -1), (5, 5, 0), (0x8000, 0, -0x8000)]
)
def test_sequence_numbers_wrap(later: int, earlier: int, steps: int) -> None:
    assert sequence_difference(later, earlier) == steps


def test_timestamps_wrap() -> None:
    assert timestamp_difference(100, 0xFFFFFFC4) == 160


@pytest.mark.parametrize(
    ("second", "rtcp"), [(200, True), (204, True), (0x80 | 8, False), (101, False), (0x80 | 101, False)]
)
def test_rtcp_is_told_from_rtp_by_its_type(second: int, rtcp: bool) -> None:
    assert is_rtcp(bytes([0x80, second, 0, 0])) is rtcp
