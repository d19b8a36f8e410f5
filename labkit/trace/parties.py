"""Whose a stream is: the leg and side that sends it, told by the media addresses of descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labkit.sip.sdp import Format
from labkit.trace.announced import Announcement
from labkit.trace.nat import Endpoint
from labkit.trace.offers import Description
from labkit.trace.scan import Flow

OTHER = {"caller": "callee", "callee": "caller"}


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends a stream."""

    leg: int
    """Number of the leg."""
    side: str
    """caller or callee: who sends."""
    by: str
    """dst, src or both: which end of the flow descriptions name."""
    expected: Announcement | None
    """What the receiver described last before the stream began."""
    own: Announcement | None
    """What the sender described last before the stream began."""

    @property
    def formats(self) -> dict[int, Format]:
        """Payload types that the receiver wants, with their meaning."""
        return self.expected.formats if self.expected else {}


@dataclass(frozen=True, slots=True)
class Parties:
    """The media sections of all legs by side and endpoint."""

    by_endpoint: Mapping[Endpoint, Sequence[tuple[int, Description]]]
    """Leg and description, in order of time."""
    by_side: Mapping[tuple[int, str], Sequence[Description]]
    """Descriptions of one side of one leg, in order of time."""

    @classmethod
    def of(cls, found: Iterable[tuple[int, Description]]) -> Parties:
        """Sort descriptions (with the number of their leg)."""
        by_endpoint: dict[Endpoint, list[tuple[int, Description]]] = {}
        by_side: dict[tuple[int, str], list[Description]] = {}
        for leg, each in found:
            by_side.setdefault((leg, each.side), []).append(each)
            if each.announcement.media.port:
                by_endpoint.setdefault(each.announcement.endpoint, []).append((leg, each))
        return cls(by_endpoint, by_side)

    def party(self, flow: Flow, first_s: float) -> Party | None:
        """Who sends on a flow that begins at a time; None if no description names either end."""
        to = self._at((flow.dst, flow.dst_port), first_s)
        origin = self._at((flow.src, flow.src_port), first_s)
        if to is not None:
            leg, side = to[0], OTHER[to[1].side]
            both = origin is not None and (leg, side) in {(one, each.side) for one, each in self._all(flow)}
            return self._party(leg, side, "both" if both else "dst", first_s)
        return self._party(origin[0], origin[1].side, "src", first_s) if origin is not None else None

    def _all(self, flow: Flow) -> Sequence[tuple[int, Description]]:
        return self.by_endpoint.get((flow.src, flow.src_port), ())

    def _at(self, end: Endpoint, time_s: float) -> tuple[int, Description] | None:
        """The description of an endpoint that holds at a time: the last one before it, or else the first."""
        known = self.by_endpoint.get(end, ())
        before = [each for each in known if each[1].facts.message.time_s <= time_s] if len(known) > 1 else known
        return before[-1] if before else known[0] if known else None

    def _party(self, leg: int, side: str, by: str, time_s: float) -> Party:
        return Party(leg, side, by, self.described(leg, OTHER[side], time_s), self.described(leg, side, time_s))

    def described(self, leg: int, side: str, time_s: float) -> Announcement | None:
        """The audio section that a side of a leg described last before a time, or else first."""
        known = [each for each in self.by_side.get((leg, side), ()) if each.announcement.media.kind == "audio"]
        before = [each for each in known if each.facts.message.time_s <= time_s] if len(known) > 1 else known
        return (before[-1] if before else known[0]).announcement if known else None
