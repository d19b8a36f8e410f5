"""Gates: what an INVITE has to pass, and at which gate it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case

INBOUND = ("arrive", "identify", "ACL", "authentication", "extension", "body", "codec", "dial", "media")
"""Gates of a call that comes in, in the order in which Asterisk asks (res_pjsip, res_pjsip_session)."""
OUTBOUND = ("contact", "INVITE", "challenge", "provider", "media")
"""Gates of a call that goes out."""

_STOPS = {403: "ACL", 404: "extension", 484: "extension", 416: "extension", 415: "body", 488: "codec", 606: "codec"}


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    """One of INBOUND or OUTBOUND."""
    state: str
    """passed, stopped or unknown."""
    evidence: str
    """The message or figure that shows it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The gates of one call."""

    leg: int
    """Number of the leg in the tables."""
    way: str
    """in or out."""
    number: str
    """What was dialled."""
    gates: tuple[Gate, ...]
    """In order."""

    @property
    def stopped(self) -> Gate | None:
        """The gate that stopped it; None where it passed all that can be seen."""
        return next((each for each in self.gates if each.state == "stopped"), None)

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "stopped": self.stopped and self.stopped.name}

    def __str__(self) -> str:
        signs = {"passed": "+", "stopped": "X", "unknown": "?"}
        return f"{self.way} {self.number}: " + " ".join(f"{signs[each.state]}{each.name}" for each in self.gates)


def passages(case: Case) -> Iterator[Passage]:
    """The passage of each call from a trunk or to one."""
    for attempt in case.attempts:
        if attempt.role != "phone":
            names = INBOUND if attempt.way == "in" else OUTBOUND
            stop, evidence = (_inbound if attempt.way == "in" else _outbound)(case, attempt)
            yield Passage(attempt.leg.number, attempt.way, attempt.number, tuple(_gates(names, stop, evidence)))


def _gates(names: tuple[str, ...], stop: str, evidence: str) -> Iterator[Gate]:
    """All gates before the one that stopped the call are passed, those behind it are unknown."""
    place = names.index(stop) if stop in names else len(names)
    for number, name in enumerate(names):
        state = "passed" if number < place else "stopped" if number == place else "unknown"
        yield Gate(name, state, evidence if number == place else "")


def _inbound(case: Case, attempt: Attempt) -> tuple[str, str]:
    if case.never_came_in(attempt.invite):
        return "arrive", "the INVITE was seen outside of the NAT only"
    refusal = attempt.refusal
    if refusal is None:
        return _heard(case, attempt)
    seen = f"{refusal.message.start}, frame {refusal.message.frame}"
    if refusal.code in (401, 407):
        identified = bool(case.settings) and bool(case.settings.identifies(attempt.peer))
        return ("authentication" if identified or attempt.tried_again else "identify"), seen
    dialled = any(case.onward(attempt)) or bool(attempt.responses(100, 199))
    return ("dial" if dialled and refusal.code != 488 else _STOPS.get(refusal.code, "dial")), seen


def _outbound(case: Case, attempt: Attempt) -> tuple[str, str]:
    refusal = attempt.refusal
    if attempt.unanswered:
        return "INVITE", "no response at all"
    if refusal is None:
        return _heard(case, attempt)
    seen = f"{refusal.message.start}, frame {refusal.message.frame}"
    return ("challenge" if refusal.code in (401, 407) else "provider"), seen


def _heard(case: Case, attempt: Attempt) -> tuple[str, str]:
    """Whether media flows both ways on an answered leg."""
    if not attempt.answer or attempt.up_s < 1.0:
        return "", ""
    rows = [row for row in case.streams_of(attempt) if row["packets"] > 5]
    point = case.inside or next(iter(case.trace.capture.points))
    ways = {row["dst"] in case.pbx for row in rows if row["point"] == point}
    if ways == {True, False}:
        return "", ""
    missing = "any way" if not ways else "from the PBX" if True in ways else "to the PBX"
    return "media", f"no RTP {missing}"
