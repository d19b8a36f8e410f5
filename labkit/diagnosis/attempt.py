"""Attempts: each leg of a call as the PBX saw it, from its INVITE to its end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from labkit.diagnosis.signals import Signal
from labkit.trace.legs import Leg


@dataclass(frozen=True)
class Attempt:
    """One leg, its messages once each."""

    leg: Leg
    """The leg in the tables of the trace."""
    signals: tuple[Signal, ...]
    """Its messages in order."""
    way: str
    """in: to the PBX; out: from it."""
    role: str
    """trunk, phone or unknown: who is at the other end."""
    call: int
    """Number of the call that it belongs to."""

    @cached_property
    def invite(self) -> Signal:
        """The first INVITE."""
        return self.requests("INVITE")[0]

    @cached_property
    def described(self) -> tuple[Signal, ...]:
        """Its messages that carry a session description."""
        return tuple(each for each in self.signals if each.facts.media)

    @cached_property
    def peer(self) -> str:
        """Address of the other end."""
        return self.invite.source if self.way == "in" else self.invite.target

    @cached_property
    def number(self) -> str:
        """User part of the Request-URI: the number dialled."""
        return self.invite.facts.uri.partition(":")[2].partition("@")[0].partition(";")[0]

    @property
    def uri_host(self) -> str:
        """Host of the Request-URI."""
        return self.invite.facts.uri.rpartition("@")[2].partition(";")[0].partition(":")[0]

    @cached_property
    def _first(self) -> dict[tuple[str, bool], list[Signal]]:
        """First sendings by method, requests apart from responses."""
        found: dict[tuple[str, bool], list[Signal]] = {}
        for each in self.signals:
            if not each.repeat:
                found.setdefault((each.method, each.code > 0), []).append(each)
        return found

    def requests(self, *methods: str) -> list[Signal]:
        """Requests of these methods, first sendings only, in order of time."""
        found = [own for method in methods if (own := self._first.get((method, False)))]
        return found[0] if len(found) == 1 else sorted(chain(*found), key=lambda each: each.time_s)

    def responses(self, lowest: int, highest: int, method: str = "INVITE") -> list[Signal]:
        """Responses to a method, first sendings only."""
        return [each for each in self._first.get((method, True), ()) if lowest <= each.code <= highest]

    @cached_property
    def answer(self) -> Signal | None:
        """The 2xx."""
        return next(iter(self.responses(200, 299)), None)

    @cached_property
    def refusal(self) -> Signal | None:
        """The response that ended it, an open challenge too; None where it was answered or cancelled."""
        if self.answer or self.requests("CANCEL"):
            return None
        last = self.responses(300, 699)[-1:]
        return last[0] if last and last[0].code != 487 else None

    @cached_property
    def challenge(self) -> Signal | None:
        """The first 401 or 407."""
        return next((each for each in self.responses(401, 407) if each.code in (401, 407)), None)

    @property
    def tried_again(self) -> bool:
        """Whether an INVITE with credentials followed a challenge."""
        return any(
            each.header("Authorization") or each.header("Proxy-Authorization") for each in self.requests("INVITE")
        )

    def refused_with(self, *codes: int) -> Signal | None:
        """The refusal where it has one of these codes."""
        return self.refusal if self.refusal and self.refusal.code in codes else None

    @cached_property
    def unanswered(self) -> bool:
        """Whether the INVITE got no response at all."""
        return not any(each.code and each.method == "INVITE" for each in self.signals)

    @cached_property
    def bye(self) -> Signal | None:
        """The first BYE."""
        return next(iter(self.requests("BYE")), None)

    @property
    def up_s(self) -> float:
        """How long it was up as far as was captured."""
        end = self.bye or self.signals[-1]
        return end.time_s - self.answer.time_s if self.answer else 0.0


def going_on(attempts: Iterable[Attempt]) -> Callable[[float], int]:
    """How many of these were up at a moment, or about to be: begun and not refused so far, and not yet ended."""
    begun = [each for each in attempts if not each.unanswered]
    begins = sorted(each.invite.time_s for each in begun)
    ends = sorted(end.time_s for each in begun if (end := each.bye or each.refusal))
    return lambda time_s: bisect_left(begins, time_s) - bisect_left(ends, time_s)
