"""What was negotiated against what was sent: findings as data, for people and for the diagnosis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labkit.sip.sdp import Format
from labkit.trace.announced import Announcement
from labkit.trace.legs import Leg
from labkit.trace.nat import Endpoint, keeps_to
from labkit.trace.parties import OTHER, Parties, Party
from labkit.trace.scan import Flow

LATE_S = 1.0
"""Media that begins so long after the answer is late."""
ENOUGH_S = 2.0
"""A call has to be up so long before missing media means anything."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A stream as the findings need it."""

    point: str
    """Point of capture."""
    flow: Flow
    """From where to where."""
    first_s: float
    """When it began."""
    payload_types: tuple[int, ...]
    """Payload types seen."""
    party: Party | None
    """Who sends it."""
    source: Endpoint
    """Where its receiver sees it come from, as far as any point tells: another address than here behind a NAT."""
    target: Endpoint
    """Where its sender sends it, as far as any point tells."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not match."""

    kind: str
    """none, late, address, port, payload_type, direction, destination."""
    leg: int
    """Number of the leg."""
    point: str
    """Point of capture."""
    side: str
    """caller or callee: who sends."""
    time_s: float
    """When it was seen first."""
    frame: int | None
    """Frame of the description that it contradicts."""
    negotiated: str
    """What the descriptions say."""
    seen: str
    """What was sent."""

    def __str__(self) -> str:
        return f"leg {self.leg}, media from the {self.side}: negotiated {self.negotiated}, seen {self.seen}"


def findings(legs: Sequence[Leg], streams: Sequence[Seen], parties: Parties, points: Sequence[str]) -> list[Finding]:
    """All that does not match, leg by leg."""
    found: list[Finding] = []
    for leg in legs:
        for point in points:
            own = [each for each in streams if each.point == point and each.party and each.party.leg == leg.number]
            for each in own:
                found += _of_stream(leg, each, each.party) if each.party else ()
            if any(each.message.point == point for each in leg.known):
                found += _of_sides(leg, point, own, parties)
    return found


def _of_stream(leg: Leg, each: Seen, party: Party) -> Iterator[Finding]:
    """Findings about one stream of a leg."""

    def finding(kind: str, said: Announcement | None, negotiated: str, seen: str) -> Finding:
        frame = said.message.frame if said else None
        return Finding(kind, leg.number, each.point, party.side, each.first_s, frame, negotiated, seen)

    flow, own, expected = each.flow, party.own, party.expected
    if own and party.by == "dst" and own.media.port and not keeps_to(own.endpoint, flow[:2], each.source):
        address, port = own.endpoint
        kind = "port" if address == flow.src else "address"
        yield finding(kind, own, f"source {address}:{port}", f"source {flow.src}:{flow.src_port}")
    if expected and party.by == "src" and not keeps_to(expected.endpoint, flow[2:], each.target):
        address, port = expected.endpoint
        seen = f"destination {flow.dst}:{flow.dst_port}"
        yield finding("destination", expected, f"destination {address}:{port}", seen)
    if expected and (wrong := [kind for kind in each.payload_types if kind not in party.formats]):
        yield finding("payload_type", expected, f"payload types {_types(party.formats.values())}",
                      f"payload type {', '.join(map(str, wrong))}")  # fmt: skip
    if own and (direction := own.session.direction(own.media)) not in ("sendrecv", "sendonly"):
        yield finding(
            "direction", own, f"{direction} at {own.message.time_s:.3f} s", f"media from {each.first_s:.3f} s on"
        )


def _of_sides(leg: Leg, point: str, own: Sequence[Seen], parties: Parties) -> Iterator[Finding]:
    """Findings about media that should be there: none at all, or late."""
    if leg.answer is None:
        return
    answered_s = leg.answer.time_s
    for side in OTHER:
        sent = [each for each in own if each.party and each.party.side == side]
        described = (
            parties.described(leg.number, side, answered_s),
            parties.described(leg.number, OTHER[side], answered_s),
        )
        if not all(described) or not _flows(*described):
            continue
        said = f"{_where(described[1])} from {answered_s:.3f} s on"
        frame = described[1].message.frame if described[1] else None
        first_s = min((each.first_s for each in sent), default=None)
        if first_s is None and _up_s(leg) >= ENOUGH_S:
            yield Finding("none", leg.number, point, side, answered_s, frame, said, "no media")
        elif first_s is not None and first_s - answered_s > LATE_S:
            late = f"first packet {first_s - answered_s:.1f} s after the answer"
            yield Finding("late", leg.number, point, side, first_s, frame, said, late)


def _flows(own: Announcement | None, expected: Announcement | None) -> bool:
    """Whether media was agreed on in this direction."""
    if own is None or expected is None or not own.media.port or not expected.media.port:
        return False
    sends, receives = own.session.direction(own.media), expected.session.direction(expected.media)
    return sends in ("sendrecv", "sendonly") and receives in ("sendrecv", "recvonly")


def _where(expected: Announcement | None) -> str:
    address, port = expected.endpoint if expected else ("", 0)
    return f"media to {address}:{port}"


def _up_s(leg: Leg) -> float:
    last_s = leg.end_s if leg.end_s is not None else leg.known[-1].message.time_s
    return last_s - leg.answer.time_s if leg.answer else 0.0


def _types(formats: Iterable[Format]) -> str:
    return ", ".join(f"{each.payload_type} {each.name}" for each in formats)
