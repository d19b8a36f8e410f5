"""A migrated sip.conf runs the lab: Asterisk loads it without an error, phones register, calls go out and come in."""

import time
from collections.abc import Iterator

import pytest

from labkit.lab.lab import Lab
from labkit.pjsip.migration import migrate

SIP = """[general]
bindaddr = {pbx}
externaddr = {router}
localnet = {lan}
disallow = all
allow = alaw
allow = ulaw
directmedia = no
qualify = no
register => {user}:{password}@provider/{user}~300

[phone](!)
type = friend
host = dynamic
context = from-phones
nat = no

[1001](phone)
secret = {secret_1001}
callerid = "Agent 1001" <1001>

[1002](phone)
secret = {secret_1002}
callerid = "Agent 1002" <1002>

[trunk](!)
type = peer
insecure = port,invite
context = from-provider
sendrpid = pai
dtmfmode = rfc2833

[provider](trunk)
host = {provider}
defaultuser = {user}
secret = {password}
fromdomain = {provider}

[provider-ip](trunk)
host = {second}
fromdomain = {second}
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab whose PJSIP objects all come out of a sip.conf."""
    with Lab("migration", runtime="namespaces").up(fresh=True) as made:
        values = made.values
        sip = SIP.format(
            pbx=values["pbx"], router=values["router.wan"], lan=values["lan"], provider=values["provider"],
            second=values["provider.2"], user=values["account.user"], password=values["account.password"],
            secret_1001=values["phone-1001.password"], secret_1002=values["phone-1002.password"],
        )  # fmt: skip
        for name in [name for name in made.config if name.startswith("pjsip.d/")]:
            del made.config[name]
        made.config["pjsip.d/migrated.conf"] = str(migrate({"sip.conf": sip}))
        made.restart()
        yield made
        made.down()


def test_asterisk_loads_every_object(lab: Lab) -> None:
    assert [str(line) for line in lab.log_since_change() if line.level == "ERROR"] == []
    deadline = time.monotonic() + 15.0  # the first REGISTER may leave ten seconds late: max_random_initial_delay
    while lab.objects.troubles and time.monotonic() < deadline:
        time.sleep(0.1)
    assert lab.objects.troubles == []


@pytest.mark.parametrize("number", ["1002", "+15550100", "8+15550100"])
def test_calls_go_out(lab: Lab, number: str) -> None:
    call = lab.call("phone-1001", number, hold_s=0.5, capture=False)
    assert call.answered


def test_calls_come_in(lab: Lab) -> None:
    assert lab.inbound(lab.values["did.first"], hold_s=0.5, capture=False).answered
