"""Each expectation is judged by what both ends saw, and says what that was."""

import re
from dataclasses import replace

import pytest
from scenario_runs import GOOD, REFUSED, media, report

from labkit.scenario.judge import call_checks, judged
from labkit.scenario.model import CallPlan, Expected, Heard, StatePlan
from labkit.scenario.run import Placed, Run, Seen
from labkit.scenario.verdict import Check, Verdict

WHOLE = Expected(answered=True, at="phone-1001", presented="+15550123", both_ways=True, tone=True)

FAILS = [
    (WHOLE, REFUSED, "customer: answered: expected answered, seen 401 Refused"),
    (WHOLE, replace(GOOD, at="phone-1002"), "customer: reaches phone-1001: expected phone-1001, seen phone-1002"),
    (WHOLE, replace(GOOD, presented="anonymous"), r"number shown: expected \+15550123, seen anonymous"),
    (WHOLE, replace(GOOD, near=report(media=media(0))), "RTP to the caller: .* seen no RTP"),
    (WHOLE, replace(GOOD, far=report(media=media(47, 3))), "RTP to the called party: .* seen 47 of 50 packets"),
    (WHOLE, replace(GOOD, far=report(media=media(25, 0, 0.5))), "in 0.5 of 1.0 s"),
    (WHOLE, replace(GOOD, near=report(media=media(hz=None))), "tone at the caller: expected 440 Hz, seen no tone"),
    (WHOLE, replace(GOOD, near=report(media=media(hz=620.0))), "expected 440 Hz, seen 620 Hz"),
    (Expected(status=(404, 403)), REFUSED, "expected 404 or 403, seen 401 Refused"),
    (Expected(status=(0,)), REFUSED, "expected no final answer"),
    (Expected(answered=False), GOOD, "not answered: expected not answered, seen answered"),
    (Expected(at="nobody"), GOOD, "reaches nobody: expected nobody, seen phone-1001"),
    (Expected(keys="12"), replace(GOOD, far=report(media=media(keys="1"))), "keys recognised: expected 12, seen 1"),
    (Expected(heard=Heard(near="nothing")), GOOD, "silence at the caller: expected no RTP, seen 50 RTP packets"),
    (Expected(heard=Heard(far="tone")), replace(GOOD, far=None), "tone at the called party: .*seen no tone"),
    (Expected(lasts_s=2.0), GOOD, "lasts: expected up for 2 s, seen up after 1.0 s"),
    (Expected(max_lasts_s=2.0), GOOD, "is cut: expected over within 2 s, seen up after 1.0 s"),
]
PASSES = [
    (WHOLE, GOOD),
    (Expected(status=(401,), answered=False, at="nobody"), REFUSED),
    (Expected(status=(0,)), replace(REFUSED, status=0)),
    (Expected(keys="12"), replace(GOOD, far=report(media=media(keys="12")))),
    (Expected(keys="34"), replace(GOOD, far=report(digits_by_info="34"))),
    (Expected(both_ways=True), replace(GOOD, far=report(media=media(99, 1)))),
    (Expected(heard=Heard("tone", "nothing")), replace(GOOD, far=report(media=media(0)))),
    (Expected(max_lasts_s=1.5), replace(GOOD, ended_early=True)),
    (Expected(presented=""), replace(GOOD, presented="")),
]


@pytest.mark.parametrize(("expected", "placed", "message"), FAILS)
def test_what_is_not_as_expected_fails_and_says_what_was_seen(expected: Expected, placed: Placed, message: str) -> None:
    failed = "\n".join(str(check) for check in call_checks(expected, placed) if not check.passed)
    assert Verdict("", "", tuple(call_checks(expected, placed))).passed is False
    assert re.search(message, failed), failed


@pytest.mark.parametrize(("expected", "placed"), PASSES)
def test_what_is_as_expected_passes(expected: Expected, placed: Placed) -> None:
    checks = list(call_checks(expected, placed))
    assert checks
    assert [str(check) for check in checks if not check.passed] == []


@pytest.mark.parametrize(("state", "bad", "passed"), [("Registered", False, True), ("Rejected", False, False),
                                                       ("Rejected", True, True), ("", True, False)])  # fmt: skip
def test_a_state_is_good_or_bad(state: str, bad: bool, passed: bool) -> None:
    plan = StatePlan("provider", good=("Registered",), bad=("Rejected", "Stopped"))
    run = Run("x", None, (), (Seen("registration provider", state),))
    assert [check.passed for check in judged((), (plan,), run, bad)] == [passed]


def test_a_call_without_a_symptom_is_not_asked_for_one() -> None:
    plan = CallPlan("customer", "+15550123", "+442079460000", good=WHOLE)
    run = Run("x", None, (GOOD,))
    assert list(judged((plan,), (), run, bad=True)) == []
    assert len(list(judged((plan,), (), run))) == 7


def test_a_verdict_tells_failures_first_and_the_cause_only_once_it_passed() -> None:
    good, bad = Check("a", True, "1", "1"), Check("b", False, "2", "<3>", "outside frame 4")
    failed, passed = Verdict("s", "Title", (good, bad), "Because."), Verdict("s", "Title", (good,), "Because.")
    assert str(failed).splitlines() == [
        "Not passed: Title (1 of 2 checks failed)",
        "  FAIL  b: expected 2, seen <3>  [outside frame 4]",
        "  pass  a: 1",
    ]
    assert str(passed).endswith("Because.")
    assert "Because" not in failed._repr_html_()
    assert "&lt;3&gt;" in failed._repr_html_()
    assert failed.as_dict()["passed"] is False


def test_no_checks_are_no_pass() -> None:
    assert not Verdict("s", "Title", ()).passed
