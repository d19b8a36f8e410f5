"""Calls: legs that belong together, over any number of B2BUAs, each link with the evidence for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labkit.trace.legs import Leg

_SETUP_S = 3.0
"""Longest time a B2BUA takes from the incoming INVITE to the outgoing one, where numbers and time are all there is."""
_AFFIX = 12
"""Shortest Call-ID that another may be made of."""
_ENOUGH = 1.0
_TOLD = 2.0
"""From this weight on a sign names the other leg; lighter ones may fit several legs alike."""
_BEAT_S = 0.1
"""Two legs whose answers and ends are no further apart keep step."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two legs of one call, and why we think so."""

    first: Leg
    """The leg whose INVITE came first."""
    second: Leg
    """The leg that it led to."""
    evidence: tuple[str, ...]
    """One sentence for each sign, the strongest first."""
    strength: float
    """Sum of the weights of the signs; links below 1 are not made."""
    told: bool
    """Whether a sign names the other leg, so that no third one can be meant."""

    def __str__(self) -> str:
        return f"leg {self.first.number} -> leg {self.second.number}: {'; '.join(self.evidence)}"


@dataclass(frozen=True, slots=True)
class Call:
    """Legs that belong together."""

    number: int
    """From 1, in order of the first INVITE."""
    legs: tuple[Leg, ...]
    """In order of their first INVITE."""
    links: tuple[Link, ...]
    """What ties them together; one less than there are legs."""


Key = tuple[str, object]
"""Kind and value of something that legs of one call have in common."""


def calls(known: Sequence[Leg]) -> list[Call]:
    """Group legs: each follows from one other leg at most, the one that its signs fit best.

    Where several fit alike, the leg goes to the one whose answer and end come together with its own, to one that has
    led to nothing yet, and to the one that has waited longest: what a B2BUA takes first it mostly passes on first.
    """
    index: dict[Key, list[Leg]] = {}
    onward: dict[int, list[Leg]] = {}
    groups: dict[int, tuple[list[Leg], list[Link]]] = {}
    for leg in known:
        links = [link for first in _related(leg, index) if (link := _link(first, leg)) and _open(link, onward)]
        best = min(links, key=lambda each: _rank(each, onward), default=None)
        group = groups[leg.number] = groups[best.first.number] if best else ([], [])
        group[0].append(leg)
        if best:
            group[1].append(best)
            onward.setdefault(best.first.number, []).append(leg)
        for key in _keys(leg):
            index.setdefault(key, []).append(leg)
    distinct = {id(group): group for group in groups.values()}
    return [Call(number, tuple(own), tuple(links)) for number, (own, links) in enumerate(distinct.values(), 1)]


def _rank(link: Link, onward: Mapping[int, Sequence[Leg]]) -> tuple[float, ...]:
    first = link.first
    return -link.strength, _apart_s(first, link.second) // _BEAT_S, len(onward.get(first.number, ())), first.number


def _apart_s(first: Leg, second: Leg) -> float:
    """Time between the answers of two legs and between their ends."""
    answers = (each.answer and each.answer.time_s for each in (first, second))
    return _between_s(*answers) + _between_s(first.end_s, second.end_s)


def _between_s(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else _SETUP_S
    return abs(one - other)


def _open(link: Link, onward: Mapping[int, Sequence[Leg]]) -> bool:
    """Whether the first leg may lead to the second: it does not lead there already, unless that try is over."""
    target, start_s = _target(link.second), link.second.start_s
    others = onward.get(link.first.number, ())
    return link.told or not any(_target(each) == target and _alive(each, start_s) for each in others)


def _target(leg: Leg) -> tuple[str, str]:
    return leg.invite.message.dst, leg.invite.uri


def _alive(leg: Leg, time_s: float) -> bool:
    return leg.end_s is None or time_s <= leg.end_s


def _related(leg: Leg, index: dict[Key, list[Leg]]) -> Iterator[Leg]:
    """Legs before it that share anything with it that can be looked up."""
    seen = set()
    for key in _keys(leg, asking=True):
        if key[0] == "media" and key in index:
            index[key] = [each for each in index[key] if _alive(each, leg.start_s)]
        for other in reversed(index.get(key, ())):
            if key[0] == "number" and leg.start_s - other.start_s > _SETUP_S:
                break
            if other.number not in seen:
                seen.add(other.number)
                yield other


def _keys(leg: Leg, asking: bool = False) -> Iterator[Key]:
    """What a leg is found by, or asks for: the same, but for Call-IDs of which one is a part of the other."""
    whole = leg.call_id.partition("@")[0]
    yield "call-id", leg.call_id
    yield "whole", whole
    if asking:
        yield "part", whole
    for kind, values in (
        ("call-id", leg.named_call_ids), ("session", leg.session_ids), ("charging", leg.charging_ids),
        ("media", leg.media_addresses), ("number", leg.callers | leg.called),
        ("whole" if asking else "part", _parts(whole)),
    ):  # fmt: skip
        for value in values:
            yield kind, value


def _parts(whole: str) -> list[str]:
    """A Call-ID without what some B2BUAs put behind it."""
    parts = [whole.rsplit(mark, 1)[0] for mark in "-_." if mark in whole]
    return [part for part in parts if len(part) >= _AFFIX]


def _link(first: Leg, second: Leg) -> Link | None:
    signs = [sign for test in _SIGNS if (sign := test(first, second))]
    signs.sort(key=lambda each: -each[0])
    strength = sum(weight for weight, _ in signs)
    if strength < _ENOUGH:
        return None
    return Link(first, second, tuple(text for _, text in signs), strength, signs[0][0] >= _TOLD)


Sign = tuple[float, str] | None


def _named(first: Leg, second: Leg) -> Sign:
    for one, other in ((second, first), (first, second)):
        if other.call_id in one.named_call_ids:
            return 3.0, f"leg {one.number} names the Call-ID of leg {other.number} in a header"
    return None


def _session(first: Leg, second: Leg) -> Sign:
    shared = first.session_ids & second.session_ids
    return (3.0, f"same Session-ID {min(shared)}") if shared else None


def _charging(first: Leg, second: Leg) -> Sign:
    shared = first.charging_ids & second.charging_ids
    return (3.0, f"same icid-value {min(shared)}") if shared else None


def _affix(first: Leg, second: Leg) -> Sign:
    one, other = first.call_id.partition("@")[0], second.call_id.partition("@")[0]
    short, long = sorted((one, other), key=len)
    if len(short) >= _AFFIX and (long.startswith(short) or long.endswith(short)):
        return 2.0, f"Call-ID {long} is made of {short}"
    return None


def _media(first: Leg, second: Leg) -> Sign:
    shared = first.media_addresses & second.media_addresses
    if not shared or not _goes_on(first, second):
        return None
    address, port = min(shared)
    return 1.5, f"same media address {address}:{port}"


def _numbers(first: Leg, second: Leg) -> Sign:
    """Numbers agree and the second leg begins right after the first, best at the host that the first one reached.

    Callers stay callers, and who was called is called on. A host may forward what it got under its own number, too, but
    a phone that rings may place a call of its own at that moment: those two legs do not keep step, or run between the
    same two hosts.
    """
    delay = second.start_s - first.start_s
    if not 0 <= delay <= _SETUP_S or not _goes_on(first, second):
        return None
    shared = first.callers & second.callers | first.called & second.called
    if first.answer and first.bye and not _goes_back(first, second) and _apart_s(first, second) < _BEAT_S:
        shared |= first.called & second.callers
    if not shared:
        return None
    reached = _source(second) in first.reached
    text = f"same number or user {' and '.join(sorted(shared))}, {delay * 1000:.0f} ms later"
    there = f", from {_source(second)} that leg {first.number} reached" if reached else ""
    return 0.5 * min(len(shared), 2) + 0.5 * reached, text + there


def _goes_on(first: Leg, second: Leg) -> bool:
    """Whether a host may have passed the first leg on as the second: not its caller, nor anyone after its end."""
    caller, source = _source(first), _source(second)
    astray = _goes_back(first, second) and source not in first.reached
    return caller != source and not astray and _alive(first, second.start_s)


def _goes_back(first: Leg, second: Leg) -> bool:
    """Whether the second leg goes to the host that opened the first."""
    return _source(first) in second.reached


def _source(leg: Leg) -> str:
    return leg.invite.message.src


_SIGNS: tuple[Callable[[Leg, Leg], Sign], ...] = (_named, _session, _charging, _affix, _media, _numbers)
