"""Offers and answers: the state of each side's session description over time (RFC 3264)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labkit.trace.announced import Announcement
from labkit.trace.facts import Facts

OFFER, ANSWER, REPEAT = "offer", "answer", "repeat"


@dataclass(frozen=True, slots=True)
class Description:
    """One media section of one description in the exchange it belongs to."""

    facts: Facts
    """The message that carried it."""
    announcement: Announcement
    """The section."""
    role: str
    """offer, answer, or repeat: an answer sent again in a later response (RFC 3261 section 13.2.1)."""
    round: int
    """Which offer/answer exchange of the leg, from 1."""
    side: str
    """caller or callee: who wrote it, seen from the leg's first INVITE."""
    changed: tuple[str, ...]
    """What differs from this side's description before: address, port, direction, codecs, ..."""

    @property
    def crypto(self) -> str:
        """How media is keyed: sdes, dtls, or empty for plain RTP."""
        media, session = self.announcement.media, self.announcement.session
        if media.attributes("crypto"):
            return "sdes"
        return "dtls" if media.attributes("fingerprint") or session.attributes("fingerprint") else ""


def offers(leg: Sequence[Facts]) -> Iterator[Description]:
    """The descriptions of one leg in order, sightings of the same packet at further points left out by the caller."""
    caller = next((each.from_tag for each in leg if each.message.method == "INVITE"), "")
    pending: str | None = None
    rounds, last = 0, dict[tuple[str, int], Announcement]()
    for each in leg:
        if not each.media:
            continue
        side = _side(each, caller)
        role = _role(each, side, pending, last)
        if role == OFFER:
            pending, rounds = side, rounds + 1
        elif role == ANSWER:
            pending = None
        for announcement in each.media:
            key = side, announcement.place
            yield Description(each, announcement, role, max(rounds, 1), side, _changes(last.get(key), announcement))
            last[key] = announcement


def _side(each: Facts, caller: str) -> str:
    """Who wrote a message: requests keep their writer's tag in From, responses in To."""
    from_caller = each.from_tag == caller
    return "caller" if from_caller == (each.message.code is None) else "callee"


def _role(each: Facts, side: str, pending: str | None, last: dict[tuple[str, int], Announcement]) -> str:
    if pending is not None and pending != side:
        return ANSWER
    before = last.get((side, each.media[0].place))
    same = before is not None and before.session == each.media[0].session
    return REPEAT if same else OFFER


def _changes(before: Announcement | None, now: Announcement) -> tuple[str, ...]:
    if before is None:
        return ()
    old, new = _state(before), _state(now)
    return tuple(name for name in new if old[name] != new[name])


def _state(each: Announcement) -> dict[str, object]:
    address, port = each.endpoint
    return {
        "address": address, "port": port, "direction": each.session.direction(each.media),
        "codecs": [form.key for form in each.media.rtp_formats],
        "payload types": [form.payload_type for form in each.media.rtp_formats],
        "ptime": each.media.ptime_ms, "protocol": each.media.protocol,
    }  # fmt: skip
