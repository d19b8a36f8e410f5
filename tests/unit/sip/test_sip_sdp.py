"""Session descriptions keep every line and answer the questions that offer and answer ask."""

from __future__ import annotations

import pytest

from labkit.errors import ParseError
from labkit.sip.sdp import Format, MediaDescription, SessionDescription

OFFER = (
    "v=0\r\no=- 42 7 IN IP4 10.10.0.10\r\ns=Asterisk\r\nc=IN IP4 10.10.0.10\r\nt=0 0\r\na=sendonly\r\n"
    "m=audio 12000 RTP/AVP 8 0 101 96\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n"
    "m=video 0 RTP/AVP 31\r\nc=IN IP4 192.0.2.9\r\n"
)


def test_a_description_is_written_back_line_for_line() -> None:
    assert OFFER == str(SessionDescription.parse(OFFER.encode()))
    assert OFFER.encode() == bytes(SessionDescription.parse(OFFER.replace("\r\n", "\n")))


def test_media_addresses_and_directions_fall_back_to_the_session() -> None:
    description = SessionDescription.parse(OFFER)
    audio, video = description.media
    assert ("10.10.0.10", "192.0.2.9") == (description.address(audio), description.address(video))
    assert "sendonly" == description.direction(audio)
    assert ("42", "7") == description.origin


def test_formats_know_static_types_and_leave_out_unnamed_dynamic_ones() -> None:
    audio = SessionDescription.parse(OFFER).audio
    assert audio
    expected = (Format(8, "PCMA", 8000), Format(0, "PCMU", 8000), Format(101, "telephone-event", 8000, "0-16"))
    assert expected == audio.rtp_formats
    assert 20 == audio.ptime_ms


def test_a_made_description_has_one_address() -> None:
    made = SessionDescription.make("::1", [MediaDescription("audio", 4000, "RTP/AVP", ("0",))], 5)
    assert "c=IN IP6 ::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n" in str(made)
    assert made == SessionDescription.parse(bytes(made))


@pytest.mark.parametrize(
    "text", ["", "hello", "o=- 1 1 IN IP4 x\r\n", "v=0\r\nm=audio\r\n", "v=0\r\nm=audio x RTP/AVP 0\r\n"]
)
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="SDP"):
        SessionDescription.parse(text)
