"""The way of one packet that was seen at several points, and what a NAT on the way did to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from labkit.errors import ParseError
from labkit.show.sheet import Detail
from labkit.sip.message import Request, Response, parse
from labkit.sip.sdp import SessionDescription
from labkit.trace.nat import Endpoint, Sighting, along


@dataclass(frozen=True, slots=True)
class Passage:
    """A packet from its sender to its receiver."""

    source: Endpoint
    """As its sender sent it."""
    target: Endpoint
    """As its receiver got it."""
    nat: Endpoint | None
    """The address on the other side of the NAT, where there is one on the way."""
    changes: tuple[Detail, ...] = ()
    """What the NAT rewrote, what it left, what was right before."""


def passage(sightings: Sequence[Sighting]) -> Passage:
    """The way of a packet through the points where it was seen, in any order."""
    first, last = along(sightings)
    if first.source != last.source:
        return Passage(first.source, last.target, last.source, _outbound(first, last))
    if first.target != last.target:
        return Passage(first.source, last.target, first.target, _inbound(first, last))
    return Passage(first.source, last.target, None)


def named(data: bytes) -> dict[str, str]:
    """The addresses that a message tells its reader to use: Via (of a request), Contact, SDP."""
    try:
        message = parse(data)
    except ParseError:
        return {}
    found = {}
    for name, read in READERS.items():
        with suppress(ParseError):
            if address := read(message):
                found[name] = address
    return found


def _outbound(inside: Sighting, outside: Sighting) -> tuple[Detail, ...]:
    hidden, public = inside.source[0], outside.source[0]
    details = [Detail(f"source {hidden} → {public}")]
    before, after = named(inside.data), named(outside.data)
    details += [Detail(f"{name} {before[name]} → {after[name]}") for name in _rewritten(before, after)]
    kept = [name for name in after if before.get(name) == after[name]]
    details += [Detail(f"{name} still says {hidden}", alarm=True) for name in kept if after[name] == hidden]
    right = [name for name in kept if after[name] == public]
    if right and right != ["Via"]:
        details.append(Detail(f"already right: {', '.join(right)}"))
    return tuple(details)


def _inbound(outside: Sighting, inside: Sighting) -> tuple[Detail, ...]:
    before, after = named(outside.data), named(inside.data)
    details = [Detail(f"target {outside.target[0]} → {inside.target[0]}")]
    return (*details, *(Detail(f"{name} {before[name]} → {after[name]}") for name in _rewritten(before, after)))


def _rewritten(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [name for name in after if name in before and before[name] != after[name]]


def _via(message: Request | Response) -> str | None:
    return message.via.host if isinstance(message, Request) else None


def _contact(message: Request | Response) -> str | None:
    return message.contact.uri.host if message.contact else None


def _media(message: Request | Response) -> str | None:
    session = SessionDescription.parse(message.body) if message.body else None
    return session.address(session.media[0]) if session and session.media else None


READERS: dict[str, Callable[[Request | Response], str | None]] = {"Via": _via, "Contact": _contact, "SDP": _media}
"""Where a message says which address to use."""
