"""The portal shows a customer what a carrier's portal shows, and no more."""

from __future__ import annotations

from types import SimpleNamespace

from labkit.provider.policy import Policy
from labkit.provider.portal import Portal
from labkit.provider.view import CallEntry


def entry(name: str, status: int | None) -> CallEntry:
    return CallEntry(name, "outbound", "static", "+442079460001", "+15550120", "203.0.113.1", 0.0, status=status)


def test_a_call_that_was_dropped_without_an_answer_is_not_listed_and_one_under_way_is() -> None:
    attempts = [entry("refused", 403), entry("dropped", 0), entry("ringing", None)]
    service = SimpleNamespace(policy=Policy(), registrations=list, attempts=lambda: attempts)
    assert ["refused", "ringing"] == [each.id for each in Portal(service).view().calls]  # type: ignore[arg-type]
