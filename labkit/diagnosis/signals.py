"""Signals: each SIP message once, wherever it was seen, as the PBX stands to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labkit.errors import ParseError
from labkit.trace.facts import Facts
from labkit.trace.sipscan import Message
from labkit.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Signal:
    """One message on its way, seen at one point or several."""

    sightings: tuple[Facts, ...]
    """One for each point, the sender's side first."""
    repeat: int
    """How many times the same message had been sent before."""
    by_pbx: bool
    """Whether the PBX sent it."""
    to_pbx: bool
    """Whether it was sent to the PBX."""

    @property
    def facts(self) -> Facts:
        """What it says."""
        return self.sightings[0]

    @property
    def message(self) -> Message:
        """The message as it was seen first."""
        return self.facts.message

    @property
    def time_s(self) -> float:
        """When it was seen first."""
        return self.message.time_s

    @property
    def points(self) -> frozenset[str]:
        """Where it was seen."""
        return frozenset(each.message.point for each in self.sightings)

    @property
    def method(self) -> str:
        """Method of a request, or the one that a response answers."""
        return self.message.method or self.message.cseq_method

    @property
    def code(self) -> int:
        """Status code; 0 for a request."""
        return self.message.code or 0

    @property
    def source(self) -> str:
        """Address that sent it, as its own network knows it."""
        return self.message.src

    @property
    def target(self) -> str:
        """Address that it was sent to, as the last network knew it."""
        return self.sightings[-1].message.dst

    def header(self, name: str) -> str:
        """A header's first value; empty where there is none."""
        try:
            return self.message.sip.get(name) or ""
        except ParseError:
            return ""

    @property
    def contact_host(self) -> str:
        """Host of its Contact; empty where it has none."""
        found = _CONTACT.search(self.header("Contact") + ">")
        return found[1] if found else ""

    def headers(self, name: str) -> list[str]:
        """All values of a header."""
        try:
            return self.message.sip.values(name)
        except ParseError:
            return []


_CONTACT = re.compile(r"sips?:(?:[^@>;]*@)?\[?([\w.:-]+?)\]?(?::\d+)?[;>]")


def signals(trace: Trace, pbx: frozenset[str]) -> Iterator[Signal]:
    """The messages of a trace in order of time, those quoted by ICMP errors left out."""
    packets: dict[int, list[Facts]] = {}
    for each in trace.facts:
        if each.message.transport != "ICMP":
            packets.setdefault(trace.sightings[id(each)][0], []).append(each)
    for seen in packets.values():
        yield _signal(seen, trace.sightings[id(seen[0])][1], pbx)


def _signal(seen: Sequence[Facts], repeat: int, pbx: frozenset[str]) -> Signal:
    first, last = seen[0].message, seen[-1].message
    return Signal(tuple(seen), repeat, by_pbx=first.src in pbx, to_pbx=last.dst in pbx)
