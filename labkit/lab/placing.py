"""Calls placed side by side, each by a line of its own, and what both of their ends saw."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from labkit.errors import HostError, LabError, NotReady
from labkit.lab.calls import Call
from labkit.lab.captures import Recorder
from labkit.lab.parties import PROVIDER
from labkit.phone.client import Phone
from labkit.phone.settings import TONES
from labkit.provider.client import Provider
from labkit.scenario.model import CallPlan
from labkit.scenario.regression import STRANGER
from labkit.scenario.run import Placed
from labkit.sip.report import CallReport

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

_GOODBYE_S = 0.5
_PSTN_PLAYS = "tone:440@-10"
_IVR_PLAYS = "tone:1000@-10"
_DIGITS = 7
"""Numbers are the same whose last digits are, for prefixes change from leg to leg."""

Role = Literal["scenario", "regression"]
Key = tuple[str, str]
"""A received call: the party, and the call's name there."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A call as its caller saw it."""

    plan: CallPlan
    role: Role
    near: CallReport | None = None
    status: int = 0
    up_s: float = 0.0
    ended_early: bool = False
    note: str = ""


def alone(lab: Lab, asked: Sequence[Any], place: Callable[[], CallReport]) -> Call:
    """The call that `place` places: from whom, to which number, whether it is to be captured, as it was asked."""
    _, caller, number, capture, *_ = asked
    if lab.replayed is not None:
        return lab.replayed.call(caller, number)
    before = lab.parties.incoming()
    recorder = lab.capture(title=f"{caller}-calls-{number}") if capture else nullcontext()
    with recorder:
        near = place()
        far = lab.parties.newest(before)
    return Call(caller, number, near, far, recorder.capture if isinstance(recorder, Recorder) else None)


def place(lab: Lab, plans: Iterable[CallPlan], regression: Iterable[CallPlan] = ()) -> tuple[Placed, ...]:
    """Place all calls at once, wait until they are over, and tell what both ends saw."""
    jobs: list[tuple[CallPlan, Role]] = [(plan, "regression") for plan in regression]
    jobs += [(plan, "scenario") for plan in plans]
    before = lab.parties.incoming()
    with ThreadPoolExecutor(max(1, len(jobs))) as pool:
        ended = list(pool.map(lambda job: _through(lab, *job), jobs))
    return _told(lab, ended, before)


def _through(lab: Lab, plan: CallPlan, role: Role) -> _Ended:
    """One call from its INVITE to its end."""
    time.sleep(plan.wait_s)
    try:
        with _line(lab, plan) as line:
            name = _begin(line, plan)
            return _followed(line, name, plan, role)
    except LabError as why:
        return _Ended(plan, role, note=str(why))


def _line(lab: Lab, plan: CallPlan) -> Phone | Provider:
    if plan.pstn:
        return lab.parties.line(PROVIDER)
    return lab.parties.line(f"phone-{plan.by}" if plan.by.isdigit() else plan.by)


def _begin(line: Phone | Provider, plan: CallPlan) -> str:
    return line.place(plan.to, plan.pstn) if isinstance(line, Provider) else line.place(plan.to)


def _followed(line: Phone | Provider, name: str, plan: CallPlan, role: Role) -> _Ended:
    """Wait for the answer, stay, hang up; the status is what came before the caller gave up."""
    _wait(line, name, "confirmed", plan.ring_s)
    answered = line.report(name)
    status = answered.status or 0
    up_s, early = 0.0, False
    if answered.answered:
        began = time.monotonic()
        if plan.keys and answered.state != "ended":
            line.send_dtmf(name, plan.keys)
        _wait(line, name, "ended", plan.hold_s)
        up_s = time.monotonic() - began
        early = line.report(name).state == "ended"
    line.hang_up(name)
    _wait(line, name, "ended", _GOODBYE_S)
    near = line.report(name)
    if early and near.duration_s is not None:
        up_s = near.duration_s
    return _Ended(plan, role, near, status, up_s, early)


def _wait(line: Phone | Provider, name: str, state: str, within_s: float) -> None:
    """Wait for a state; a phone says by an error that it did not come."""
    with suppress(HostError, NotReady):
        line.wait(name, state, within_s)


def _told(lab: Lab, ended: Sequence[_Ended], before: Mapping[Key, object]) -> tuple[Placed, ...]:
    """Tell of each call with the far end that it had among those that the parties received meanwhile."""
    new = {key: report for key, report in lab.parties.incoming().items() if key not in before}
    far = _paired(ended, new)
    shown = {entry.id: entry.caller for entry in lab.provider.portal().calls}
    plays = _telephones(lab)
    return tuple(_placed(call, far.get(at), new, shown, plays) for at, call in enumerate(ended))


def _paired(ended: Sequence[_Ended], new: Mapping[Key, CallReport]) -> dict[int, Key]:
    """The far end of each call by its place, the likeliest pairs first; of those that look the same, in order."""
    pairs = [
        (_likeness(call.plan, key[0], report), _closeness(call, report), -at, -order, key)
        for at, call in enumerate(ended)
        for order, (key, report) in enumerate(new.items())
    ]
    far: dict[int, Key] = {}
    for score, _, at, _, key in sorted(pairs, reverse=True):
        if score > 0 and -at not in far and key not in far.values():
            far[-at] = key
    return far


def _likeness(plan: CallPlan, party: str, report: CallReport) -> int:
    """How much a received call looks like the far end of a planned one; 0 where it cannot be."""
    inbound = bool(plan.pstn) or plan.by == STRANGER
    internal = f"phone-{plan.to}" == party
    if (party == PROVIDER) is (inbound or internal):
        return 0
    if plan.by == STRANGER:
        return 3 * (STRANGER in report.headers.get("From", ""))
    called = party == PROVIDER and plan.to[-_DIGITS:] in _digits(report.request_uri + report.headers.get("To", ""))
    shown = " ".join(value for name, value in report.headers.items() if name != "To")
    caller = f"{(plan.pstn or plan.by.removeprefix('phone-'))[-_DIGITS:]}@" in _digits(shown)
    return 1 + 4 * called + 2 * caller + internal


def _closeness(call: _Ended, report: CallReport) -> int:
    """How well both ends agree on the length of the call, in fifths of a second; -1 where one does not know it."""
    here, there = call.near.duration_s if call.near else None, report.duration_s
    return -1 if here is None or there is None else -round(5 * abs(here - there))


def _digits(text: str) -> str:
    return re.sub(r"[^\d@; ]", "", text)


def _telephones(lab: Lab) -> dict[str, str]:
    """What each telephone of the PSTN plays in the end; an IVR, once it knows its keys."""
    entries = lab.provider.policy().get("number", ())
    plays = {entry["number"]: entry.get("plays", _PSTN_PLAYS) for entry in entries}
    return plays | {entry["number"]: entry.get("then", _IVR_PLAYS) for entry in entries if entry.get("digits")}


def _hz(source: str) -> float:
    found = re.match(r"tone:(\d+(?:\.\d+)?)@", source)
    return float(found[1]) if found else 0.0


def _placed(
    call: _Ended,
    far: Key | None,
    reports: Mapping[Key, CallReport],
    shown: Mapping[str, str],
    plays: Mapping[str, str],
) -> Placed:
    plan = call.plan
    placed = Placed(plan.name, plan.by, plan.to, call.role, call.status, call.near, up_s=call.up_s,
                    ended_early=call.ended_early, note=call.note)  # fmt: skip
    if far is None:
        return placed
    party, name = far
    report = reports[far]
    number = next((number for number in plays if number[-_DIGITS:] in plan.to), "")
    return replace(
        placed,
        far=report,
        at=party,
        presented=shown.get(name, "") if party == PROVIDER else _user(report.headers.get("From", "")),
        near_hears_hz=_hz(plays.get(number, _PSTN_PLAYS) if party == PROVIDER else TONES[party[-4:]]),
        far_hears_hz=_hz(_PSTN_PLAYS if plan.pstn else TONES.get(plan.by[-4:], "")),
    )


def _user(address: str) -> str:
    found = re.search(r"sips?:([^@>;]+)@", address)
    return found[1] if found else ""
