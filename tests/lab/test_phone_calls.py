"""Phones behind a real Asterisk: agent to agent, hold, transfer to a number and to a call, keys to the echo."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from labkit.lab.lab import Lab
from labkit.phone.client import Phone


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of this module's own."""
    made = Lab("phone-calls", runtime="namespaces").up(fresh=True)
    yield made
    made.down()


@pytest.fixture
def phones(lab: Lab) -> tuple[Phone, Phone]:
    """Both agents' phones without calls."""
    pair = lab.phone("1001"), lab.phone("1002")
    for phone in pair:
        phone.forget()
    return pair


def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def hears(phone: Phone, call: str, frequency_hz: float) -> bool:
    """Whether a phone hears a tone now."""
    heard = phone.report(call).media.tone.frequency_hz
    return heard is not None and abs(heard - frequency_hz) < 2


def test_agents_hear_each_other(phones: tuple[Phone, Phone]) -> None:
    first, second = phones
    call = first.place("1002")
    assert "confirmed" == first.wait(call)
    there = second.wait_for_call()
    until(lambda: hears(first, call, 770) and hears(second, there, 620))
    first.hang_up(call)
    assert "ended" == second.wait(there, "ended")


def test_hold_silences_and_resume_brings_back(phones: tuple[Phone, Phone]) -> None:
    first, _ = phones
    call = first.place("+15550110")
    first.wait(call)
    until(lambda: hears(first, call, 440))
    packets = first.report(call).media.received[0].packets
    first.hold(call)
    until(lambda: "modified" in first.report(call).times)
    first.resume(call)
    until(lambda: first.report(call).media.received[-1].packets > packets and hears(first, call, 440))
    first.hang_up(call)


def test_blind_transfer_joins_the_far_end_with_a_number(lab: Lab, phones: tuple[Phone, Phone]) -> None:
    first, second = phones
    call = first.place("+15550110")
    first.wait(call)
    first.transfer(call, "1002")
    there = second.wait_for_call()
    until(lambda: hears(second, there, 440))
    until(lambda: "refer 202" in first.report(call).times)
    first.hang_up(call)
    assert "confirmed" == second.report(there).state
    second.hang_up(there)


def test_attended_transfer_joins_two_calls(lab: Lab, phones: tuple[Phone, Phone]) -> None:
    first, second = phones
    outside = first.place("+15550110")
    first.wait(outside)
    first.hold(outside)
    inside = first.place("1002")
    first.wait(inside)
    there = second.wait_for_call()
    first.transfer_to_call(outside, inside)
    until(lambda: hears(second, there, 440))
    second.hang_up(there)


def test_a_phone_rejects_and_is_busy(phones: tuple[Phone, Phone]) -> None:
    first, second = phones
    second.set(answer="manual")
    call = first.place("1002")
    there = second.wait_for_call()
    second.reject(there, 486)
    first.wait(call, "ended")
    assert first.report(call).status is not None
    assert not first.report(call).answered
    second.set(answer="auto")
