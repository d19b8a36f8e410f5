"""A verdict does not blame the lab for a machine that had no time."""

from dataclasses import replace

import pytest

from labkit.lab.judging import HEALTHY, late
from labkit.scenario.model import CallPlan
from labkit.scenario.run import Placed, Run

PLAN = CallPlan("customer", "+15550123", "+442079460000", hold_s=1.0)
SCENARIO = replace(HEALTHY, call=(PLAN,))


@pytest.mark.parametrize(
    ("up_s", "ended_early", "expected"),
    [(1.0, False, False), (1.1, False, False), (1.3, False, True), (1.3, True, False), (0.0, False, False)],
)
def test_a_run_is_late_where_a_caller_hung_up_late(up_s: float, ended_early: bool, expected: bool) -> None:
    call = Placed(PLAN.name, PLAN.by, PLAN.to, "scenario", 200, up_s=up_s, ended_early=ended_early)
    assert late(SCENARIO, Run("x", None, (call,))) is expected
