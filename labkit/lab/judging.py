"""The verdict on a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit import journal
from labkit.errors import HostError, LabError
from labkit.lab import staging, verifying
from labkit.lab.calls import Call
from labkit.lab.stage import Form, Get, Put, capture, written
from labkit.scenario.citation import Assessment, Citation, assess
from labkit.scenario.model import Scenario
from labkit.scenario.regression import dead, regression, verdict
from labkit.scenario.run import Run
from labkit.scenario.values import own_values
from labkit.scenario.verdict import Verdict

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.trace.trace import Trace

_TRIES = 3
_LATE_S = 0.15

HEALTHY = Scenario("", "The healthy lab", "", "", "", "", "", "", (), ())
"""What a lab is judged by that no scenario broke."""


def verify(lab: Lab) -> Verdict:
    """Apply what was edited, place the calls, judge; where Asterisk does not run, that is the verdict."""
    scenario = lab.scenario or HEALTHY
    errors = apply_edits(lab)
    seen = lab.stage.ask(["verify"], lambda: _seen(lab, scenario, errors), RUN, takes_time=True)
    return dead(scenario, seen) if isinstance(seen, str) else verdict(scenario, seen)


def _seen(lab: Lab, scenario: Scenario, errors: list[str]) -> Run | str:
    """What a verdict is made of, or why no call could be placed."""
    if lab.replayed is not None:
        return lab.replayed.run
    if "asterisk" not in lab.runtime.running():
        return "; ".join(errors) or "it does not run"
    try:
        return tried(lab, scenario)[0]
    except LabError as why:
        return "; ".join([*errors, str(why)])


def _written(seen: Run | str, put: Put) -> Any:
    return seen if isinstance(seen, str) else [seen.plain(), written(seen.capture, put)]


def _read(plain: Any, get: Get) -> Run | str:
    return plain if isinstance(plain, str) else Run.read(plain[0], capture(plain[1], get))


RUN: Form[Run | str] = Form(_written, _read)


def tried(lab: Lab, scenario: Scenario) -> tuple[Run, Verdict]:
    """A run and its verdict; a failed one is tried again where the machine was too busy to place calls in time."""
    for _ in range(_TRIES):
        seen = verifying.run(lab, scenario)
        judgement = verdict(scenario, seen)
        if judgement.passed or not late(scenario, seen):
            break
    return seen, judgement


def late(scenario: Scenario, seen: Run) -> bool:
    """Whether a caller hung up much later than planned: then media had no time of its own either."""
    hold_s = {plan.name: plan.hold_s for plan in (*scenario.call, *regression(own_values(seen.seed)))}
    return any(not call.ended_early and call.up_s > hold_s[call.name] + _LATE_S for call in seen.calls)


def apply_edits(lab: Lab) -> list[str]:
    """Make files count that were edited since the last version."""
    way = staging.needed(lab)
    edited = dict(lab.history.applied.files) != dict(lab.config)
    return staging.made_to_count(lab, way, "apply") if edited or way == "restart" else []


def symptom(lab: Lab, scenario: Scenario) -> Run:
    """The scenario's own calls on the broken lab, with what is to be seen."""
    return verifying.run(lab, scenario, bad=True)


def cited(lab: Lab, citation: Citation, of: Call | Trace | None) -> Assessment:
    """Compare a citation with what the broken lab shows; frames and streams are those of a call or trace."""
    scenario = lab.scenario
    if scenario is None:
        raise HostError(
            "The lab is not broken by a scenario, there is no evidence to cite. Break it: labkit break SLUG"
        )
    if of is None and (citation.frame or citation.stream):
        raise HostError("Say of which call the frame is: lab.evidence(frame=4, of=call).")
    trace = of.trace if isinstance(of, Call) else of
    assessment = assess(scenario, citation, verifying.look(lab, scenario), trace)
    journal.note("evidence", scenario.slug, right=assessment.credit == 1, lab=lab.name)
    return assessment
