"""Calls: legs that belong together, over any number of B2BUAs, each link with the evidence for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from labkit.trace.legs import Leg

_SETUP_S = 3.0
"""Longest time a B2BUA takes from the incoming INVITE to the outgoing one, where numbers and time are all there is."""
_TAIL = 8
"""Last digits of a number that are compared."""
_AFFIX = 12
"""Shortest Call-ID that another may be made of."""
_ENOUGH = 1.0


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


def calls(known: Sequence[Leg]) -> list[Call]:
    """Group legs: strong links first, and each leg follows from one other leg at most."""
    parent: dict[int, int] = {}

    def root(leg: int) -> int:
        while leg in parent:
            leg = parent[leg]
        return leg

    links = []
    for link in sorted(_candidates(known), key=lambda each: (-each.strength, _delay(each))):
        if link.second.number not in parent and root(link.first.number) != link.second.number:
            parent[link.second.number] = link.first.number
            links.append(link)
    return _grouped(known, links, root)


def _grouped(known: Sequence[Leg], links: Sequence[Link], root: Callable[[int], int]) -> list[Call]:
    members: dict[int, list[Leg]] = {}
    for leg in known:
        members.setdefault(root(leg.number), []).append(leg)
    of_root: dict[int, list[Link]] = {}
    for link in sorted(links, key=lambda each: each.second.number):
        of_root.setdefault(root(link.second.number), []).append(link)
    return [
        Call(number, tuple(group), tuple(of_root.get(first, ())))
        for number, (first, group) in enumerate(members.items(), 1)
    ]


def _delay(link: Link) -> float:
    return link.second.start_s - link.first.start_s


def _candidates(known: Sequence[Leg]) -> Iterator[Link]:
    """Pairs with enough evidence; only pairs that share anything that can be looked up are compared."""
    seen: set[tuple[int, int]] = set()
    index: dict[tuple[str, object], list[Leg]] = {}
    for leg in known:
        for key in _keys(leg):
            for other in reversed(index.get(key, ())):
                if key[0] == "number" and leg.start_s - other.start_s > _SETUP_S:
                    break
                pair = (other.number, leg.number)
                if pair not in seen:
                    seen.add(pair)
                    yield from _link(other, leg)
            index.setdefault(key, []).append(leg)


def _keys(leg: Leg) -> Iterator[tuple[str, object]]:
    """What legs of one call may have in common."""
    known = leg.known
    yield "call-id", leg.call_id
    yield from (("call-id", name) for name in {name for each in known for name in each.named_call_ids})
    yield from (("session", value) for value in {value for each in known for value in each.session_ids})
    yield from (("charging", value) for value in {each.charging_id for each in known if each.charging_id})
    yield from (("media", endpoint) for endpoint in leg.media_addresses)
    yield from (("stem", stem) for stem in _stems(leg.call_id))
    yield from (("number", number) for number in _tails(leg))


def _stems(call_id: str) -> Iterator[str]:
    """A Call-ID without what some B2BUAs put before or behind it."""
    user = call_id.partition("@")[0]
    for stem in {call_id, user, *(user.rsplit(mark, 1)[0] for mark in "-_." if mark in user)}:
        if len(stem) >= _AFFIX:
            yield stem


def _link(first: Leg, second: Leg) -> Iterator[Link]:
    signs = [sign for test in _SIGNS if (sign := test(first, second))]
    signs.sort(key=lambda each: -each[0])
    strength = sum(weight for weight, _ in signs)
    if strength >= _ENOUGH:
        yield Link(first, second, tuple(text for _, text in signs), strength)


Sign = tuple[float, str] | None


def _named(first: Leg, second: Leg) -> Sign:
    for one, other in ((second, first), (first, second)):
        if any(other.call_id in each.named_call_ids for each in one.known):
            return 3.0, f"leg {one.number} names the Call-ID of leg {other.number} in a header"
    return None


def _session(first: Leg, second: Leg) -> Sign:
    shared = _all_sessions(first) & _all_sessions(second)
    return (3.0, f"same Session-ID {min(shared)}") if shared else None


def _all_sessions(leg: Leg) -> set[str]:
    return {value for each in leg.known for value in each.session_ids}


def _charging(first: Leg, second: Leg) -> Sign:
    shared = {each.charging_id for each in first.known} & {each.charging_id for each in second.known} - {""}
    return (3.0, f"same icid-value {min(shared)}") if shared else None


def _affix(first: Leg, second: Leg) -> Sign:
    one, other = first.call_id.partition("@")[0], second.call_id.partition("@")[0]
    short, long = sorted((one, other), key=len)
    if len(short) >= _AFFIX and (long.startswith(short) or long.endswith(short)):
        return 2.0, f"Call-ID {long} is made of {short}"
    return None


def _media(first: Leg, second: Leg) -> Sign:
    shared = first.media_addresses & second.media_addresses
    if not shared or second.start_s - first.start_s > _life(first):
        return None
    address, port = min(shared)
    return 1.5, f"same media address {address}:{port}"


def _life(leg: Leg) -> float:
    return leg.end_s - leg.start_s if leg.end_s is not None else float("inf")


def _numbers(first: Leg, second: Leg) -> Sign:
    """Numbers agree and the second leg begins right after the first, best at the host that the first one reached."""
    delay = second.start_s - first.start_s
    one, other = first.invite.message, second.invite.message
    shared = sorted(_tails(first) & _tails(second))
    if not shared or not 0 <= delay <= _SETUP_S or one.src == other.src:
        return None
    reached = other.src in _reached(first)
    text = f"same number or user {' and '.join(shared)}, {delay * 1000:.0f} ms later"
    return 0.5 * min(
        len(shared), 2
    ) + 0.5 * reached, text + f", from {other.src} that leg {first.number} reached" * reached


def _reached(leg: Leg) -> set[str]:
    """Where its INVITE was seen to go: beyond a NAT that is another address than in front of it."""
    return {each.message.dst for each in leg.known if each.message.method == "INVITE"}


def _tails(leg: Leg) -> set[str]:
    """Users, and ends of numbers: prefixes such as country codes and trunk digits differ between legs."""
    return {each[-_TAIL:] if each.isdigit() else each for each in leg.invite.identities}


_SIGNS: tuple[Callable[[Leg, Leg], Sign], ...] = (_named, _session, _charging, _affix, _media, _numbers)
