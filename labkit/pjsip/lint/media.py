"""Addresses behind NAT, codecs and media."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject, covers
from labkit.pjsip.lint.trunks import at
from labkit.pjsip.objects import Object
from labkit.pjsip.reference import whole

_NAT = "docs.asterisk.org, Configuring res_pjsip to work through NAT"
_EXTERNAL = ("external_media_address", "external_signaling_address")
_DEFINE = re.compile(r"^\s*define\s+(\w+)\s*=\s*(.+?)\s*$", re.MULTILINE)
_OPENED = re.compile(r"udp\s+dport\s+(?:\{([^}]*)\}|(\S+))|-p\s+udp\b.*?--dports?\s+(\S+)")
_PORTS = re.compile(r"(\d+)(?:[-:](\d+))?")


@rule(
    "PJ201", "warning", "external_* without local_net",
    why="Without local_net Asterisk takes every host for one outside: phones beside it are told the public address.",
    fix="Name your own networks in local_net.",
    lesson="12", source=_NAT,
)  # fmt: skip
def no_local_net(subject: Subject) -> Iterator[Spot]:
    """Transports that rewrite for everybody."""
    for transport in subject.objects.transports.values():
        for option in _EXTERNAL:
            if transport.value(option) and not transport.values("local_net"):
                yield at(transport, transport.setting(option), f"transport [{transport.id}] has {option}, no local_net")
                break


@rule(
    "PJ202", "warning", "local_net without external_*",
    why="local_net only says who is not to be told the public address; without external_* nobody is told it.",
    fix="Set external_media_address and external_signaling_address.",
    lesson="12", source=_NAT,
)  # fmt: skip
def half_external(subject: Subject) -> Iterator[Spot]:
    """Transports behind NAT that lack one or both public addresses."""
    for transport in subject.objects.transports.values():
        missing = [option for option in _EXTERNAL if not transport.value(option)]
        given = [option for option in (*_EXTERNAL, "local_net") if transport.value(option)]
        if missing and given:
            text = f"transport [{transport.id}] has {' and '.join(given)}, but no {' and no '.join(missing)}"
            yield at(transport, transport.setting(given[0]), text)


@rule(
    "PJ203", "warning", "local_net that holds the provider",
    why="Hosts in local_net are told the private address: the provider sends its media to nowhere.",
    fix="Make local_net as narrow as your own networks.",
    lesson="12", source=_NAT,
)  # fmt: skip
def wide_local_net(subject: Subject) -> Iterator[Spot]:
    """Trunks whose address lies in local_net of a transport with external addresses."""
    for trunk in subject.trunks:
        transport = subject.transport(trunk)
        if transport and any(transport.value(option) for option in _EXTERNAL):
            networks = [part for value in transport.values("local_net") for part in value.split(",")]
            for host in subject.hosts(trunk):
                if covers(networks, host):
                    text = f"endpoint [{trunk.id}] is at {host}, which local_net of [{transport.id}] holds"
                    yield at(transport, transport.setting("local_net"), text)


@rule(
    "PJ204", "warning", "direct_media across NAT",
    why="After the answer Asterisk makes both ends send to each other by re-INVITE; through NAT they cannot: silence.",
    fix="Write direct_media = no.",
    lesson="13", source=_NAT,
)  # fmt: skip
def direct_media(subject: Subject) -> Iterator[Spot]:
    """Endpoints with direct media in a configuration that knows of a NAT."""
    behind = any(each.value(option) for each in subject.objects.transports.values() for option in _EXTERNAL)
    for endpoint in subject.objects.endpoints.values():
        if behind and endpoint.flag("direct_media") and endpoint.codecs:
            how = "has direct_media = yes" if endpoint.setting("direct_media").given else "leaves direct_media at yes"
            yield at(endpoint, endpoint.setting("direct_media"), f"endpoint [{endpoint.id}] {how}, and there is a NAT")


@rule(
    "PJ205", "error", "No codec is allowed",
    why="allow is empty by default: every call of the endpoint ends with a 488, incoming and outgoing.",
    fix="Name the codecs, such as allow = !all,alaw,ulaw.",
    lesson="10", source="docs.asterisk.org, res_pjsip endpoint allow",
)  # fmt: skip
def empty_allow(subject: Subject) -> Iterator[Spot]:
    """Endpoints whose allow and disallow leave nothing."""
    for endpoint in subject.objects.endpoints.values():
        if not endpoint.codecs and not _written_elsewhere(subject, endpoint):
            yield at(endpoint, endpoint.setting("allow"), f"endpoint [{endpoint.id}] allows no codec")


def _written_elsewhere(subject: Subject, endpoint: Object) -> bool:
    """Whether the endpoint's template lies in a file that is not here."""
    return not subject.whole and not endpoint.values("allow")


@rule(
    "PJ206", "hint", "disallow = all after allow",
    why="The lines count in their order: what was allowed before is taken away again.",
    fix="Write disallow = all first, or allow = !all,... in one line.",
    lesson="10", source="docs.asterisk.org, res_pjsip endpoint allow",
)  # fmt: skip
def late_disallow(subject: Subject) -> Iterator[Spot]:
    """Endpoints that allow first and disallow all after it."""
    for endpoint in subject.objects.endpoints.values():
        allowed = False
        for option in endpoint.options:
            if option.name.lower() == "disallow" and option.value.strip().lower() == "all" and allowed:
                text = f"endpoint [{endpoint.id}] takes away what it allowed before"
                yield Spot(text, option.file, option.line, f"endpoint {endpoint.id}", "disallow")
            allowed = allowed or (option.name.lower() == "allow" and not option.inherited)


@rule(
    "PJ207", "warning", "RTP ports that the firewall does not let in",
    why="Calls whose port lies outside are silent in one direction, by chance: the more calls, the more of them.",
    fix="Open the range of rtp.conf, or narrow rtp.conf to what is open.",
    lesson="13", source="docs.asterisk.org, rtp.conf; without it Asterisk 22 uses 5000 to 31000",
)  # fmt: skip
def rtp_range(subject: Subject) -> Iterator[Spot]:
    """An RTP range that is not within one range of open UDP ports."""
    if not subject.firewall:
        return
    section = subject.config("rtp.conf").find("general")
    options = {option.name.lower(): option for option in section.options} if section else {}
    begin, end = (
        int(options[name].value) if name in options and options[name].value.isdecimal() else default
        for name, default in (("rtpstart", 5000), ("rtpend", 31000))
    )
    ranges = list(open_ports(subject.firewall))
    if not any(low <= begin and end <= high for low, high in ranges):
        opened = ", ".join(f"{low}-{high}" if low != high else str(low) for low, high in ranges) or "none"
        place = options.get("rtpend") or options.get("rtpstart")
        text = f"RTP uses {begin}-{end}, the firewall lets UDP {opened} in"
        yield Spot(text, place.file if place else "rtp.conf", place.line if place else 0, "rtp general", "rtpend")


def open_ports(rules: str) -> Iterator[tuple[int, int]]:
    """Ranges of UDP ports that rules of nft or iptables-save name as destination."""
    values = dict(_DEFINE.findall(rules))
    for match in _OPENED.finditer(rules):
        text = next(filter(None, match.groups()), "")
        text = re.sub(r"\$(\w+)", lambda name: values.get(name[1], ""), text)
        for ports in _PORTS.finditer(text):
            yield int(ports[1]), int(ports[2] or ports[1])


@rule(
    "PJ209", "hint", "A trunk behind NAT that nothing keeps open",
    why="The NAT forgets an idle UDP flow in 30 to 60 s; then calls reach us only just after a REGISTER.",
    fix="Set qualify_frequency to 25 on the trunk's aor.",
    lesson="11", source=_NAT,
)  # fmt: skip
def idle_pinhole(subject: Subject) -> Iterator[Spot]:
    """Registered trunks behind NAT without qualify."""
    for trunk in subject.trunks:
        transport = subject.transport(trunk)
        if not transport or not any(transport.value(option) for option in _EXTERNAL):
            continue
        for aor in subject.aors(trunk):
            seldom = all(whole(each.value("expiration")) > 60 for each in subject.registrations(trunk))
            if subject.registrations(trunk) and seldom and whole(aor.value("qualify_frequency")) == 0:
                yield at(aor, aor.setting("qualify_frequency"), f"aor [{aor.id}] is never asked by OPTIONS")


@rule(
    "PJ210", "warning", "Two public addresses that differ",
    why="Via and Contact then show another address than SDP; where one is stale, ACK and BYE, or media, go astray.",
    fix="Write the router's present address into both, or its host name.",
    lesson="12", source=_NAT,
)  # fmt: skip
def different_external(subject: Subject) -> Iterator[Spot]:
    """Transports whose signalling and media show different addresses."""
    for transport in subject.objects.transports.values():
        signalling, media = (transport.value(option) for option in reversed(_EXTERNAL))
        if signalling and media and signalling != media:
            text = f"transport [{transport.id}] shows {signalling} in signalling and {media} in SDP"
            yield at(transport, transport.setting("external_signaling_address"), text)
