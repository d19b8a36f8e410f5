"""Verifying a lab: the scenario's calls and those that must always work, placed again and judged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.errors import LabError
from labkit.lab import placing, staging, status
from labkit.lab.captures import Recorder
from labkit.provider.view import PortalView
from labkit.scenario.model import Evidence, Scenario, StatePlan
from labkit.scenario.regression import STRANGER, regression
from labkit.scenario.run import Run, Seen
from labkit.scenario.values import own_values

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

SETTLES_S = 2.5
"""How long a healthy lab may take to register after a change: its retry interval, and a bit."""

_HANGS_UP_S = 0.5
"""How long a call may take to be over."""

_POLL_S = 0.03


def run(lab: Lab, scenario: Scenario, bad: bool = False) -> Run:
    """Place the scenario's calls and see what is to be seen.

    `bad` looks for the symptom only; else the calls that must always work are placed beside them.
    """
    clear(lab)
    ready(lab, scenario, bad)
    _be_strange(lab)
    for change in scenario.before:
        staging.happen(lab, change)
    always = () if bad else regression(own_values(lab.seed))
    seen = _states(lab, scenario.state, bad)
    title = f"{scenario.slug or 'healthy'}-{'broken' if bad else 'verify'}"
    points = list(lab.topology.points)
    recorder = Recorder(lab.runtime, lab.topology, points, title)
    with recorder, ThreadPoolExecutor() as pool:
        during = [pool.submit(_during, lab, each, scenario) for each in scenario.evidence if each.during]
        calls = placing.place(lab, scenario.call, always)
        commands = dict(one.result() for one in during)
    return replace(look(lab, scenario, commands), calls=calls, states=seen, capture=recorder.capture)


def look(lab: Lab, scenario: Scenario, said: Mapping[str, str] | None = None) -> Run:
    """What is to be seen without placing calls: log, portal, and Asterisk's answers that were not `said` already."""
    commands = dict(said or {})
    for each in scenario.evidence:
        if each.command and each.command not in commands:
            commands[each.command] = _answer(lab, each)
    log = tuple(str(line) for line in lab.log_since_change())
    portal = tuple(portal_lines(lab.provider.portal()))
    return Run(scenario.slug, lab.seed, (), (), log, commands, portal, None, lab.history.applied.errors)


def clear(lab: Lab) -> None:
    """End every call that is up, as a provider's desk does with those that nobody hung up."""
    with suppress(LabError):
        lab.asterisk("channel request hangup all")
    up = [report.id for report in lab.provider.calls() if report.state != "ended"]
    for call in up:
        lab.provider.hang_up(call)
    for call in up:
        lab.provider.wait(call, "ended", _HANGS_UP_S)


def ready(lab: Lab, scenario: Scenario, bad: bool) -> None:
    """Wait until the lab has settled: all registered, or the symptom's own state reached."""
    if bad and scenario.state:
        return
    deadline = time.monotonic() + (0.0 if bad else SETTLES_S)
    with suppress(LabError):
        if not bad and status.waiting(lab.pbx):
            status.qualify(lab.pbx)
        while status.waiting(lab.pbx) and time.monotonic() < deadline:
            time.sleep(_POLL_S)


def _be_strange(lab: Lab) -> None:
    """Let the stranger's phone run; it knows no password."""
    if STRANGER in lab.runtime.running():
        return
    values = lab.values
    words = {"user": "stranger", "password": "none", "bind": values["stranger"], "registrar": values["router.wan"]}
    argv = ["-m", "labkit.phone", *(f"--{name}={value}" for name, value in words.items())]
    lab.runtime.start(STRANGER, STRANGER, [*argv, f"--control={lab.parties.control(STRANGER)}"], own_tools=False)


def show_symptom(lab: Lab, scenario: Scenario) -> None:
    """Wait until the broken lab is in the states that the scenario tells of, or their time is over."""
    _states(lab, scenario.state, bad=True)


def _states(lab: Lab, plans: tuple[StatePlan, ...], bad: bool) -> tuple[Seen, ...]:
    """Each state once it is as wanted, or as it is when its time is over."""
    with ThreadPoolExecutor(max(1, len(plans))) as pool:
        waits: list[Future[Seen]] = [pool.submit(_state, lab, plan, plan.bad if bad else plan.good) for plan in plans]
        return tuple(one.result() for one in waits)


def _state(lab: Lab, plan: StatePlan, wanted: tuple[str, ...]) -> Seen:
    deadline = time.monotonic() + plan.within_s
    while True:
        now = _now(lab, plan)
        if now in wanted or time.monotonic() > deadline:
            return Seen(plan.name, now)
        time.sleep(_POLL_S)


def _now(lab: Lab, plan: StatePlan) -> str:
    try:
        if plan.registration:
            return status.registrations(lab.pbx).get(plan.registration, "")
        contact = status.contacts(lab.pbx).get(plan.contact)
    except LabError as why:
        return str(why)
    return contact.state if contact else ""


def _during(lab: Lab, evidence: Evidence, scenario: Scenario) -> tuple[str, str]:
    """Ask in the middle of a call."""
    plan = next(call for call in scenario.call if call.name == evidence.during)
    time.sleep(plan.wait_s + 0.3 + plan.hold_s / 2)
    return evidence.command, _answer(lab, evidence)


def _answer(lab: Lab, evidence: Evidence) -> str:
    try:
        if evidence.kind == "cli":
            return lab.asterisk(evidence.subject)
        reply = lab.ami(evidence.subject, **evidence.headers)
        messages = [reply.response, *reply.events]
        return "\n\n".join("\n".join(f"{key}: {value}" for key, value in each.items()) for each in messages)
    except LabError as why:
        return str(why)


def portal_lines(view: PortalView) -> Iterator[str]:
    """The portal's page as text."""
    for trunk in view.trunks:
        yield (
            f"trunk {trunk.name}: {trunk.kind}, server {trunk.server}, numbers {', '.join(trunk.numbers) or 'none'}, "
            f"allowed {', '.join(trunk.allowed_addresses) or 'any'}, "
            f"verified {', '.join(trunk.verified_callers) or 'none'}, channels {trunk.channels}"
            f"{', suspended' if trunk.suspended else ''}"
        )
    for binding in view.registrations:
        yield f"registration {binding.trunk}: {binding.contact} from {binding.source} by {binding.transport}"
    for call in view.calls:
        end = f"{call.status or 'no answer'} {call.reason}".strip()
        yield f"call {call.direction} {call.trunk or 'no trunk'}: {call.caller or 'withheld'} to {call.called}: {end}"
