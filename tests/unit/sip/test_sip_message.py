"""The parser reads what real peers send, keeps it byte for byte, and writes exactly."""

from __future__ import annotations

import pickle

import pytest

from labkit.errors import ParseError
from labkit.sip.message import CSeq, Request, Response, parse, reason_phrase, replaced

INVITE = (
    b"INVITE sip:+15550100@203.0.113.10 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 203.0.113.1:5060;rport;branch=z9hG4bKPj1f\r\n"
    b"From: <sip:trunk@203.0.113.1>;tag=aaa\r\n"
    b"To: <sip:+15550100@203.0.113.10>\r\n"
    b"Call-ID: 8d9f\r\n"
    b"CSeq: 30482 INVITE\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)


def test_a_request_is_read_by_canonical_names() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert ("INVITE", "sip:+15550100@203.0.113.10") == (message.method, message.uri)
    assert "8d9f" == message.call_id
    assert CSeq(30482, "INVITE") == message.cseq
    assert "aaa" == message.from_.tag
    assert None is message.to.tag
    assert "z9hG4bKPj1f" == message.via.branch
    assert b"v=0\r\n" == message.body
    assert "application/sdp" == message.content_type


def test_a_response_is_read() -> None:
    message = parse(b"SIP/2.0 503 Service Unavailable\r\nRetry-After: 120 (busy)\r\nCSeq: 1 INVITE\r\n\r\n")
    assert isinstance(message, Response)
    assert (503, "Service Unavailable") == (message.status, message.reason)
    assert 120 == message.seconds("Retry-After")


@pytest.mark.parametrize(
    "name_and_value",
    [b"Call-ID: 8d9f", b"i:8d9f", b"I \t:   8d9f  ", b"CALL-ID:\r\n  8d9f", b"call-id :\r\n\t8d9f\t"],
    ids=["long", "compact", "space before colon", "folded", "folded by tab"],
)
def test_every_spelling_of_a_header_is_one_header(name_and_value: bytes) -> None:
    data = INVITE.replace(b"Call-ID: 8d9f", name_and_value)
    message = parse(data)
    assert "8d9f" == message.call_id
    assert data == message.raw


def test_bare_line_feeds_and_mixed_line_ends_are_read() -> None:
    assert b"v=0\n" == parse(INVITE.replace(b"\r\n", b"\n").replace(b"Length: 5", b"Length: 4")).body
    mixed = INVITE.replace(b"Call-ID: 8d9f\r\n", b"Call-ID: 8d9f\n")
    assert ("8d9f", 30482) == (parse(mixed).call_id, parse(mixed).cseq.number)


def test_an_empty_line_in_the_body_does_not_end_the_head() -> None:
    data = INVITE.replace(b"\r\n", b"\n").replace(b"v=0\n", b"v=0\r\n\r\nx").replace(b"Length: 5", b"Length: 8")
    assert b"v=0\r\n\r\nx" == parse(data).body


def test_bytes_that_are_not_utf_8_survive() -> None:
    data = INVITE.replace(b"<sip:trunk@", b'"J\xf8rgen" <sip:trunk@')
    message = parse(data)
    assert isinstance(message, Request)
    assert data == message.raw
    assert b'"J\xf8rgen" <sip:trunk@203.0.113.1>;tag=aaa' in message.with_rows(message.rows).raw


def test_blank_lines_before_the_start_line_are_skipped() -> None:
    assert "8d9f" == parse(b"\r\n\r\n" + INVITE).call_id


def test_what_lies_beyond_content_length_is_no_body() -> None:
    assert b"v=0\r\n" == parse(INVITE + b"rubbish").body


def test_list_headers_split_at_commas_outside_quotes_and_brackets() -> None:
    message = Request(
        "INVITE",
        "sip:a@b",
        [
            ("Route", '"a, b" <sip:one;lr>, <sip:two,2;lr>'),
            ("Route", "<sip:three>"),
            ("Supported", "100rel, timer ,,"),
            ("Subject", "well, well"),
        ],
    )
    assert ['"a, b" <sip:one;lr>', "<sip:two,2;lr>", "<sip:three>"] == message.values("Route")
    assert ["100rel", "timer"] == message.values("Supported")
    assert ["well, well"] == message.values("Subject")
    assert message.supports("timer")


def test_a_made_message_is_read_back_as_it_was_made() -> None:
    made = Request("BYE", "sip:a@b", [("Call-ID", "x"), ("Content-Length", "99")], b"bye")
    read = parse(made.raw)
    assert (made.start_line, made.rows, b"bye") == (read.start_line, read.rows, read.body)
    assert b"BYE sip:a@b SIP/2.0\r\nCall-ID: x\r\nContent-Length: 3\r\n\r\nbye" == made.raw


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 12,
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 99 Low\r\n\r\n",
        b"SIP/2.0 4294967301 no\r\n\r\n",
    ],
    ids=["empty", "keep-alive", "STUN-like", "HTTP", "status too low", "status too long"],
)
def test_what_is_not_sip_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match=r"start line|status line"):
        parse(data)


def test_a_message_is_pickled_by_its_bytes() -> None:
    assert INVITE == pickle.loads(pickle.dumps(parse(INVITE))).raw


def test_missing_headers_raise_only_when_asked_for() -> None:
    message = parse(b"INVITE sip:a@b SIP/2.0\r\n\r\n")
    assert "" == message.call_id
    with pytest.raises(ParseError, match="CSeq"):
        _ = message.cseq


def test_replaced_sets_adds_and_drops_one_header() -> None:
    rows = [("A", "1"), ("B", "2"), ("A", "3")]
    assert [("A", "9"), ("B", "2")] == replaced(rows, "A", "9")
    assert [*rows, ("C", "4")] == replaced(rows, "C", "4")
    assert [("B", "2")] == replaced(rows, "A", None)


def test_an_unlisted_status_takes_the_phrase_of_its_class() -> None:
    assert ("Busy Here", "Bad Request", "Unknown") == (reason_phrase(486), reason_phrase(499), reason_phrase(799))
