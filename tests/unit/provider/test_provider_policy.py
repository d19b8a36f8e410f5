"""Policies are data: files are read strictly, edited by name, and every profile's rule has a source."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from labkit.errors import ScenarioError
from labkit.provider.caller_id import presented
from labkit.provider.numbering import Form, read_number, written
from labkit.provider.policy import Policy, edited
from labkit.provider.profile import Profile
from labkit.provider.taps import altered
from labkit.provider.trunk import CallerId, Trunk
from labkit.sip.message import Request

from .conftest import DID, table

FOLDER = Path("lab-env/provider")
PROFILES = sorted(FOLDER.glob("profiles/*.toml"))


def healthy() -> dict[str, Any]:
    """The healthy policy with its placeholders filled."""
    return tomllib.loads(re.sub(r"\{\{([\w.-]+)\}\}", r"\1", (FOLDER / "healthy.toml").read_text()))


def test_the_healthy_policy_is_read() -> None:
    policy = Policy.read(healthy())
    assert ["registration", "address"] == [trunk.kind for trunk in policy.trunk]
    assert "+15550100" in [number.number for number in policy.number]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("trunk.registered.limits.cpss", 1, "has no setting 'cpss'"),
        ("trunk.registered.limits.cps", "fast", "expected a number"),
        ("trunk.registered.inbound.did_form", "+44", "expected '+e164' or"),
        ("trunk.nobody.limits.cps", 1, "no trunk named 'nobody'"),
        ("fault", [{"do": "explode"}], "'explode'"),
        ("media.ports", [1], "a list of 2"),
        ("record_route", 1, "true or false"),
    ],
)
def test_what_is_not_understood_is_named(path: str, value: object, said: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(said)):
        Policy.read(edited(healthy(), path, value))


def test_an_edit_changes_one_value_of_a_copy() -> None:
    before = table()
    after = edited(before, "trunk.registered.limits.cps", 1.0)
    assert 1.0 == Policy.read(after).trunk[0].limits.cps
    assert table() == before


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_is_a_policy_and_names_its_sources(path: Path) -> None:
    profile = Profile.load(path)
    changed = healthy()
    for name, value in profile.changes.items():
        changed = edited(changed, name, value)
    Policy.read(changed)
    assert all(source.url.startswith("https://") and source.date and source.says for source in profile.sources)


def test_there_are_six_profiles_at_least() -> None:
    assert len(PROFILES) >= 6


def test_a_rule_without_a_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[set]\n"media.latch" = true\n')
    with pytest.raises(ScenarioError, match=r"media\.latch"):
        Profile.load(tmp_path / "x.toml")


@pytest.mark.parametrize(
    ("form", "text"),
    [("+e164", "+442079460000"), ("e164", "442079460000"), ("international", "00442079460000"),
     ("national", "02079460000"), ("short", "460000")],
)  # fmt: skip
def test_number_forms(form: Form, text: str) -> None:
    assert text == written(DID, form, "44")
    assert (DID if form != "short" else None) == read_number(text, (form,), "44")


def test_a_number_in_a_form_that_is_not_accepted_is_none() -> None:
    assert None is read_number("02079460000", ("+e164", "e164"), "44")
    assert None is read_number("alice", ("+e164", "e164"), "44")


@pytest.mark.parametrize(
    ("headers", "rules", "number", "status"),
    [
        ({"From": DID}, {}, DID, 0),
        ({"From": "1001", "P-Asserted-Identity": DID}, {}, DID, 0),
        ({"From": "1001"}, {"foreign": "replace"}, DID, 0),
        ({"From": "1001"}, {"foreign": "reject"}, "", 403),
        ({"From": "+15550155"}, {"foreign": "pass"}, "+15550155", 0),
        ({"From": "+15550155"}, {"foreign": "reject", "verified": ("+15550155",)}, "+15550155", 0),
        ({"From": "+15550155", "Diversion": DID},
         {"foreign": "reject", "forwarded_needs": "Diversion"}, "+15550155", 0),
        ({"From": "anonymous"}, {"withheld": "reject"}, "", 433),
        ({"From": "anonymous"}, {}, "", 0),
        ({"From": "anonymous", "P-Asserted-Identity": DID, "Privacy": "id"}, {"withheld": "reject"}, "", 0),
        ({"From": "anonymous", "P-Asserted-Identity": "1001", "Privacy": "id"}, {"foreign": "reject"}, "", 403),
        ({"From": DID, "Remote-Party-ID": "+1"}, {"precedence": ("From",)}, DID, 0),
    ],
)  # fmt: skip
def test_caller_id_rules(headers: dict[str, str], rules: dict[str, Any], number: str, status: int) -> None:
    rows = [(name, f"<sip:{user}@pbx>") for name, user in headers.items()]
    trunk = Trunk("t", dids=(DID,), caller_id=CallerId(**rules))
    shown = presented(Request("INVITE", "sip:+1@p", rows), trunk, "44")
    assert (number, status) == (shown.number, shown.status)


def test_an_altered_body_keeps_a_right_content_length_unless_told_not_to() -> None:
    message = Request("INVITE", "sip:a@b", [("Call-ID", "x")], b"c=IN IP4 10.0.0.1\r\n").raw
    bent = altered(message, [(r"10\.0\.0\.1", "192.168.100.100")])
    assert b"Content-Length: 26\r\n" in bent
    assert b"Content-Length: 19\r\n" in altered(message, [(r"10\.0\.0\.1", "192.168.100.100")], keep_length=True)
