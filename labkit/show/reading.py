"""From a trace to the sheet of its ladder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from labkit.errors import LabError
from labkit.show.layout import LEGS
from labkit.show.passage import Passage, passage
from labkit.show.rtp_arrows import Way, joined, records, ways
from labkit.show.sheet import Arrow, Column, Detail, Flow, Kind, Leg, Sheet
from labkit.trace.nat import Endpoint, Sighting

if TYPE_CHECKING:
    from labkit.trace.sipscan import Message
    from labkit.trace.trace import Trace

Summaries = dict[tuple[str, int], tuple[Detail, ...]]
"""Small lines about the SDP of a message, by point and frame."""
CODECS = 3
"""Codecs named in the summary of an offer; more are counted."""


def sheet(trace: Trace, *, call: int | None = None, media: bool = True) -> Sheet:
    """All that a ladder of the trace shows, or of one of its calls, in order of time."""
    return _Reader.of(trace, call).sheet(media=media)


@dataclass(slots=True)
class Hosts:
    """Columns by address; where several parties share a host, by address and port."""

    names: Mapping[str, str]
    shared: frozenset[str] = frozenset()
    """Aliases whose messages go to themselves."""
    announced: dict[Endpoint, str] = field(default_factory=dict)
    """Column of the party that announced a media address on a shared host."""
    columns: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of each column in order of appearance."""
    nats: set[str] = field(default_factory=set)

    def column(self, endpoint: Endpoint, *, nat: bool = False) -> str:
        """Name of the column for an endpoint, which is there from now on."""
        address, port = endpoint
        name = self.names.get(address, address)
        if name in self.shared:
            name = self.announced.get(endpoint, f"{name}:{port}")
        addresses = self.columns.setdefault(name, [])
        if address not in addresses and not name.startswith(address):
            addresses.append(address)
        if nat:
            self.nats.add(name)
        return name

    def listed(self) -> tuple[Column, ...]:
        """All columns in order of appearance."""
        return tuple(Column(name, tuple(known), name in self.nats) for name, known in self.columns.items())


@dataclass(slots=True)
class _Reader:
    """One reading of a trace."""

    trace: Trace
    places: list[int]
    """Which messages are shown."""
    hosts: Hosts
    call_of: dict[str, int]
    """Number of the call by Call-ID."""
    leg_of: dict[str, int] = field(default_factory=dict)
    """Index of the leg in the sheet by Call-ID."""
    legs: list[Leg] = field(default_factory=list)

    @classmethod
    def of(cls, trace: Trace, call: int | None) -> _Reader:
        """Choose the messages; names come from the capture."""
        numbers = [each.number for each in trace.calls_found]
        if call is not None and call not in numbers:
            raise LabError(f"No call {call} in this trace. It has {_span(numbers)}.", call=call)
        call_of = {leg.call_id: each.number for each in trace.calls_found for leg in each.legs}
        places = [n for n, each in enumerate(trace.sip) if call is None or call_of.get(each.call_id) == call]
        shown = [trace.sip[place] for place in places]
        names = trace.capture.names
        alias = [(names.get(each.src, each.src), names.get(each.dst, each.dst)) for each in shown]
        shared = frozenset(one for one, other in alias if one == other)
        return cls(trace, places, Hosts(names, shared), call_of)

    def sheet(self, *, media: bool) -> Sheet:
        """Messages first, for they name legs and columns; then media among them."""
        arrows = list(self._messages())
        if media:
            arrows += joined(self._media())
        arrows.sort(key=lambda arrow: arrow.time_s)
        moved = tuple(_moved(arrow, arrows[0].time_s) for arrow in arrows)
        return Sheet(self.hosts.listed(), moved, tuple(self.legs), self._title())

    def _messages(self) -> Iterator[Arrow]:
        """One arrow for each packet, however often it was seen."""
        sorted_ = self.trace.transactions_found
        packets: dict[int, list[int]] = {}
        for place in self.places:
            packets.setdefault(sorted_.packet_of[place], []).append(place)
        summaries = self._summaries()
        told: set[tuple[str, str, Detail]] = set()
        for places in packets.values():
            arrow = self._message(places, summaries)
            news = {each: (self.trace.sip[places[0]].call_id, arrow.source, each) for each in arrow.changes}
            yield replace(arrow, changes=tuple(each for each, key in news.items() if key not in told))
            told.update(news.values())

    def _message(self, places: Sequence[int], summaries: Summaries) -> Arrow:
        """The arrow of one packet, which was seen at these places."""
        sorted_, seen = self.trace.transactions_found, [self.trace.sip[place] for place in places]
        first, quoted = seen[0], seen[0].transport == "ICMP"
        way = passage([_sighting(each) for each in seen])
        source, target = self.hosts.column(way.source), self.hosts.column(way.target)
        return Arrow(
            Kind.NOTE if quoted else Kind.SIP, source, target, first.time_s,
            f"ICMP error about {first.start}" if quoted else first.start, frame=first.frame, code=first.code,
            details=next((found for each in seen if (found := summaries.get((each.point, each.frame)))), ()),
            through=self._through(way, source, target), changes=way.changes, again=sorted_.repeats[places[0]] > 0,
            leg=self._leg(first.call_id, source, target), call=self.call_of.get(first.call_id),
            key=str(sorted_.number_of[places[0]]), raw=first.data, file=str(self.trace.capture.points[first.point]),
        )  # fmt: skip

    def _through(self, way: Passage, source: str, target: str) -> str | None:
        if way.nat is None:
            return None
        name = self.hosts.column(way.nat, nat=True)
        return name if name not in (source, target) else None

    def _leg(self, call_id: str, source: str, target: str) -> int | None:
        """Index of the leg of a message; the first message of a leg gives it its name."""
        if call_id not in self.call_of:
            return None
        if call_id not in self.leg_of:
            name = f"{source} to {target}"
            known = [leg.name for leg in self.legs]
            self.leg_of[call_id] = known.index(name) if name in known else len(known)
            if name not in known:
                self.legs.append(Leg(name, self._evidence(call_id)))
        return self.leg_of[call_id]

    def _evidence(self, call_id: str) -> str:
        """The strongest sign that ties a leg to one before it, with the letters of this ladder."""
        number = {leg.number: leg.call_id for leg in self.trace.legs_found}
        for link in (link for call in self.trace.calls_found for link in call.links):
            if link.second.call_id == call_id:
                return re.sub(r"(?<=leg )\d+", lambda found: self._letter(number[int(found[0])]), link.evidence[0])
        return ""

    def _letter(self, call_id: str) -> str:
        """Sign of a leg; the leg that is being named comes next."""
        return LEGS[self.leg_of.get(call_id, len(self.legs)) % len(LEGS)]

    def _summaries(self) -> Summaries:
        """SDP of each message in short; media addresses of shared hosts on the way."""
        found: Summaries = {}
        for row in records(self.trace.columns("offers")):
            key = (row["point"], row["frame"])
            detail = Detail(_offer(row), row["port"])
            found[key] = (*found.get(key, ()), detail)
        if self.hosts.shared:
            for message in self.trace.facts:
                for each in message.media:
                    sent = (message.message.src, message.message.src_port)
                    self.hosts.announced.setdefault(each.endpoint, self.hosts.column(sent))
        return found

    def _media(self) -> Iterator[Arrow]:
        """RTP, each direction as an arrow of its own."""
        call_id_of = {leg.number: leg.call_id for leg in self.trace.legs_found}
        shown = {self.trace.sip[place].call_id for place in self.places}
        for way in ways(self.trace):
            call_id = call_id_of.get(way.leg or 0, "")
            if call_id in shown if call_id else len(self.places) == len(self.trace.sip):
                yield self._one_way(way, call_id)

    def _one_way(self, way: Way, call_id: str) -> Arrow:
        source, target = self.hosts.column(way.passage.source), self.hosts.column(way.passage.target)
        return Arrow(
            Kind.RTP, source, target, way.first_s, f"RTP {way.codec}", end_s=way.last_s,
            through=self._through(way.passage, source, target), forward=Flow(way.codec, way.packets, way.lost),
            leg=self.leg_of.get(call_id), call=self.call_of.get(call_id),
        )  # fmt: skip

    def _title(self) -> str:
        shown = {self.call_of[id_] for id_ in (self.trace.sip[p].call_id for p in self.places) if id_ in self.call_of}
        if len(shown) != 1:
            return ""
        call = next(call for call in self.trace.calls_found if call.number in shown)
        leg = call.legs[0]
        return f"{leg.invite.from_user or 'unknown'} calls {leg.invite.to_user or 'unknown'}: {_outcome(call)}"


def _span(numbers: Sequence[int]) -> str:
    if not numbers:
        return "no call at all"
    return "call 1" if len(numbers) == 1 else f"calls 1 to {numbers[-1]}"


def _sighting(message: Message) -> Sighting:
    return Sighting(
        message.time_s, (message.src, message.src_port), (message.dst, message.dst_port), message.data
    )  # fmt: skip


def _offer(row: Mapping[str, Any]) -> str:
    """An SDP summary: role, codecs, direction unless it is both ways, address."""
    names = [name for name in row["codecs"] if name.lower() != "telephone-event"]
    shown = names[:CODECS] + ([f"+{len(names) - CODECS}"] if len(names) > CODECS else [])
    kind = "" if row["kind"] == "audio" else f" {row['kind']}"
    direction = "" if row["direction"] == "sendrecv" else f" {row['direction']}"
    again = "answer again" if row["message"][0].isdigit() else "offer"
    role = again if row["role"] == "repeat" else row["role"]
    return f"{role}{kind} {' '.join(shown) or 'nothing'}{direction} {row['address']}"


def _outcome(call: Any) -> str:
    leg = call.legs[0]
    if leg.answer is None and leg.failure is not None and leg.state == "refused":
        return f"refused, {leg.failure.start}"
    return {"ended": "answered and ended"}.get(leg.state, str(leg.state))


def _moved(arrow: Arrow, start_s: float) -> Arrow:
    end_s = None if arrow.end_s is None else arrow.end_s - start_s
    return replace(arrow, time_s=arrow.time_s - start_s, end_s=end_s)
