"""Our objects are Asterisk's: it loads what we say it loads, and refuses what we say it refuses."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from labkit.errors import ConfigRejected
from labkit.lab.lab import Lab
from labkit.pjsip import reference
from labkit.pjsip.objects import read_objects

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
    "number": ("7", "5.5", "0x10", "zz", "", "99999999999"),
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
    differ = [
        f"{name} = {value}"
        for at, (name, value) in enumerate(tried)
        if (f"t{at}" in ours) != (lab.ari.object(type_, f"t{at}") is not None)
    ]
    assert len(tried) > 0
    assert differ == []
