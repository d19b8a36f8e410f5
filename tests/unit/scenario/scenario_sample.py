"""A whole scenario to begin from, and a folder to put one into."""

from pathlib import Path

from labkit.runtime import topology
from labkit.scenario.values import address_values, own_values

TEXT = """
title = "Registered, but every inbound call is refused"
fault = "A01"
family = "inbound"
layer = "signalling"
object = "identify.match"
also = ["identify"]
story = "Nobody can call {{did.first}}."
cause = "The identify object names another address."

[vary]
old_host = ["198.51.100.7", "198.51.100.23", "192.0.2.44"]

[[break]]
file = "pbx/pjsip.d/trunk-provider.conf"
old = "match = {{provider}} "
new = "match = {{old_host}} "

[[fix]]
file = "pbx/pjsip.d/trunk-provider.conf"
old = "match = {{old_host}} "
new = "match = {{provider}} "

[[wrong]]
why = "The password must be wrong?"
reply = "The 401 is ours."
change = [{ file = "pbx/pjsip.d/trunk-provider.conf", old = "password = {{account.password}}", new = "password = x" }]

[[call]]
name = "customer"
by = "{{customer}}"
to = "{{did.first}}"
[call.good]
answered = true
at = "phone-1001"
presented = "{{customer}}"
both_ways = true
tone = true
[call.bad]
status = 401

[[evidence]]
message = "401 to INVITE"
from = "pbx"
to = "provider"
matches = "^WWW-Authenticate"
call = "customer"
says = "The 401 comes from our PBX."

[[evidence]]
log = "failed for '{{provider}}:.* No matching endpoint found"
level = "NOTICE"

[[question]]
id = "who"
text = "Who sent the 401 to the INVITE?"
answer = ["pbx", "Asterisk"]
hints = ["Look at the arrow.", "Where does it begin?"]
[question.wrong]
provider = "Look at the direction of the arrow."
"""


def values(seed: int | None = None) -> dict[str, str]:
    """A lab's values, with folders that no file of it will be written to."""
    made = {**address_values(topology.load()), **own_values(seed)}
    return made | dict.fromkeys(("lab", "modules", "data"), "/lab") | {"pbx.control": "127.0.0.1"}


def written(folder: Path, text: str = TEXT, slug: str = "inbound-refused") -> Path:
    """Put a scenario into a folder; gives its own folder."""
    place = folder / slug
    place.mkdir(parents=True)
    (place / "scenario.toml").write_text(text)
    return place
