"""Which addresses in a capture are the PBX's: told, or found by what it does there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from labkit.trace.facts import Facts
from labkit.trace.nat import private
from labkit.trace.trace import Trace

_ASTERISK = re.compile(r"asterisk|\bpbx\b|fpbx|issabel|vitalpbx", re.IGNORECASE)
_SAME_PACKET = 2


def pbx_addresses(trace: Trace, told: Iterable[str] = ()) -> frozenset[str]:
    """The PBX's addresses on both sides of a NAT; empty where nothing tells them.

    `told` are addresses that are known, such as those that its transports bind; a wildcard says nothing.
    """
    seen = {address for each in trace.facts for address in (each.message.src, each.message.dst)}
    known = {each for each in told if each in seen}
    if not known and (best := _likely(trace)):
        known = {best}
    return frozenset(known | _aliases(trace, known))


def _likely(trace: Trace) -> str:
    """The host that speaks like a PBX: by its name for itself, by standing between two legs, by who registers where."""
    votes: Counter[str] = Counter()
    for address, weight in _signs(trace):
        votes[address] += weight
    return max(votes, key=lambda each: (votes[each], private(each)), default="")


def _signs(trace: Trace) -> Iterator[tuple[str, int]]:
    first: dict[int, Facts] = {}
    for each in trace.facts:
        first.setdefault(trace.sightings[id(each)][0], each)
    for each in first.values():
        message = each.message
        if _ASTERISK.search(each.user_agent):
            yield message.src, 5
        if message.method == "REGISTER":
            yield message.src, 1 if private(message.src) and not private(message.dst) else 0
            yield message.dst, 1 if private(message.dst) else 0
        if message.method == "INVITE" and private(message.src) != private(message.dst):
            yield (message.src if private(message.src) else message.dst), 1
    for call in trace.calls_found:
        for one, other in zip(call.legs, call.legs[1:], strict=False):
            yield from ((address, 3) for address in one.hosts & other.hosts)


def _aliases(trace: Trace, known: set[str]) -> set[str]:
    """Other addresses of the same host: the same packet carries them at another point."""
    ends: dict[int, list[tuple[str, str]]] = {}
    for each in trace.facts:
        ends.setdefault(trace.sightings[id(each)][0], []).append((each.message.src, each.message.dst))
    found = set()
    for pairs in ends.values():
        sources, targets = {one for one, _ in pairs}, {other for _, other in pairs}
        for side in (sources, targets):
            found |= side if len(side) >= _SAME_PACKET and side & known else set()
    return found - known
