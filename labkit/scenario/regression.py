"""What must work whatever a scenario is about, and the whole verdict over a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit.scenario.evidence import refusal
from labkit.scenario.judge import judged
from labkit.scenario.model import CallPlan, Expected, Scenario
from labkit.scenario.run import Run
from labkit.scenario.values import own_values
from labkit.scenario.verdict import Check, Verdict

if TYPE_CHECKING:
    from labkit.trace import Trace

STRANGER = "stranger"
"""The host on the internet whom nobody invited."""

_OUT, _OUT_IP = "+15550196", "+15550197"
_IN, _IN_IP = "+15550194", "+15550195"


def regression(values: Mapping[str, str]) -> tuple[CallPlan, ...]:
    """The calls that must work whatever a scenario is about: by both trunks, inside, and not a stranger's."""
    first, second = values["did.first"], values["did.second"]
    up: dict[str, Any] = {"answered": True, "both_ways": True, "tone": True}
    return (
        CallPlan("out", "phone-1001", _OUT, 0.6, good=Expected(at="provider", presented=first, **up)),
        CallPlan("out by the IP trunk", "phone-1001", f"8{_OUT_IP}", 0.6, good=Expected(at="provider", **up)),
        CallPlan("in", _IN, first, 0.6, good=Expected(at="phone-1001", presented=_IN, **up)),
        CallPlan("in by the IP trunk", _IN_IP, second, 0.6, good=Expected(at="phone-1002", presented=_IN_IP, **up)),
        CallPlan("inside", "phone-1001", "1002", 0.6, good=Expected(at="phone-1002", **up)),
        CallPlan("a stranger", STRANGER, first, 0.1, ring_s=1.0, good=Expected(answered=False, at="nobody")),
    )


def verdict(scenario: Scenario, run: Run) -> Verdict:
    """Judge a run, live or recorded, by what must be good; the fix is not looked at."""
    from labkit.trace import open_trace

    plans = (*scenario.call, *regression(own_values(run.seed)))
    took = Check(
        "Asterisk takes the configuration", not run.refused, "no errors", "; ".join(run.refused) or "no errors"
    )
    checks = (took, *judged(plans, scenario.state, run))
    if run.capture and not all(check.passed for check in checks):
        checks = _cited(checks, run, open_trace(run.capture))
    return Verdict(scenario.slug, scenario.title, checks, scenario.cause)


def _cited(checks: tuple[Check, ...], run: Run, trace: Trace) -> tuple[Check, ...]:
    """Beside what failed the message that refused its call."""
    refusals = {call.name: refusal(call, run, trace) for call in run.calls if not call.answered}
    return tuple(check if check.passed else replace(check, cited=_about(check, refusals)) for check in checks)


def _about(check: Check, refusals: Mapping[str, str]) -> str:
    name = check.name.partition(": ")[0]
    return refusals.get(name, "") if check.name.endswith(("answered", "status")) else ""


def dead(scenario: Scenario, why: str) -> Verdict:
    """The verdict where Asterisk does not even run."""
    return Verdict(scenario.slug, scenario.title, (Check("Asterisk runs", False, "it answers", why),))
