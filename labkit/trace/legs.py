"""Legs: all that was said under one Call-ID with an INVITE in it (a dialog, or an attempt at one)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from labkit.trace.facts import Facts
from labkit.trace.sipscan import Message

_TAIL = 8
"""Last digits of a number that are compared."""


@dataclass(frozen=True)
class Leg:
    """The messages of one Call-ID, in order of time."""

    number: int
    """From 1, in order of the first INVITE."""
    known: tuple[Facts, ...]
    """All messages, those of all points."""

    @cached_property
    def invite(self) -> Facts:
        """The first INVITE."""
        return next(each for each in self.known if each.message.method == "INVITE")

    @cached_property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.invite.message.call_id

    @cached_property
    def answer(self) -> Message | None:
        """The first 2xx to an INVITE."""
        return self._response(200, 299)

    @cached_property
    def ringing(self) -> Message | None:
        """The first 18x to an INVITE."""
        return self._response(180, 189)

    @cached_property
    def failure(self) -> Message | None:
        """The last final response to the INVITE that refused it; a challenge counts if nothing followed."""
        return self._response(300, 699, last=True) if self.answer is None else None

    @cached_property
    def bye(self) -> Message | None:
        """The first BYE."""
        return next((each.message for each in self.known if each.message.method == "BYE"), None)

    @cached_property
    def cancel(self) -> Message | None:
        """The first CANCEL."""
        return next((each.message for each in self.known if each.message.method == "CANCEL"), None)

    def _response(self, lowest: int, highest: int, last: bool = False) -> Message | None:
        found = [
            each.message for each in self.known
            if each.message.code is not None and lowest <= each.message.code <= highest
            and each.message.cseq_method == "INVITE"
        ]  # fmt: skip
        return found[-1 if last else 0] if found else None

    @cached_property
    def start_s(self) -> float:
        """Time of the first INVITE."""
        return self.invite.message.time_s

    @cached_property
    def end_s(self) -> float | None:
        """Time of the BYE, or of the refusal; None while the call goes on."""
        end = self.bye or self.failure
        return end.time_s if end else None

    @property
    def state(self) -> str:
        """answered, ended, cancelled, refused, challenged, ringing or unanswered."""
        if self.answer is not None:
            return "ended" if self.bye else "answered"
        if self.failure is not None:
            return self._refusal(self.failure)
        return "ringing" if self.ringing else "unanswered"

    def _refusal(self, failure: Message) -> str:
        if failure.code == 487 or self.cancel is not None:
            return "cancelled"
        return "challenged" if failure.code in (401, 407) else "refused"

    @property
    def outcome(self) -> Message | None:
        """The response that decided the call: the 2xx or the last refusal."""
        return self.answer or self.failure

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Addresses between which it ran."""
        return frozenset(address for each in self.known for address in (each.message.src, each.message.dst))

    @cached_property
    def callers(self) -> frozenset[str]:
        """Who calls, as legs of one call may have it in common."""
        return _tails(self.invite.callers)

    @cached_property
    def called(self) -> frozenset[str]:
        """Who is called, as legs of one call may have it in common."""
        return _tails(self.invite.called)

    @cached_property
    def reached(self) -> frozenset[str]:
        """Where its INVITE was seen to go: beyond a NAT that is another address than in front of it."""
        return frozenset(each.message.dst for each in self.known if each.message.method == "INVITE")

    @cached_property
    def named_call_ids(self) -> frozenset[str]:
        """Call-IDs of other legs that its headers name."""
        return _all(each.named_call_ids for each in self.known)

    @cached_property
    def session_ids(self) -> frozenset[str]:
        """All halves of its Session-IDs (RFC 7989)."""
        return _all(each.session_ids for each in self.known)

    @cached_property
    def charging_ids(self) -> frozenset[str]:
        """Its icid-values (RFC 7315)."""
        return frozenset(each.charging_id for each in self.known if each.charging_id)

    @cached_property
    def media_addresses(self) -> frozenset[tuple[str, int]]:
        """Where its descriptions expect media."""
        return frozenset(each.endpoint for known in self.known for each in known.media if each.media.port)


def _tails(users: frozenset[str]) -> frozenset[str]:
    """Users, and ends of numbers: prefixes such as country codes and trunk digits differ between legs."""
    return frozenset(each[-_TAIL:] if each.isdigit() else each for each in users)


def _all(values: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*values)


def legs(known: Sequence[Facts]) -> list[Leg]:
    """The legs among all messages, in order of their first INVITE."""
    by_call_id: dict[str, list[Facts]] = {}
    for each in known:
        by_call_id.setdefault(each.message.call_id, []).append(each)
    calls = [tuple(each) for each in by_call_id.values() if any(one.message.method == "INVITE" for one in each)]
    calls.sort(key=lambda each: next(one.message.time_s for one in each if one.message.method == "INVITE"))
    return [Leg(number, each) for number, each in enumerate(calls, 1)]
