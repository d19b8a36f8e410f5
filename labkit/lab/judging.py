"""The verdict on a live lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.errors import LabError
from labkit.lab import staging, verifying
from labkit.scenario.model import Scenario
from labkit.scenario.regression import dead, verdict
from labkit.scenario.run import Run
from labkit.scenario.verdict import Verdict

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

HEALTHY = Scenario("", "The healthy lab", "", "", "", "", "", "", (), ())
"""What a lab is judged by that no scenario broke."""


def verify(lab: Lab) -> Verdict:
    """Apply what was edited, place the calls, judge; where Asterisk does not run, that is the verdict."""
    scenario = lab.scenario or HEALTHY
    errors = apply_edits(lab)
    try:
        return verdict(scenario, verifying.run(lab, scenario))
    except LabError as why:
        return dead(scenario, "; ".join([*errors, str(why)]))


def apply_edits(lab: Lab) -> list[str]:
    """Make files count that were edited since the last version."""
    way = staging.needed(lab)
    edited = not len(lab.history) or dict(lab.history[-1].files) != dict(lab.config)
    return staging.made_to_count(lab, way, "apply") if edited or way == "restart" else []


def symptom(lab: Lab, scenario: Scenario) -> Run:
    """The scenario's own calls on the broken lab, with what is to be seen."""
    return verifying.run(lab, scenario, bad=True)
