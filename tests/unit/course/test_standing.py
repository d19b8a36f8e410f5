"""Mastery is what a learner did alone: hints, solutions and Run All do not count."""

from __future__ import annotations

import pytest

from labkit.journal import Event
from tests.unit.course.course_sample import LESSON, SOLUTION, event, mended, told


def test_a_fault_mended_alone_is_mastered_and_two_of_a_family_master_it() -> None:
    once = told(*mended("refused"), *mended("refused", 1000))
    assert once.mastered == {"refused"}
    assert not once.masters("inbound")
    assert told(*mended("refused"), *mended("silent", 1000)).masters("inbound")


def test_a_family_of_one_fault_asks_for_no_second() -> None:
    assert told(*mended("knocks")).masters("security")


@pytest.mark.parametrize(
    "between",
    [
        event(10, "hint", "refused.object", hints=2),
        event(10, "check", "05.desk", SOLUTION, right=True),
        event(10, "verify", "refused", SOLUTION, right=False),
    ],
    ids=["a hint", "a solution before another question", "a solution that did not do"],
)
def test_what_was_mended_with_help_is_not_mastered(between: Event) -> None:
    broke, verified = mended("refused")
    found = told(broke, between, verified)
    assert found.mastered == set()
    assert found.mended == {"refused"}


def test_help_of_an_earlier_attempt_does_not_count_against_a_later_one() -> None:
    assert told(*mended("refused"), event(400, "hint", "refused.object"), *mended("refused", 1000)).mastered
    broke, verified = mended("refused")
    assert told(broke, event(10, "hint", "refused.object"), verified, *mended("refused", 1000)).mastered == {"refused"}


def test_a_hint_to_another_fault_does_not_count() -> None:
    broke, verified = mended("refused")
    assert told(broke, event(10, "hint", "silent.object"), verified).mastered == {"refused"}


def test_a_solution_that_ran_before_the_lab_was_broken_does_not_count() -> None:
    broke = event(0, "break", "refused", SOLUTION)
    verified = event(300, "verify", "refused", SOLUTION, right=True)
    assert told(broke, verified).mastered == {"refused"}
    assert told(broke, event(300, "verify", "refused", "panel()", SOLUTION + "\nlab", right=True)).mastered


def test_a_verdict_that_did_not_pass_mends_nothing() -> None:
    found = told(event(0, "break", "refused"), event(60, "verify", "refused", right=False))
    assert (found.met, found.mended) == ({"refused"}, set())


def test_a_verdict_without_a_break_is_nobodys() -> None:
    assert told(event(0, "verify", "refused", right=True)).attempts == ()


@pytest.mark.parametrize(
    ("named", "diagnosed_s"),
    [
        (event(120, "check", "refused.object", right=True), 120),
        (event(120, "check", "refused.layer", right=True), 120),
        (event(120, "evidence", "refused", right=True), 120),
        (event(120, "check", "refused.notice", right=True), 300),
        (event(120, "check", "refused.object", right=False), 300),
    ],
)
def test_the_time_to_diagnosis_ends_when_layer_or_object_is_named(named: Event, diagnosed_s: float) -> None:
    broke, verified = mended("refused")
    (attempt,) = told(broke, named, verified).attempts
    assert (attempt.diagnosed_s, attempt.mended_s) == (diagnosed_s, 300)


def test_a_lesson_is_answered_by_the_learners_own_answers() -> None:
    right = event(0, "check", "05.order", "answer = 1\ncheck('05.order', answer)", right=True)
    copied = event(0, "check", "refused.object", 'check("05.order", 1)', right=True)
    wrong = event(0, "check", "refused.object", right=False)
    assert told(right, copied, wrong).done(LESSON) == 1
    assert told(right, event(0, "check", "refused.object", right=True)).answers_all(LESSON)


def test_what_nobody_knows_any_more_is_passed_over() -> None:
    assert told(*mended("gone"), event(0, "check", "99.gone", right=True), *mended("refused")).mastered == {"refused"}
