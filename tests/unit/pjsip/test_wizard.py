"""A wizard's section makes the objects that Asterisk makes of it."""

from labkit.pjsip.objects import Objects, read_objects

TRUNK = """[trunk](!)
type = wizard
sends_auth = yes
sends_registrations = yes

[provider](trunk)
remote_hosts = 203.0.113.10, 203.0.113.11:5080
outbound_auth/username = user
outbound_auth/password = secret-words-here
endpoint/context = from-provider
aor/qualify_frequency = 25
registration/expiration = 300
"""


def objects(text: str, pjsip: str = "") -> Objects:
    return read_objects({"pjsip.conf": pjsip, "pjsip_wizard.conf": text})


def test_a_trunk_is_five_kinds_of_object() -> None:
    made = objects(TRUNK)
    assert [(each.type, each.id) for each in made.all] == [
        ("aor", "provider"),
        ("auth", "provider-oauth"),
        ("endpoint", "provider"),
        ("identify", "provider-identify"),
        ("registration", "provider-reg-0"),
        ("registration", "provider-reg-1"),
    ]
    assert made.aors["provider"].values("contact") == ["sip:203.0.113.10", "sip:203.0.113.11:5080"]
    assert made.identifies["provider-identify"].values("match") == ["203.0.113.10", "203.0.113.11:5080"]
    assert made.registrations["provider-reg-1"].value("client_uri") == "sip:user@203.0.113.11:5080"
    assert not [link for link in made.links if link.broken]


def test_what_the_wizard_writes_points_to_the_line_it_comes_from() -> None:
    made = objects(TRUNK)
    assert made["provider"].setting("endpoint.context").place == "pjsip_wizard.conf:10"
    assert made["provider"].setting("endpoint.outbound_auth").place == "pjsip_wizard.conf:3"
    assert made.registrations["provider-reg-0"].setting("server_uri").place == "pjsip_wizard.conf:7"


def test_line_takes_the_place_of_identify() -> None:
    made = objects(TRUNK + "sends_line_with_registrations = yes\n")
    assert made.identifies == {}
    assert made.registrations["provider-reg-0"].flag("line")
    assert made.registrations["provider-reg-0"].value("endpoint") == "provider"


def test_a_phone_registers_with_us() -> None:
    made = objects("[11]\ntype=wizard\naccepts_auth=yes\naccepts_registrations=yes\ninbound_auth/username=11\n")
    assert [(each.type, each.id) for each in made.all] == [
        ("aor", "11"),
        ("auth", "11-iauth"),
        ("endpoint", "11"),
    ]
    assert made.endpoints["11"].value("auth") == "11-iauth"


def test_own_contacts_and_matches_come_before_hosts() -> None:
    made = objects(TRUNK + "aor/contact = sip:own\nidentify/match = 192.0.2.1\n")
    assert made.aors["provider"].values("contact") == ["sip:own"]
    assert made.identifies["provider-identify"].values("match") == ["192.0.2.1"]


def test_patterns_are_filled() -> None:
    made = objects(TRUNK + "client_uri_pattern = sip:x-${USERNAME}@${REMOTE_HOST}:5061\ncontact_pattern = sip:y\n")
    assert made.registrations["provider-reg-0"].value("client_uri") == "sip:x-user@203.0.113.10:5061"
    assert made.aors["provider"].values("contact") == ["sip:y", "sip:y"]


def test_an_object_of_pjsip_conf_comes_before_the_wizards() -> None:
    made = objects(TRUNK, "[provider]\ntype=endpoint\ncontext=own\n")
    assert made.endpoints["provider"].value("context") == "own"
    assert made.refused == ()
