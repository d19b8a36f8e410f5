"""Offer and answer keep to what was offered: protocol, keys, payload types, versions (RFC 3264, RFC 4568)."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.sip.media import Negotiation, NoMedia, RtpMedia
from labkit.sip.offer import PCMA, PCMU, SUITES, TELEPHONE_EVENT, Capabilities, Crypto, Security
from labkit.sip.sdp import Format, SessionDescription

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
EIGHTY, THIRTY_TWO = SUITES
OPTIONAL, REQUIRED, NONE = Capabilities(security="optional"), Capabilities(security="required"), Capabilities()


def negotiation(capabilities: Capabilities = NONE) -> Negotiation:
    return Negotiation(NoMedia(("192.0.2.2", 4000)), capabilities)


def described(protocol: str, *lines: str, formats: str = "8") -> bytes:
    """A description of one audio section."""
    return (HEAD + f"m=audio 6000 {protocol} {formats}\r\n" + "".join(f"{line}\r\n" for line in lines)).encode()


def key_line(tag: int = 1, suite: str = EIGHTY) -> str:
    return "a=" + Crypto.make(tag, suite).line()[1]


def audio(data: bytes) -> Any:
    return SessionDescription.parse(data).audio


@pytest.mark.parametrize(
    ("protocol", "lines"),
    [
        ("RTP/AVP", []),
        ("RTP/AVP", [key_line()]),
        ("RTP/SAVP", []),
        ("RTP/SAVP", [key_line(tag=2)]),
        ("RTP/SAVP", [key_line(suite=THIRTY_TWO)]),
        ("RTP/SAVP", [key_line(), key_line()]),
        ("RTP/SAVP", ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short"]),
    ],
)
def test_an_answer_that_is_not_as_secure_as_the_offer_is_refused(protocol: str, lines: list[str]) -> None:
    ours = negotiation(REQUIRED)
    ours.offer()
    assert not ours.conclude(described(protocol, *lines))
    assert ours.pending
    assert None is ours.agreed
    assert ours.conclude(described("RTP/SAVP", key_line()))


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"])
def test_an_answer_repeats_the_protocol_of_the_offer(protocol: str) -> None:
    key = [key_line(tag=3, suite=THIRTY_TWO)] if "SAVP" in protocol else []
    answered = audio(negotiation(OPTIONAL).answer(described(protocol, *key)))
    assert protocol == answered.protocol
    assert [value.split()[:2] for value in answered.attributes("crypto")] == [["3", THIRTY_TWO]] * len(key)


@pytest.mark.parametrize(("lines", "secure"), [([], False), ([key_line()], True)])
def test_optional_offers_a_key_beside_plain_rtp_and_takes_either_answer(lines: list[str], secure: bool) -> None:
    ours = negotiation(OPTIONAL)
    offered = audio(ours.offer())
    assert ("RTP/AVP", 1) == (offered.protocol, len(offered.attributes("crypto")))
    assert ours.conclude(described("RTP/AVP", *lines))
    assert ours.agreed
    assert secure is (ours.agreed.send_crypto is not None) is (ours.agreed.receive_crypto is not None)


@pytest.mark.parametrize(("security", "secure"), [("none", False), ("optional", True)])
def test_a_key_beside_plain_rtp_counts_only_where_srtp_is_optional(security: Security, secure: bool) -> None:
    ours = negotiation(Capabilities(security=security))
    answered = audio(ours.answer(described("RTP/AVP", key_line())))
    assert ours.agreed
    assert secure is bool(answered.attributes("crypto")) is (ours.agreed.send_crypto is not None)


def test_the_key_stays_while_tag_and_suite_do() -> None:
    ours = negotiation(OPTIONAL)
    first = audio(ours.answer(described("RTP/SAVP", key_line()))).attributes("crypto")
    assert first == audio(ours.answer(described("RTP/SAVP", key_line()))).attributes("crypto")
    assert first != audio(ours.answer(described("RTP/SAVP", key_line(tag=2)))).attributes("crypto")


def test_the_version_grows_only_when_the_description_changes() -> None:
    ours = negotiation()
    first = ours.offer()
    assert first == ours.offer()
    ours.direction = "sendonly"
    assert ["1", "2"] == [SessionDescription.parse(data).origin[1] for data in (first, ours.offer())]


def test_equal_events_under_two_payload_types_are_both_expected() -> None:
    events = (TELEPHONE_EVENT, Format(96, "telephone-event", 8000))
    ours = negotiation(Capabilities((PCMA, *events)))
    ours.offer()
    assert ours.conclude(described("RTP/AVP", "a=rtpmap:101 telephone-event/8000", formats="8 101"))
    assert ours.agreed
    assert ((101, 8000), (96, 8000)) == ours.agreed.dtmf_receive


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], (20, None)),
        (["a=ptime:40", "a=maxptime:30"], (30, None)),
        (["a=maxptime:10"], (10, None)),
        (["a=ptime:30", "a=maxptime:x", "a=rtcp:6007"], (30, ("192.0.2.1", 6007))),
        (["a=rtcp:53020 IN IP4 192.0.2.9"], (20, ("192.0.2.9", 53020))),
        (["a=rtcp:zero"], (20, None)),
    ],
)
def test_packet_time_and_the_place_of_rtcp_are_read(lines: list[str], expected: tuple[int, object]) -> None:
    ours = negotiation()
    ours.answer(described("RTP/AVP", *lines))
    assert ours.agreed
    assert expected == (ours.agreed.ptime_ms, ours.agreed.rtcp_remote)


def test_a_crypto_line_is_read_and_written() -> None:
    """The example of RFC 4568, section 6.1, with lifetime and MKI."""
    line = f"1 {EIGHTY} inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32"
    found = Crypto.parse(line)
    assert found
    assert (1, EIGHTY, 30) == (found.tag, found.suite, len(found.key))
    assert ("a", f"crypto:{line.partition('|')[0]}") == found.line()


@pytest.mark.parametrize("key", ["", "inline:", "inline:!!!", "inline:AAAA", "uri:" + "A" * 40])
def test_a_crypto_line_without_a_usable_key_is_none(key: str) -> None:
    assert None is Crypto.parse(f"1 {EIGHTY} {key}")
    assert None is Crypto.parse(f"1 F8_128_HMAC_SHA1_80 inline:{'A' * 40}")


class RecordingSession:
    """A media session that keeps what it is told."""

    local = ("192.0.2.2", 4000)

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    def update(self, **changes: Any) -> None:
        self.told |= changes

    def stop(self) -> None:
        pass


def test_media_falls_silent_when_a_codec_is_agreed_on_that_it_cannot_speak() -> None:
    session = RecordingSession()
    media = RtpMedia(session, lambda suite, sending, receiving: (suite, sending, receiving))
    ours = Negotiation(media, Capabilities((PCMA, PCMU, Format(18, "G729", 8000))))
    ours.answer(described("RTP/AVP"))
    assert "sendrecv" == session.told["direction"]
    ours.answer(described("RTP/AVP", formats="18"))
    assert "inactive" == session.told["direction"]
    ours.answer(described("RTP/AVP"))
    assert "sendrecv" == session.told["direction"]
