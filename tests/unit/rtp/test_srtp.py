"""SRTP: what one side protects the other reads, and nothing else gets through."""

from __future__ import annotations

from os import urandom

import pytest

from labkit.errors import ParseError
from labkit.rtp.packet import RtpPacket
from labkit.rtp.rtcp import ReceiverReport
from labkit.rtp.srtp import KEY_OCTETS, SUITES, Crypto, SrtpContext

RTP = bytes(RtpPacket(0, 1, 160, 7, b"\x55" * 160))
RTCP = bytes(ReceiverReport(7))


def contexts(suite: str = SUITES[0]) -> tuple[SrtpContext, SrtpContext]:
    """Both ends of a call."""
    ours, theirs = urandom(KEY_OCTETS), urandom(KEY_OCTETS)
    return SrtpContext(Crypto(suite, ours, theirs)), SrtpContext(Crypto(suite, theirs, ours))


@pytest.mark.parametrize(("suite", "tag_octets"), [(SUITES[0], 10), (SUITES[1], 4)])
def test_packet_is_protected_and_read(suite: str, tag_octets: int) -> None:
    here, there = contexts(suite)
    wire = here.protect(RTP)
    assert wire is not None
    assert (wire[:12], len(wire)) == (RTP[:12], len(RTP) + tag_octets)
    assert wire[12:172] != RTP[12:]
    assert there.unprotect(wire) == RTP


def test_rtcp_is_protected_and_read() -> None:
    here, there = contexts()
    wire = here.protect(RTCP, rtcp=True)
    assert wire is not None
    assert there.unprotect(wire, rtcp=True) == RTCP


def test_what_was_altered_replayed_or_made_with_another_key_is_refused() -> None:
    here, there = contexts()
    wire = here.protect(RTP) or b""
    assert there.unprotect(wire[:-1] + bytes([wire[-1] ^ 1])) is None
    assert there.unprotect(wire) == RTP
    assert there.unprotect(wire) is None
    assert contexts()[1].unprotect(wire) is None
    assert there.unprotect(b"\x80") is None
    assert there.unprotect(bytes(5000)) is None


def test_unknown_suite_is_refused_by_name() -> None:
    with pytest.raises(ParseError, match="'F8_128_HMAC_SHA1_80'"):
        SrtpContext(Crypto("F8_128_HMAC_SHA1_80", urandom(KEY_OCTETS), urandom(KEY_OCTETS)))


def test_short_key_is_refused() -> None:
    with pytest.raises(ParseError, match="key of 16 octets"):
        SrtpContext(Crypto(SUITES[0], bytes(16), urandom(KEY_OCTETS)))
