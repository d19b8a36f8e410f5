"""The lab's PJSIP objects: explained, linted, and as its Asterisk holds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from labkit.lab import status
from labkit.lab.ami import Message
from labkit.lab.config import ROUTER
from labkit.pjsip import documentation, explaining
from labkit.pjsip.explaining import Explanation
from labkit.pjsip.graph import Held, ObjectGraph, object_graph
from labkit.pjsip.lint import Report, lint_files
from labkit.pjsip.objects import read_objects
from labkit.runtime import rootfs

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

_LISTED = {
    "aor": "PJSIPShowAors",
    "auth": "PJSIPShowAuths",
    "endpoint": "PJSIPShowEndpoints",
    "registration": "PJSIPShowRegistrationsOutbound",
}
"""Types that AMI lists, and by which action."""
_IDENTIFY = re.compile(r"^ *Identify: +([^\s/<]+)/", re.MULTILINE)


def explain(option: str, config: Mapping[str, str]) -> Explanation:
    """An option with its value in the lab's files and with Asterisk's own words, where there are such."""
    found = rootfs.find()
    pages = documentation.Documentation.read(found.path / documentation.PATH) if found else None
    return explaining.explain(option, read_objects(config) if "pjsip.conf" in config else None, pages)


def lint(config: Mapping[str, str]) -> Report:
    """What lint finds in the lab's files; its RTP ports are compared with the router's rules."""
    files = dict(config)
    return lint_files(files, files.get(ROUTER, ""))


def held(lab: Lab) -> Held:
    """What the lab's Asterisk holds: objects over ARI, registrations and contacts over AMI."""
    pbx, known = lab.pbx, read_objects(lab.config)
    keys = {(each.type, each.id) for each in (*known.all, *(refusal.object for refusal in known.refused))}
    keys |= {(type_, name) for type_, action in _LISTED.items() for name in _names(status.listed(pbx, action), type_)}
    keys |= {("identify", match[1]) for match in _IDENTIFY.finditer(pbx.command("pjsip list identifies"))}
    asked = ((key, lab.ari.object(*key)) for key in sorted(keys) if key[0] != "acl")
    found = {key: each for key, each in asked if each}
    details = (pbx.action("PJSIPShowEndpoint", Endpoint=name).events for type_, name in found if type_ == "endpoint")
    contacts = {
        (event["AOR"], event["URI"]): event["Status"]
        for events in details
        for event in events
        if event["Event"] == "ContactStatusDetail"
    }
    return Held(found, status.registrations(pbx), contacts)


def graph(lab: Lab) -> ObjectGraph:
    """The lab's objects, files and Asterisk merged."""
    return object_graph(read_objects(lab.config), held(lab))


def _names(events: list[Message], type_: str) -> Iterator[str]:
    return (event["ObjectName"] for event in events if event.get("ObjectType") == type_)
