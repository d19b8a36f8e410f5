"""Phones behind a real Asterisk: agent to agent, hold, transfers asked for and carried out, keys, SRTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from labkit.lab.lab import Lab
from labkit.phone.client import Phone
from labkit.trace import open_trace


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
        for call in phone.calls():
            if call.state != "ended":
                phone.hang_up(call.id)
                phone.wait(call.id, "ended")
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
    until(lambda: first.report(call).media_direction == "sendonly")
    assert "modified" in first.report(call).times
    first.resume(call)
    until(lambda: first.report(call).media.received[-1].packets > packets and hears(first, call, 440))
    assert first.report(call).media_direction == "sendrecv"
    first.hang_up(call)


def test_blind_transfer_joins_the_far_end_with_a_number(lab: Lab, phones: tuple[Phone, Phone]) -> None:
    first, second = phones
    call = first.place("+15550110")
    first.wait(call)
    first.transfer(call, "1002")
    there = second.wait_for_call()
    until(lambda: hears(second, there, 440))
    assert "ended" == first.wait(call, "ended")
    assert "refer 202" in first.report(call).times
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
    for call in (outside, inside):
        assert "ended" == first.wait(call, "ended")
    second.hang_up(there)


REFERRING = """
[from-phones]
exten => 601,1,Gosub(outbound,s,1)
 same => n,Set(GLOBAL(STANDING)=${CHANNEL(pjsip,call-id)}%3Bto-tag%3D${CHANNEL(pjsip,local_tag)})
 same => n,Set(GLOBAL(STANDING)=${STANDING}%3Bfrom-tag%3D${CHANNEL(pjsip,remote_tag)})
 same => n,Dial(PJSIP/+15550110@provider,30)
exten => 602,1,Answer()
 same => n,Transfer(PJSIP/sip:600@10.10.0.10)
 same => n,Hangup()
exten => 603,1,Answer()
 same => n,Transfer(PJSIP/sip:601@10.10.0.10?Replaces=${STANDING})
 same => n,Hangup()
"""
"""Numbers whose calls Asterisk sends elsewhere by REFER: 602 to the echo, 603 into the call of who called 601."""


@pytest.fixture
def referring(lab: Lab) -> Iterator[None]:
    """The dialplan with those numbers."""
    healthy = lab.config["extensions.conf"]
    lab.config["extensions.conf"] = healthy + REFERRING
    lab.reload()
    yield
    lab.config["extensions.conf"] = healthy
    lab.reload()


def test_a_phone_that_asterisk_refers_calls_the_target(referring: None, phones: tuple[Phone, Phone]) -> None:
    first, _ = phones
    first.place("602")
    until(lambda: len(first.calls()) == 2 and first.calls()[1].state == "confirmed")
    until(lambda: first.calls()[0].state == "ended")
    left, echo = first.calls()
    assert "referred" in left.times
    assert "sip:600@10.10.0.10" == echo.request_uri
    until(lambda: hears(first, echo.id, 620))
    first.hang_up(echo.id)


def test_a_phone_that_asterisk_refers_replaces_the_call_of_another(
    referring: None, phones: tuple[Phone, Phone]
) -> None:
    first, second = phones
    outside = second.place("601")
    second.wait(outside)
    until(lambda: hears(second, outside, 440))
    first.place("603")
    assert "ended" == second.wait(outside, "ended")
    until(lambda: len(first.calls()) == 2 and first.calls()[1].state == "confirmed")
    joined = first.calls()[1]
    assert second.report(outside).call_id in joined.headers["Replaces"]
    until(lambda: hears(first, joined.id, 440))
    first.hang_up(joined.id)


def test_srtp_all_the_way_to_the_provider(lab: Lab, phones: tuple[Phone, Phone]) -> None:
    first, _ = phones
    healthy = {name: lab.config[name] for name in ("pjsip.d/phone-1001.conf", "pjsip.d/trunk-provider.conf")}
    for name, text in healthy.items():
        lab.config[name] = text.replace("type = endpoint\n", "type = endpoint\nmedia_encryption = sdes\n")
    lab.reload()
    first.set(security="required")
    lab.provider.set("trunk.registered.sdp.security", "required")
    try:
        with lab.capture(title="srtp") as recorder:
            call = first.place("+15550110")
            assert "confirmed" == first.wait(call)
            until(lambda: hears(first, call, 440))
            until(lambda: hears_at_provider(lab, 620))
            first.hang_up(call)
        answers = [one.data for one in open_trace(recorder.capture).sip if one.code == 200 and b"m=audio" in one.data]
        assert len(answers) >= 2
        assert all(b"RTP/SAVP" in data and b"a=crypto:" in data for data in answers)
        assert 0 == first.report(call).media.invalid_packets
    finally:
        first.set(security="none")
        lab.provider.set("trunk.registered.sdp.security", "none")
        for name, text in healthy.items():
            lab.config[name] = text
        lab.reload()


def hears_at_provider(lab: Lab, frequency_hz: float) -> bool:
    """Whether the telephone behind the provider hears a tone now."""
    heard = lab.provider.calls()[-1].media.tone.frequency_hz
    return heard is not None and abs(heard - frequency_hz) < 2


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
