"""Signals: each SIP message once, wherever it was seen, as the PBX stands to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from labkit.errors import ParseError
from labkit.sip.message import Message as Sip
from labkit.trace.facts import Facts
from labkit.trace.sipscan import Message
from labkit.trace.trace import Trace


@dataclass(frozen=True)
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
    facts: Facts
    """What it says."""
    message: Message
    """The message as it was seen first."""
    code: int
    """Status code; 0 for a request."""
    method: str
    """Method of a request, or the one that a response answers."""

    @property
    def time_s(self) -> float:
        """When it was seen first."""
        return self.message.time_s

    @property
    def key(self) -> tuple[str, str]:
        """What a message has in common with its repeats and with ICMP errors that quote it: Call-ID and CSeq."""
        return self.message.call_id, self.message.cseq

    @property
    def points(self) -> frozenset[str]:
        """Where it was seen."""
        return frozenset(each.message.point for each in self.sightings)

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
        return (self._sip.get(name) or "") if self._sip else ""

    @property
    def contact_host(self) -> str:
        """Host of its Contact; empty where it has none."""
        found = _CONTACT.search(self.facts.contact + ">")
        return found[1] if found else ""

    def headers(self, name: str) -> list[str]:
        """All values of a header."""
        return self._sip.values(name) if self._sip else []

    @cached_property
    def _sip(self) -> Sip | None:
        try:
            return self.message.sip
        except ParseError:
            return None


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
    method = first.method or first.cseq_method
    return Signal(tuple(seen), repeat, first.src in pbx, last.dst in pbx, seen[0], first, first.code or 0, method)
