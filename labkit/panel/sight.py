"""What a panel sees of a running lab: registrations, contacts, and the calls of each party."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.errors import LabError, ParseError
from labkit.lab.parties import PHONES, PROVIDER
from labkit.lab.status import Status
from labkit.panel.topology import Mark, Scene, Talk
from labkit.sip.report import CallReport
from labkit.sip.uri import Address

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.runtime.topology import Topology

NUMBER = "+15550100"
"""A telephone behind the provider that answers with a tone."""
DIDS = "+442079460000", "+442079460001"
"""The healthy lab's own numbers, one for each trunk."""
_GOOD = ("Registered", "Reachable", "NonQualified")
_WAITS = ("calling", "ringing", "new")
_TALKS = {"sendonly": "holds", "recvonly": "is held by", "inactive": "no media either way with"}


@dataclass(frozen=True, slots=True)
class Sight:
    """How the lab is, for people."""

    topology: Topology
    status: Status
    calls: Mapping[str, tuple[CallReport, ...]] = field(default_factory=dict)
    """Calls that are not over, by party."""
    scenario: str = ""
    """Slug of the scenario that the lab is broken by."""
    numbers: tuple[str, ...] = ()
    """The numbers that the provider routes to us."""
    by_hand: frozenset[str] = frozenset()
    """Phones that ring until somebody answers."""

    @property
    def headline(self) -> str:
        """The lab in a line."""
        now = self.status
        if not now.running:
            return f"The lab {now.name} does not run."
        trunk = ", ".join(f"trunk {name} {state}" for name, state in (now.registrations or {}).items())
        broken = f", broken by {self.scenario}" if self.scenario else ""
        edited = f", {len(now.changed)} files differ from healthy" if now.changed else ""
        return f"The lab {now.name} runs on {now.runtime}: Asterisk {now.asterisk}, {trunk}{broken}{edited}."

    @property
    def scene(self) -> Scene:
        """The same as a picture."""
        marks = {host: tuple(self._marks(host)) for host in self.topology.hosts}
        return Scene(self.topology, self.status.running, marks, tuple(self._talks()))

    def _marks(self, host: str) -> Iterator[Mark]:
        now = self.status
        contacts, registrations = now.contacts or {}, now.registrations or {}
        if host == "pbx":
            yield Mark(f"✓ Asterisk {now.asterisk}", "good")
            yield from (_state(f"trunk {name}", state) for name, state in list(registrations.items())[:1])
        elif host in PHONES:
            known = host.removeprefix("phone-") in contacts
            yield Mark("✓ registered", "good") if known else Mark("✕ not registered", "bad")
            yield Mark(self.doing(host))
        elif host == PROVIDER:
            yield _state("its SBC", contacts.get("provider", "Unknown"))
            yield Mark(self.doing(host))
        else:
            yield Mark("NAT and firewall" if host == "router" else "nobody invited him")

    def doing(self, party: str) -> str:
        """What a party's newest call is."""
        calls = self.calls.get(party, ())
        if not calls:
            return "no call"
        return f"{_doing(calls[-1])} {other(calls[-1])}" + (f" and {len(calls) - 1} more" if len(calls) > 1 else "")

    def _talks(self) -> Iterator[Talk]:
        for party, calls in self.calls.items():
            for call in calls:
                up = call.state not in _WAITS
                cables = (("provider", "router"), ("router", "pbx")) if party == PROVIDER else ((party, "pbx"),)
                yield from (Talk(cable, up) for cable in cables)


def _state(what: str, state: str) -> Mark:
    good = state in _GOOD
    return Mark(f"{'✓' if good else '✕'} {what} {state}", "good" if good else "bad")


def _doing(call: CallReport) -> str:
    if call.state in _WAITS:
        return "rings, called by" if call.direction == "incoming" else "calls"
    return _TALKS.get(call.media_direction, "talks with")


def other(call: CallReport) -> str:
    """The number or name at the other end of a call."""
    with suppress(ParseError):
        return Address.parse(call.remote).uri.number or call.remote
    return call.remote


def alive(calls: Sequence[CallReport]) -> tuple[CallReport, ...]:
    """Those that are not over."""
    return tuple(call for call in calls if call.state != "ended")


def look(lab: Lab) -> Sight:
    """Look at a lab, whether it runs or not; one that is only recorded has no calls."""
    now = lab.status()
    if not now.running:
        return Sight(lab.topology, now)
    state = lab.home.state
    broken = state.scenario if state and state.broken else ""
    return Sight(lab.topology, now, dict(_calls(lab)), broken, tuple(_numbers(lab)), frozenset(_by_hand(lab)))


def _numbers(lab: Lab) -> Iterator[str]:
    with suppress(LabError):
        yield from (number for trunk in lab.provider.portal().trunks for number in trunk.numbers)


def _calls(lab: Lab) -> Iterator[tuple[str, tuple[CallReport, ...]]]:
    with suppress(LabError):
        yield PROVIDER, alive(lab.provider.calls())
        for host in PHONES:
            yield host, alive(lab.phone(host).calls())


def _by_hand(lab: Lab) -> Iterator[str]:
    with suppress(LabError):
        yield from (host for host in PHONES if lab.phone(host).set().answer == "manual")
