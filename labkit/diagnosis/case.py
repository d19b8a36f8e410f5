"""A case: what the diagnosis is given, and the views on it that rules are written in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import numpy as np

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.finding import Evidence
from labkit.diagnosis.memory import Memory
from labkit.diagnosis.pbx import pbx_addresses
from labkit.diagnosis.settings import Settings
from labkit.diagnosis.signals import Signal, signals
from labkit.trace.capture import Capture
from labkit.trace.nat import private
from labkit.trace.trace import Trace, open_trace

_PASSING_S = 0.1
"""Time that a message is given to pass a router before the capture ends."""
_T1_S = 0.5
LONG_ENOUGH_S = 0.6
"""A call that is up for less says nothing about media."""
SOME_PACKETS = 5
"""A stream of fewer packets says nothing."""
_LARGEST_LOG = 64 * 1024 * 1024


@dataclass(frozen=True)
class Case:
    """Captures, and where there are any, configuration and log."""

    trace: Trace
    """The captures, opened."""
    settings: Settings = field(default_factory=Settings)
    """Asterisk's configuration; empty where none was given."""
    log: tuple[str, ...] = ()
    """Lines of Asterisk's log."""
    told: tuple[str, ...] = ()
    """Addresses that are said to be the PBX's."""

    @cached_property
    def pbx(self) -> frozenset[str]:
        """The PBX's addresses; empty where nothing tells them."""
        names = self.trace.capture.names
        named = [address for address, name in names.items() if name == "pbx"]
        return pbx_addresses(self.trace, [*self.told, *named, *self.settings.own_addresses])

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """All SIP messages, once each."""
        return tuple(signals(self.trace, self.pbx))

    def requests(self, method: str, by_pbx: bool = True) -> Iterator[Signal]:
        """Requests that the PBX sent or got, repeats too."""
        return iter(self._of_kind.get((method, False, by_pbx), ()))

    def responses(self, method: str, by_pbx: bool = False) -> Iterator[Signal]:
        """Responses to requests of a method, those that the PBX got or sent."""
        return iter(self._of_kind.get((method, True, by_pbx), ()))

    @cached_property
    def _of_kind(self) -> dict[tuple[str, bool, bool], list[Signal]]:
        """Signals by method, whether they are responses, and whether the PBX sent them (or got them)."""
        found: dict[tuple[str, bool, bool], list[Signal]] = {}
        for each in self.signals:
            for by_pbx, mine in ((True, each.by_pbx), (False, each.to_pbx)):
                if mine:
                    found.setdefault((each.method, each.code > 0, by_pbx), []).append(each)
        return found

    def asked(self, reply: Signal) -> Sequence[Signal]:
        """The requests that a response answers, repeats too: same Call-ID and CSeq."""
        return self._asked.get(reply.key, ())

    @cached_property
    def _asked(self) -> dict[tuple[str, str], list[Signal]]:
        found: dict[tuple[str, str], list[Signal]] = {}
        for each in self.signals:
            if not each.code:
                found.setdefault(each.key, []).append(each)
        return found

    @cached_property
    def phones(self) -> frozenset[str]:
        """Addresses of phones: they register at the PBX, or stand on its own network."""
        registered = {each.source for each in self.requests("REGISTER", by_pbx=False)}
        near = {each for each in self._peers if _neighbours(each, self.pbx)}
        return frozenset((registered | near) - self._registrars - self.pbx)

    @cached_property
    def trunks(self) -> frozenset[str]:
        """Addresses of providers: the PBX registers there, its configuration names them, or it calls them."""
        asked = {each.target for method in ("OPTIONS", "INVITE") for each in self.requests(method)}
        known = (self._registrars | self.settings.trunk_hosts | asked) - self.phones - self.pbx
        return frozenset(known or self._let_in - self.phones - self.pbx)

    @cached_property
    def _let_in(self) -> frozenset[str]:
        """Addresses whose calls the PBX took without asking who they are."""
        taken = (each for each in self.responses("INVITE", by_pbx=True) if 100 <= each.code < 300)
        return frozenset(each.target for each in taken) - {
            each.target for each in self.responses("INVITE", by_pbx=True) if each.code in (401, 407)
        }

    @cached_property
    def _registrars(self) -> frozenset[str]:
        return frozenset(each.target for each in self.requests("REGISTER"))

    @cached_property
    def _peers(self) -> frozenset[str]:
        return frozenset(
            address
            for each in self.signals
            if each.by_pbx != each.to_pbx
            for address in ((each.target,) if each.by_pbx else (each.source,))
        )

    @cached_property
    def media_hosts(self) -> frozenset[str]:
        """Addresses that others ask media to be sent to."""
        told = (each for signal in self.signals if signal.to_pbx for each in signal.facts.media)
        return frozenset(each.endpoint[0] for each in told if each.media.port)

    @cached_property
    def own_numbers(self) -> frozenset[str]:
        """Numbers and accounts of ours: what we register and call as, and what providers call us by."""
        ours = {each.facts.from_user for each in self.requests("REGISTER")}
        ours |= {each.invite.facts.from_user for each in self.outbound()}
        return frozenset(ours | {each.number for each in self.inbound() if each.role == "trunk" or each.answer})

    @cached_property
    def end_s(self) -> float:
        """When the last message or packet was seen."""
        media = (row["first_s"] + row["duration_s"] for row in self.streams)
        return max((self.signals[-1].time_s if self.signals else 0.0, *media), default=0.0)

    @cached_property
    def _sent_again(self) -> frozenset[tuple[str, str]]:
        return frozenset(each.key for each in self.signals if each.repeat)

    @cached_property
    def returned(self) -> frozenset[tuple[str, str]]:
        """Keys of messages that an ICMP error quotes: they reached a host where nobody listens."""
        quoted = (each.message for each in self.trace.facts if each.message.transport == "ICMP")
        return frozenset((each.call_id, each.cseq) for each in quoted)

    def ignored(self, signal: Signal) -> bool:
        """Whether a request that has no response in the capture surely got none.

        Over UDP it is sent again after T1 (RFC 3261 section 17.1.1.2), else the capture goes on for that long.
        """
        if signal.message.transport == "UDP":
            return signal.key in self._sent_again
        return self.end_s - signal.time_s >= _T1_S

    def role(self, address: str) -> str:
        """trunk, phone or unknown."""
        return "phone" if address in self.phones else "trunk" if address in self.trunks else "unknown"

    def near_a_trunk(self, address: str) -> bool:
        """Whether an address lies within the same sixteen as a provider's: carriers number their hosts in a row."""
        return any(_together(address, each) for each in self.trunks - {address})

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every leg that the PBX was a part of, in order of time."""
        by_call_id: dict[str, list[Signal]] = {}
        for each in self.signals:
            by_call_id.setdefault(each.message.call_id, []).append(each)
        call_of = {leg.number: call.number for call in self.trace.calls_found for leg in call.legs}
        made = (
            self._attempt(leg, tuple(by_call_id[leg.call_id]), call_of[leg.number])
            for leg in self.trace.legs_found
            if leg.call_id in by_call_id
        )
        return tuple(each for each in made if each is not None)

    def _attempt(self, leg: Any, own: tuple[Signal, ...], call: int) -> Attempt | None:
        invite = next((each for each in own if each.message.method == "INVITE"), None)
        if invite is None or invite.by_pbx == invite.to_pbx:
            return None
        way, peer = ("out", invite.target) if invite.by_pbx else ("in", invite.source)
        return Attempt(leg, own, way, self.role(peer), call)

    def inbound(self, *roles: str) -> Iterator[Attempt]:
        """Calls from others, by default those that no phone placed."""
        return (each for each in self.attempts if each.way == "in" and each.role in (roles or ("trunk", "unknown")))

    def outbound(self, *roles: str) -> Iterator[Attempt]:
        """Calls from the PBX, by default those to a trunk."""
        return (each for each in self.attempts if each.way == "out" and each.role in (roles or ("trunk", "unknown")))

    def others_of(self, attempt: Attempt) -> list[Attempt]:
        """The other legs of the same call."""
        return [each for each in self._of_call[attempt.call] if each is not attempt]

    def onward(self, attempt: Attempt) -> Iterator[Attempt]:
        """The legs of the same call that the PBX opened."""
        return (each for each in self.others_of(attempt) if each.way == "out")

    @cached_property
    def _of_call(self) -> dict[int, list[Attempt]]:
        found: dict[int, list[Attempt]] = {}
        for each in self.attempts:
            found.setdefault(each.call, []).append(each)
        return found

    @cached_property
    def inside(self) -> str | None:
        """The point of capture on the PBX's side of a NAT; None where there is no such pair of points."""
        points = list(self.trace.capture.points)
        own = [point for point in points if any(private(each) for each in self._pbx_at(point))]
        return own[0] if len(points) > 1 and len(own) == 1 else None

    def _pbx_at(self, point: str) -> set[str]:
        seen = (each.message for each in self.trace.facts if each.message.point == point)
        return {address for each in seen for address in (each.src, each.dst) if address in self.pbx}

    def never_came_in(self, signal: Signal) -> bool:
        """Whether a message for the PBX was seen outside of the NAT and not inside, in time for that."""
        if self.inside is None or not signal.to_pbx or self.inside in signal.points:
            return False
        late = signal.time_s > self.signals[-1].time_s - _PASSING_S and not self.alone(signal)
        return not late and self.recorded(self.inside, signal.time_s)

    def recorded(self, point: str, time_s: float) -> bool:
        """Whether the recording at a point had begun by then; one without a frame counts as begun."""
        scan = self.trace.scans[point]
        return not scan.frames or (scan.first_ns - self.trace.first_ns) / 1e9 <= time_s

    def alone(self, signal: Signal) -> bool:
        """Whether nobody said anything after a message under its Call-ID, and it is a request that wants an answer."""
        same = [each for each in self.signals if each.message.call_id == signal.message.call_id]
        return same[0] is signal and signal.message.method not in (None, "ACK")

    def refused_further_on(self, attempt: Attempt) -> bool:
        """Whether the next leg of the same call was refused, so that this one only passes that on."""
        return any(each.refusal is not None for each in self.onward(attempt))

    @cached_property
    def streams(self) -> list[dict[str, Any]]:
        """Rows of the table of streams, each a mapping of its columns."""
        columns = self.trace.columns("streams")
        plain = (each.tolist() if isinstance(each, np.ndarray) else each for each in columns.values())
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
        leg_of = {row["stream"]: row["leg"] for row in rows if row["leg"] is not None}
        for row in rows:
            row["leg"] = leg_of.get(row["stream"])
        return rows

    def streams_of(self, attempt: Attempt) -> list[dict[str, Any]]:
        """Rows of the streams of a leg."""
        return self._streams_by_leg.get(attempt.leg.number, [])

    def media_of(self, attempt: Attempt, to_pbx: bool) -> list[dict[str, Any]]:
        """Rows of the streams of a leg towards the PBX, or from it, as the PBX's side saw them."""
        return self._media[attempt.leg.number, "dst" if to_pbx else "src"]

    @cached_property
    def _media(self) -> Memory[tuple[int, str], list[dict[str, Any]]]:
        near = self.inside or next(iter(self.trace.capture.points))

        def seen(which: tuple[int, str]) -> list[dict[str, Any]]:
            leg, end = which
            own = [row for row in self._streams_by_leg.get(leg, ()) if row["packets"] >= SOME_PACKETS]
            points = {row["point"] for row in own}
            shown = [row for row in own if row["point"] == near or near not in points]
            return [row for row in shown if row[end] in self.pbx]

        return Memory(seen)

    @cached_property
    def answered(self) -> tuple[Attempt, ...]:
        """The attempts that were answered and up for long enough to hear something."""
        return tuple(each for each in self.attempts if each.answer is not None and each.up_s >= LONG_ENOUGH_S)

    @cached_property
    def _streams_by_leg(self) -> dict[int | None, list[dict[str, Any]]]:
        found: dict[int | None, list[dict[str, Any]]] = {}
        for row in self.streams:
            found.setdefault(row["leg"], []).append(row)
        return found

    def media_to_pbx_lost_on_the_way(self) -> list[dict[str, Any]]:
        """Streams towards the PBX that were seen outside of the NAT and not inside."""
        if self.inside is None:
            return []
        inside = {row["stream"] for row in self.streams if row["point"] == self.inside}
        return [row for row in self.streams if row["stream"] not in inside and row["dst"] in self.pbx]

    def logged(self, pattern: str) -> list[re.Match[str]]:
        """Where the log fits a regular expression."""
        return self._logged[pattern]

    @cached_property
    def _logged(self) -> Memory[str, list[re.Match[str]]]:
        whole = "\n".join(self.log)  # most patterns are nowhere in it, which is told at once

        def search(pattern: str) -> list[re.Match[str]]:
            wanted = re.compile(pattern)
            return [found for line in self.log if (found := wanted.search(line))] if wanted.search(whole) else []

        return Memory(search)


def logged(found: Sequence[re.Match[str]]) -> tuple[Evidence, ...]:
    """The first match in the log as evidence."""
    return tuple(Evidence("log", each.string.strip()) for each in found[:1])


def _neighbours(address: str, pbx: Iterable[str]) -> bool:
    """Whether an address is private and on the /24 of one of the PBX's private addresses."""
    if not private(address) or ip_address(address).is_loopback:
        return False
    return any(
        ip_address(address) in ip_network(f"{each}/24", strict=False)
        for each in pbx
        if private(each) and ":" not in each
    )


def _together(one: str, other: str) -> bool:
    try:
        return ip_address(one) in ip_network(f"{other}/28", strict=False)
    except ValueError:
        return False


def open_case(
    capture: Trace | Capture | str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    config: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | Iterable[str] = (),
    pbx: Iterable[str] = (),
) -> Case:
    """Open captures of the same traffic with Asterisk's folder of configuration and its log, where there are any.

    `pbx` are addresses that are surely the PBX's. CaptureError, ParseError and OSError say what cannot be read.
    """
    settings = Settings.read(Path(config)) if config is not None else Settings()
    lines = _lines(Path(log)) if isinstance(log, (str, os.PathLike)) else tuple(log)
    return Case(open_trace(capture), settings, lines, tuple(pbx))


def _lines(path: Path) -> tuple[str, ...]:
    """The lines of a log, the last ones of a very long one."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LARGEST_LOG))
        return tuple(file.read().decode("utf-8", "replace").splitlines())
