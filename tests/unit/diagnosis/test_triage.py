"""The diagnosis on captures made by hand: it names the layer and the option, or says that it cannot tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from diagnosis_wire import PBX, Wire

from labkit.cli import main
from labkit.diagnosis import open_case, triage
from labkit.diagnosis.finding import LAYERS
from labkit.diagnosis.rules import all_rules
from labkit.diagnosis.triage import masked

TRUNK = """
[transport-udp]
type = transport
bind = 10.0.0.5

[trunk]
type = endpoint
context = from-trunk
aors = trunk

[trunk]
type = aor
contact = sip:198.51.100.20:5060

[trunk]
type = identify
endpoint = trunk
match = {match}
"""


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    """A capture to be filled."""
    return Wire(tmp_path)


def place(wire: Wire, **more: object) -> str | None:
    """The likeliest `object.option`."""
    first = triage(open_case(wire.write(), **more)).first  # type: ignore[arg-type]
    return first and first.place


def config(tmp_path: Path, match: str) -> Path:
    """A folder with a trunk whose identify has this address."""
    folder = tmp_path / "etc"
    folder.mkdir(exist_ok=True)
    (folder / "pjsip.conf").write_text(TRUNK.format(match=match))
    return folder


def test_a_challenge_to_the_provider_is_an_identify_that_does_not_match(wire: Wire, tmp_path: Path) -> None:
    wire.inbound("401 Unauthorized", headers='WWW-Authenticate: Digest realm="asterisk", nonce="1"')
    assert place(wire) == "identify.match"
    assert place(wire, config=config(tmp_path, "192.0.2.99")) == "identify.match"


def test_an_identify_that_matches_is_not_blamed(wire: Wire, tmp_path: Path) -> None:
    wire.inbound("401 Unauthorized")
    found = triage(open_case(wire.write(), config=config(tmp_path, "198.51.100.20")))
    assert "identify.match" not in {each.place for each in found.findings}


def test_a_number_that_no_pattern_has(wire: Wire) -> None:
    wire.inbound("404 Not Found")
    found = triage(open_case(wire.write()))
    assert (found.first.layer, found.first.place) == ("dialplan", "extensions.pattern")  # type: ignore[union-attr]
    assert [each.stopped.name for each in found.passages if each.stopped] == ["extension"]


def test_codecs_refused_by_either_side(wire: Wire) -> None:
    wire.outbound("488 Not Acceptable Here")
    assert place(wire) == "endpoint.allow"


@pytest.mark.parametrize(
    ("reason", "where"),
    [
        ("403 Caller ID not verified", "extensions.callerid"),
        ("403 Channel limit reached", "provider.channels"),
        ("403 Source address not allowed", "provider.allow"),
        ("403 Destination barred", "provider.destinations"),
    ],
)
def test_a_403_is_a_sentence(wire: Wire, reason: str, where: str) -> None:
    wire.outbound(reason)
    assert place(wire) == where


def test_a_challenge_that_nobody_answers(wire: Wire) -> None:
    wire.outbound("407 Proxy Authentication Required", headers='Proxy-Authenticate: Digest realm="a", nonce="1"')
    assert place(wire) == "endpoint.outbound_auth"
    log = ["[x] WARNING[1] res_pjsip_outbound_authenticator_digest.c: No auth objects matching realm(s) 'a' found"]
    assert place(wire, log=log) == "auth.realm"


def test_a_private_address_in_our_description(wire: Wire) -> None:
    wire.outbound("200 OK", media="10.0.0.5")
    assert place(wire) == "transport.external_media_address"


def test_nothing_wrong_is_said_to_be_nothing(wire: Wire) -> None:
    wire.outbound("200 OK", media="203.0.113.1")
    found = triage(open_case(wire.write()))
    assert found.first is None
    assert not [each for each in found.lamps if each.state == "red"]


def test_what_cannot_be_told_is_said(wire: Wire) -> None:
    wire.options()
    found = triage(open_case(wire.write()))
    assert {each.state for each in found.lamps if each.layer in ("sdp", "rtp", "dialplan")} == {"unknown"}


def test_the_json_form(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    wire.inbound("404 Not Found")
    assert main(["triage", str(wire.write()), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["layer"], told["object"], told["option"]) == ("dialplan", "extensions", "pattern")
    assert [each["layer"] for each in told["lamps"]] == list(LAYERS)
    assert told["findings"][0]["evidence"][0]["frame"] == 2


def test_masking_hides_numbers_and_credentials() -> None:
    plain = masked({"text": ['From: <sip:+442079460000@h>, username="trunk-1", response="abcd"', 7]})
    assert "2079460000" not in str(plain)
    assert "abcd" not in str(plain)
    assert "trunk-1" not in str(plain)


def test_every_rule_says_what_it_looks_for() -> None:
    rules = all_rules()
    assert len({each.id for each in rules}) == len(rules)
    assert all(each.about.endswith(".") and each.layer in LAYERS and each.faults for each in rules)


def test_a_stranger_who_dials_no_number_of_ours_is_let_through_by_the_firewall(wire: Wire) -> None:
    wire.options()
    wire.inbound("401 Unauthorized", caller="192.0.2.66", number="900442079460999")
    wire.outbound("200 OK")
    assert place(wire) == "router.forward"


def test_a_404_for_a_call_with_a_mark_of_its_own_says_nothing_about_the_dialplan(wire: Wire) -> None:
    wire.inbound("404 Not Found", asked="X-Trunk-Key: 7f3a91")
    assert place(wire) is None


def test_a_port_where_nobody_listens(wire: Wire) -> None:
    wire.unreachable()
    assert place(wire) == "transport.bind"


def test_a_cap_on_calls_is_not_blamed_where_a_bye_was_never_taken(wire: Wire) -> None:
    wire.outbound("200 OK", ends=False)
    wire.outbound("403 Channel limit exceeded")
    found = triage(open_case(wire.write()))
    assert "provider.channels" not in {each.place for each in found.findings if each.confidence >= 0.5}


def test_a_call_that_leads_nowhere(wire: Wire) -> None:
    wire.options()
    wire.from_phone("503 Service Unavailable")
    assert place(wire, pbx=[PBX]) == "extensions.Dial"


def test_from_as_the_account_with_the_number_vouched_for_lights_no_lamp(wire: Wire) -> None:
    wire.outbound("200 OK", caller="trunk-1", asked="P-Asserted-Identity: <sip:+442079460001@203.0.113.1>")
    found = triage(open_case(wire.write()))
    assert not [each for each in found.lamps if each.state == "red"]
