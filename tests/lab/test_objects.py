"""Our objects are Asterisk's: it loads what we say it loads, and refuses what we say it refuses."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from labkit.errors import ConfigRejected
from labkit.lab.lab import Lab
from labkit.pjsip import reference
from labkit.pjsip.objects import read_objects
from labkit.pjsip.reported import differences
from labkit.runtime.topology import lab_env

MUST = {
    "aor": "",
    "auth": "username=x\npassword=x\n",
    "endpoint": "",
    "identify": "endpoint=provider\nmatch=192.0.2.1\n",
    "registration": "server_uri=sip:127.0.0.1:9\nclient_uri=sip:a@127.0.0.1:9\n",
}
VALUES = {
    "flag": ("yes", "zz"),
    "switch": ("YES", "zz"),
    "number": ("7", "5.5", "0x10", "010", "08", "zz", "", "99999999999"),
    "decimal": ("7", "5.5", "1e3", "zz"),
    "choice": ("zz",),
    "codecs": ("all", "!all,ulaw", "ULAW", "ulaw:20", "ulaw,zz", ""),
    "uri": ("sip:a@b", "SIP:b", "tel:123", "b"),
    "uris": ("sip:a@b", "sip:[::1]:5060", "b"),
    "acl": ("10.0.0.0/8", "10.0.0.0/255.0.0.0", "!10.0.0.1", "10.0.0.0/33", "zz"),
    "variables": ("a=b", "a"),
}
NARROWER = {"timers_min_se", "timers_sess_expires", "rtp_port_start", "rtp_port_end"}
"""Numbers with limits of their own."""
WIZARDS = """[trunk](!)
type = wizard
remote_hosts = 203.0.113.50, 203.0.113.51:5080
endpoint/allow = !all,ulaw
[both](trunk)
sends_auth = yes
sends_registrations = yes
outbound_auth/username = user
outbound_auth/password = secret
transport = transport-udp
outbound_proxy = sip:203.0.113.99\\;lr
[phone]
type = wizard
accepts_auth = yes
accepts_registrations = yes
inbound_auth/username = phone
inbound_auth/password = secret
aor/max_contacts = 2
[line](trunk)
sends_registrations = yes
sends_line_with_registrations = yes
server_uri_pattern = sip:z@${REMOTE_HOST}
contact_pattern = sip:x@${REMOTE_HOST}
registration/contact_user = zz
[own](trunk)
accepts_registrations = yes
endpoint/aors = other
aor/contact = sip:own@203.0.113.9
[matches](trunk)
identify/match = 203.0.113.7
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Any running Asterisk."""
    with Lab("objects", runtime="namespaces").up(fresh=True) as made:
        yield made
        made.down()


@pytest.mark.parametrize("type_", MUST)
def test_asterisk_refuses_what_we_say_it_refuses(lab: Lab, type_: str) -> None:
    tried = [
        (name, value)
        for name, known in reference.options(type_).items()
        if name not in NARROWER and (type_, name) != ("registration", "line")
        for value in (*VALUES.get(known.kind, ()), *known.choices)
    ]
    own = [
        "".join(line for line in MUST[type_].splitlines(True) if not line.startswith(f"{name}=")) for name, _ in tried
    ]
    text = "".join(
        f"[t{at}]\ntype={type_}\n{must}{name}={value}\n"
        for at, (must, (name, value)) in enumerate(zip(own, tried, strict=True))
    )
    lab.config["pjsip.d/tried.conf"] = text
    with suppress(ConfigRejected):
        lab.reload()
    ours = read_objects({"pjsip.conf": text}).of(type_)
    held = {f"t{at}": lab.ari.object(type_, f"t{at}") for at in range(len(tried))}
    assert len(tried) > 0
    assert [tried[at] for at in range(len(tried)) if (f"t{at}" in ours) != (held[f"t{at}"] is not None)] == []
    different = {tried[int(name[1:])]: differences(each, held[name] or {}) for name, each in ours.items()}
    assert [(key, found) for key, found in different.items() if found] == []


def apart(lab: Lab) -> list[str]:
    """Where our objects are not Asterisk's, in words."""
    found = []
    for each in read_objects(lab.config).all:
        held = lab.ari.object(each.type, each.id)
        unequal = ["Asterisk has none"] if held is None else differences(each, held)
        found += [f"{each.type} {each.id}: {difference}" for difference in unequal]
    return found


def test_the_healthy_labs_objects_are_asterisks(lab: Lab) -> None:
    del lab.config["pjsip.d/tried.conf"]
    lab.reload()
    assert len(read_objects(lab.config).all) >= 15
    assert apart(lab) == []


@pytest.mark.parametrize("slug", [path.name for path in sorted((lab_env() / "scenarios").iterdir()) if path.is_dir()])
def test_a_scenarios_objects_are_asterisks(lab: Lab, slug: str) -> None:
    lab.break_(slug)
    with suppress(ConfigRejected):  # a fault that was not loaded, or that Asterisk refuses
        lab.reload()
    if apart(lab):  # what only a restart loads is told apart until then
        assert [trouble for trouble in lab.objects.troubles if "changed, not loaded" in trouble]
        with suppress(ConfigRejected):
            lab.restart()
    assert apart(lab) == []


def test_files_and_asterisk_are_told_apart_on_the_lab(lab: Lab) -> None:
    lab.heal()
    assert lab.objects.troubles == []
    lab.config.replace("pjsip.d/trunk-provider.conf", "qualify_frequency = 25", "qualify_frequency = 30")
    lab.config.replace("pjsip.d/phone-1001.conf", "direct_media = no", "direct_meda = no")
    changed, kept = lab.objects.troubles
    assert changed == "aor provider: changed, not loaded (qualify_frequency: the file says 30, Asterisk 25)"
    assert kept.startswith("endpoint 1001: refused, Asterisk keeps the old one (endpoint has no option 'direct_meda'")


def test_the_wizards_objects_are_asterisks(lab: Lab) -> None:
    lab.heal()
    lab.config["modules.conf"] += "load = res_pjsip_config_wizard.so\n"
    lab.config["pjsip_wizard.conf"] = WIZARDS
    lab.restart()
    assert len(read_objects(lab.config).all) >= 33
    assert apart(lab) == []
