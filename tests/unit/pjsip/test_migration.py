"""A sip.conf becomes PJSIP objects: each option in its place, each decision with its reason, none lost in silence."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.cli import main
from labkit.errors import ParseError
from labkit.pjsip.lint import lint_files
from labkit.pjsip.migration import migrate
from labkit.pjsip.migration.words import GONE, WORDS
from labkit.pjsip.objects import Objects, read_objects

PHONE = "[1001]\ntype=friend\nhost=dynamic\nsecret=a-long-secret-of-1001\ncontext=in\nallow=alaw\n"
TRUNK = "[trunk]\ntype=peer\nhost=203.0.113.10\nsecret=a-long-secret\ndefaultuser=me\ncontext=in\nallow=alaw\n"


def made(text: str) -> Objects:
    """The objects of the migrated file, all of which Asterisk must load."""
    objects = read_objects({"pjsip.conf": str(migrate({"sip.conf": text}))})
    assert objects.refused == ()
    assert [link for link in objects.links if link.broken] == []
    return objects


def test_a_phone_registers_with_its_password() -> None:
    phone = made(PHONE)["1001"]
    assert phone.value("endpoint.auth") == "1001"
    assert phone.value("aor.max_contacts") == "1"
    assert phone.value("auth.username") == "1001"
    assert "contact" not in {option.name for option in phone.of("aor")[0].options}


def test_a_trunk_is_called_identified_and_answered() -> None:
    trunk = made(TRUNK + "insecure=port,invite\nport=5070\n")["trunk"]
    assert trunk.value("aor.contact") == "sip:203.0.113.10:5070"
    assert trunk.value("identify.match") == "203.0.113.10"
    assert trunk.value("endpoint.outbound_auth") == "trunk"
    assert trunk.value("endpoint.auth") == ""


def test_a_183_without_sdp_stays_ringing_on_a_trunk() -> None:
    set_by_both = {made(text)[name].value("endpoint.ignore_183_without_sdp") for text, name in
                   ((TRUNK, "trunk"), (TRUNK + "progressinband=yes\n", "trunk"))}  # fmt: skip
    assert set_by_both == {"yes"}
    assert "ignore_183_without_sdp" not in str(migrate({"sip.conf": PHONE}))


def test_a_peer_that_was_challenged_still_is_and_is_told_of() -> None:
    text = str(migrate({"sip.conf": TRUNK}))
    assert "; chan_sip challenged its calls; a provider does not log in: then remove it" in text
    assert made(TRUNK)["trunk"].value("endpoint.auth") == "trunk"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("me:pw@203.0.113.10", ("sip:203.0.113.10", "sip:me@203.0.113.10", "s", "me", "120")),
        ("me:pw:login@trunk:5080/4420~60", ("sip:203.0.113.10:5080", "sip:me@203.0.113.10", "4420", "login", "60")),
        ("tcp://me@example.org:pw@trunk/1", ("sip:203.0.113.10", "sip:me@example.org", "1", "me", "120")),
        ("trunk?me:pw@trunk", ("sip:203.0.113.10", "sip:me@203.0.113.10", "s", "me", "120")),
    ],
)
def test_a_register_line_becomes_a_registration(line: str, expected: tuple[str, ...]) -> None:
    objects = made(f"[general]\nregister => {line}\ntcpenable=yes\n{TRUNK}insecure=invite\n")
    (registration,) = objects.registrations.values()
    login = objects.auths[registration.value("outbound_auth")]
    names = ("server_uri", "client_uri", "contact_user")
    found = [*(registration.value(name) for name in names), login.value("username"), registration.value("expiration")]
    assert tuple(found) == expected


def test_a_register_line_that_nobody_understands_is_lost_aloud() -> None:
    (lost,) = migrate({"sip.conf": "[general]\nregister => ???\n"}).lost
    assert str(lost) == "sip.conf:2 [general] register: the register line is not understood"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nat=force_rport,comedia", {"force_rport": "yes", "rtp_symmetric": "yes", "rewrite_contact": "yes"}),
        ("nat=no", {"force_rport": "no", "rtp_symmetric": "false"}),
        ("canreinvite=nonat", {"direct_media": "yes", "disable_direct_media_on_nat": "yes"}),
        ("directmedia=update", {"direct_media": "yes", "direct_media_method": "update"}),
        ("dtmfmode=rfc2833", {"dtmf_mode": "rfc4733"}),
        ("sendrpid=pai", {"send_pai": "yes"}),
        ("sendrpid=yes", {"send_rpid": "yes"}),
        ("session-timers=refuse", {"timers": "no"}),
        ("session-minse=30", {"timers_min_se": "90"}),
        ("encryption=yes", {"media_encryption": "sdes"}),
        ("t38pt_udptl=yes,redundancy", {"t38_udptl": "yes", "t38_udptl_ec": "redundancy"}),
        ("outboundproxy=proxy.example.org", {"outbound_proxy": "sip:proxy.example.org;lr"}),
        ("callgroup=1", {"call_group": "1"}),
        ("setvar=a=b", {"set_var": "a=b"}),
        ("progressinband=never", {"inband_progress": "no"}),
    ],
)
def test_an_option_of_a_peer_finds_its_place(old: str, new: dict[str, str]) -> None:
    endpoint = made(f"{PHONE}{old}\n").endpoints["1001"]
    assert {name: endpoint.value(name) for name in new} == new


def test_a_peer_that_qualifies_overrules_general_which_does_not() -> None:
    aor = made("[general]\nqualify=no\n" + PHONE + "qualify=yes\n").aors["1001"]
    assert "60" == aor.value("qualify_frequency")


def test_qualify_becomes_a_frequency_and_a_timeout() -> None:
    aor = made(PHONE + "qualify=1500\nqualifyfreq=30\n").aors["1001"]
    assert (aor.value("qualify_frequency"), aor.value("qualify_timeout")) == ("30", "1.5")


def test_general_says_what_peers_do_not() -> None:
    general = "[general]\ndisallow=all\nallow=ulaw\nallow=gsm\ncontext=public\n"
    nat = "externip=198.51.100.1:5080\nlocalnet=10.0.0.0/8\n"
    objects = made(general + nat + PHONE + "[1002]\ntype=friend\nhost=dynamic\n")
    assert objects.endpoints["1001"].codecs == ("alaw",)
    assert objects.endpoints["1002"].codecs == ("ulaw", "gsm")
    assert objects.endpoints["1002"].value("context") == "public"
    transport = objects.transports["transport-udp"]
    assert transport.value("external_signaling_port") == "5080"
    assert transport.values("local_net") == ["10.0.0.0/8"]


def test_a_digest_that_was_kept_stays_one() -> None:
    auth = made(PHONE.replace("secret=a-long-secret-of-1001", f"md5secret={'0' * 32}")).auths["1001"]
    assert (auth.value("realm"), auth.value("password_digest")) == ("asterisk", f"MD5:{'0' * 32}")


def test_two_sections_of_one_name_stay_apart() -> None:
    assert list(made(PHONE + PHONE.replace("friend", "user")).endpoints) == ["1001", "1001-2"]


def test_what_is_lost_is_told_and_no_password_is_in_a_comment() -> None:
    migration = migrate({"sip.conf": PHONE + "videosupport=yes\nfoo=1\n"})
    assert [lost.option.name for lost in migration.lost] == ["videosupport", "foo"]
    assert ";   sip.conf:8 [1001] foo: there is no such thing in PJSIP" in str(migration)
    comments = [line.partition(";")[2] for line in str(migration).splitlines()]
    assert not [comment for comment in comments if "a-long-secret" in comment]


def test_a_migrated_file_has_no_error() -> None:
    text = f"[general]\nregister => me:pw@trunk/me\n{PHONE}{TRUNK}insecure=very\n"
    report = lint_files({"pjsip.conf": str(migrate({"sip.conf": text}))})
    assert [found.id for found in report.findings if found.severity != "hint"] == []


def test_a_file_without_sections_is_named() -> None:
    with pytest.raises(ParseError, match=r"sip\.conf holds no section"):
        migrate({"sip.conf": "; nothing\n"})


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*WORDS, *GONE, "host", "secret", "insecure", "register", "port"]),
                          st.text(st.characters(codec="ascii", exclude_characters="\n\r"), max_size=12))))  # fmt: skip
def test_any_peer_is_migrated_into_a_file_that_can_be_read(options: list[tuple[str, str]]) -> None:
    text = "[general]\n" + "".join(f"{name}={value}\n" for name, value in options)
    try:
        migration = migrate({"sip.conf": f"{text}[a]\ntype=peer\n" + text.removeprefix("[general]\n")})
    except ParseError:
        return
    assert "a" in {each.id for each in read_objects({"pjsip.conf": str(migration)}).all} | {
        refusal.object.id for refusal in read_objects({"pjsip.conf": str(migration)}).refused
    }


def test_the_command_prints_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sip.conf").write_text(PHONE + "foo=1\n")
    assert main(["migrate", str(tmp_path / "sip.conf")]) == 0
    assert "[1001]\ntype = endpoint\n" in capsys.readouterr().out
    assert main(["migrate", str(tmp_path), "--json"]) == 0
    (lost,) = json.loads(capsys.readouterr().out)["lost"]
    assert lost["option"]["name"] == "foo"
