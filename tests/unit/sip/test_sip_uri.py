"""URIs, addresses and Via values: odd ones are read, all are written back."""

from __future__ import annotations

import pytest

from labkit.errors import ParseError
from labkit.sip.uri import Address, Uri
from labkit.sip.via import Via

ROUND_TRIPS = [
    "sip:alice@atlanta.com",
    "sips:alice:secret@atlanta.com:5061;transport=tcp?subject=project%20x&priority=urgent",
    "sip:[2001:db8::10]:5070;lr",
    "sip:*72#@192.0.2.1",
    "sip:+12125551212;phone-context=x@example.com;user=phone",
    "sip:192.0.2.1",
    "tel:+358-555-1234567;postd=pp22",
    "urn:service:sos",
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
    "sip:sips%3Auser%40example.com@example.net",
]


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_a_uri_is_written_back_as_it_was_read(text: str) -> None:
    assert text == str(Uri.parse(text))


def test_the_parts_of_a_uri() -> None:
    uri = Uri.parse("SIPS:alice:secret@[2001:db8::1]:5061;transport=tcp;lr?a=b")
    assert ("sips", "alice", "secret", "2001:db8::1", 5061) == (uri.scheme, uri.user, uri.password, uri.host, uri.port)
    assert ("tcp", "", None) == (uri.params.get("Transport"), uri.params.get("lr"), uri.params.get("maddr"))
    assert "a=b" == uri.headers
    assert ("tls", ("2001:db8::1", 5061)) == (uri.transport, uri.address)


def test_the_dialled_number_has_no_escapes_or_parameters() -> None:
    assert "+1*#" == Uri.parse("sip:%2B1*%23;isub=1@x").number


@pytest.mark.parametrize("text", ["", "alice", "<sip:a@b>", "@:"])
def test_a_text_without_scheme_is_no_uri(text: str) -> None:
    with pytest.raises(ParseError, match="scheme"):
        Uri.parse(text)


# RFC 3261 section 19.1.4 prints these pairs.
@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp", False),
        ("sip:%61lice@atlanta.com;transport=tcp", "sip:alice@AtlanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", True),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", True),
        ("sip:alice@atlanta.com?subject=x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=x", True),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
    ],
)  # fmt: skip
def test_uris_compare_as_the_rfc_says(left: str, right: str, same: bool) -> None:
    assert same is Uri.parse(left).same_as(Uri.parse(right))
    assert same is Uri.parse(right).same_as(Uri.parse(left))


def test_parameters_outside_brackets_belong_to_the_header() -> None:
    bare = Address.parse("sip:+12125551212@server.example.com;tag=887s")
    assert ("887s", "sip:+12125551212@server.example.com") == (bare.tag, str(bare.uri))
    inside = Address.parse("<sip:a@b;user=phone>;expires=60")
    assert ("phone", "60") == (inside.uri.params.get("user"), inside.params.get("expires"))


def test_display_names_lose_their_quotes_and_get_them_back() -> None:
    address = Address.parse('"Bob \\"Q\\" <x>" <sip:bob@b>;tag=1')
    assert 'Bob "Q" <x>' == address.display
    assert '"Bob \\"Q\\" <x>" <sip:bob@b>;tag=1' == str(address)
    assert "The Operator" == Address.parse("The Operator <sip:o@b>").display


def test_a_tag_is_replaced_not_doubled() -> None:
    assert "<sip:a@b>;tag=2" == str(Address.parse("<sip:a@b>;tag=1").tagged("2"))


def test_via_is_read_with_odd_spacing() -> None:
    via = Via.parse("SIP  / 2.0\t/ udp\t192.0.2.2 : 5070 ;branch=390skdjuw;rport")
    assert ("UDP", "192.0.2.2", 5070, "390skdjuw") == (via.transport, via.host, via.port, via.branch)
    with pytest.raises(ParseError, match="Via"):
        Via.parse("SIP/2.0/UDP ")


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bK1;rport", ("203.0.113.1", 1024)),
        ("SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bK1", ("203.0.113.1", 5070)),
        ("SIP/2.0/TLS 203.0.113.1;branch=z9hG4bK1", ("203.0.113.1", 5061)),
        ("SIP/2.0/UDP 10.0.0.5;maddr=224.0.0.1", ("224.0.0.1", 5060)),
    ],
    ids=["rport", "received", "same host", "maddr"],
)
def test_responses_go_where_the_stamped_via_says(text: str, reply: tuple[str, int]) -> None:
    assert reply == Via.parse(text).stamped("203.0.113.1", 1024).reply_address
