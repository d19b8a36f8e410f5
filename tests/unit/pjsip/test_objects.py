"""Objects are what Asterisk makes of the files: values with their place, links, refusals."""

from pathlib import Path

import pytest

from labkit.errors import LabError, ParseError
from labkit.pjsip.objects import Objects, read_objects

TRUNK = """[trunk](!)
type = endpoint
context = from-provider
disallow = all

[udp]
type = transport
bind = 0.0.0.0:5060

[provider](trunk)
allow = alaw,ulaw
transport = udp
aors = provider
outbound_auth = provider
direct_media = no

[provider]
type = aor
contact = sip:203.0.113.10

[provider]
type = auth
username = me
password = secret-words-here

[provider]
type = identify
endpoint = provider
match = 203.0.113.10
"""


@pytest.fixture
def objects() -> Objects:
    return read_objects({"pjsip.conf": TRUNK})


def test_a_value_knows_where_it_was_set(objects: Objects) -> None:
    context = objects["provider"].setting("endpoint.context")
    assert str(context) == "[provider] endpoint.context = from-provider (pjsip.conf:3)"
    assert context.given


def test_a_value_that_nobody_set_is_the_default(objects: Objects) -> None:
    symmetric = objects["provider"].setting("endpoint.RTP_Symmetric")
    assert (symmetric.value, symmetric.place, symmetric.given) == ("false", "default", False)
    assert objects.endpoints["provider"].flag("allow_overlap")
    assert not objects.endpoints["provider"].flag("direct_media")


def test_codecs_are_what_allow_and_disallow_leave(objects: Objects) -> None:
    assert objects.endpoints["provider"].codecs == ("alaw", "ulaw")


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("", ()),
        ("allow=ulaw\nallow=!all,alaw", ("alaw",)),
        ("allow=ulaw,alaw:40\ndisallow=ulaw", ("alaw",)),
        ("allow=!ulaw", ()),
        ("allow=g722,!g722\nallow=opus,OPUS", ("opus",)),
    ],
)
def test_allow_and_disallow_count_in_their_order(lines: str, left: tuple[str, ...]) -> None:
    assert left == read_objects({"pjsip.conf": f"[a]\ntype=endpoint\n{lines}\n"}).endpoints["a"].codecs


def test_a_name_gathers_all_that_belongs_to_it(objects: Objects) -> None:
    provider = objects["provider"]
    assert [each.type for each in provider.objects] == ["endpoint", "aor", "auth", "identify", "transport"]
    assert "contact = sip:203.0.113.10    ; pjsip.conf:19" in str(provider)


def test_the_nearest_name_is_offered(objects: Objects) -> None:
    with pytest.raises(LabError, match=r"no PJSIP object 'providre'; did you mean 'provider'\?"):
        objects["providre"]
    with pytest.raises(LabError, match=r"no option 'rtp_symetric'; did you mean rtp_symmetric\?"):
        objects["provider"].value("endpoint.rtp_symetric")
    with pytest.raises(LabError, match="'provider' has no registration; it has: aor, auth, endpoint"):
        objects["provider"].value("registration.expiration")


def test_links_are_followed_and_broken_ones_found() -> None:
    objects = read_objects({"pjsip.conf": TRUNK.replace("aors = provider", "aors = provider,nobody")})
    assert [(link.setting.option, link.id) for link in objects.links if link.broken] == [("aors", "nobody")]
    assert [each.type for each in objects.linked(objects.endpoints["provider"])] == ["identify"]


def refusals(text: str) -> list[tuple[str, str, str]]:
    return [
        (refusal.object.type, refusal.object.id, refusal.reason)
        for refusal in read_objects({"pjsip.conf": text}).refused
    ]


@pytest.mark.parametrize(
    ("text", "type_", "reason"),
    [
        ("type=endpoint\nsetvar=a=b", "endpoint", "endpoint has no option 'setvar', did you mean 'set_var'?"),
        ("type=aor\nmax_contacts=one", "aor", "max_contacts must be a whole number, not 'one'"),
        ("type=endpoint\nallow=ulaw,g7", "endpoint", "allow must be codecs that Asterisk knows, not 'ulaw,g7'"),
        (
            "type=endpoint\nmedia_encryption=yes",
            "endpoint",
            "media_encryption must be one of no, sdes, dtls, not 'yes'",
        ),
        ("type=endpoint\ndeny=10.0.0.0/33", "endpoint", "deny must be an address or a network such as 192.0.2.0/24"),
        ("type=aor\ncontact=203.0.113.10", "aor", "contact must be a SIP URI such as sip:host:5060"),
        ("type=identify\nmatch=203.0.113.10", "identify", "an identify must have endpoint"),
        (
            "type=registration\nserver_uri=sip:a\nclient_uri=sip:b@a\nline=yes",
            "registration",
            "a registration must have both line = yes and endpoint, or neither",
        ),
    ],
)
def test_an_object_is_refused_for_one_wrong_option(text: str, type_: str, reason: str) -> None:
    ((found, name, said),) = refusals(f"[x]\n{text}\n")
    assert (found, name) == (type_, "x")
    assert said.startswith(reason)


def test_a_wrong_word_for_yes_or_no_means_no() -> None:
    objects = read_objects({"pjsip.conf": "[x]\ntype=endpoint\nforce_rport=yess\n"})
    assert not objects.endpoints["x"].flag("force_rport")


def test_two_objects_of_one_name_cost_all_of_their_type() -> None:
    text = "[a]\ntype=aor\n[b]\ntype=aor\n[a]\ntype=aor\n[a]\ntype=endpoint\n"
    assert [(type_, name) for type_, name, _ in refusals(text)] == [("aor", "a"), ("aor", "a"), ("aor", "b")]
    assert list(read_objects({"pjsip.conf": text}).endpoints) == ["a"]


def test_the_first_type_counts() -> None:
    objects = read_objects({"pjsip.conf": "[t](!)\ntype=aor\n[a](t)\ntype=endpoint\n"})
    assert [each.type for each in objects.all] == ["aor"]


def test_there_is_always_a_global_object(objects: Objects) -> None:
    assert objects.alone("global").value("keep_alive_interval") == "90"
    assert not objects.alone("global").given


def test_a_folder_and_a_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "pjsip.d").mkdir()
    (tmp_path / "pjsip.conf").write_text("#include /etc/asterisk/pjsip.d/*.conf\n")
    (tmp_path / "pjsip.d/a.conf").write_text(TRUNK)
    for source in (tmp_path, tmp_path / "pjsip.conf", str(tmp_path)):
        assert read_objects(source)["provider"].setting("endpoint.context").file == "pjsip.d/a.conf"


def test_no_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="There is no configuration at"):
        read_objects(tmp_path / "nowhere")
    (tmp_path / "a.conf").write_text("")
    with pytest.raises(ParseError, match=r"There is no file 'pjsip\.conf'; there are: a\.conf"):
        read_objects(tmp_path)
