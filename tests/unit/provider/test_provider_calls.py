"""A phone and the provider talk to each other: registration, calls both ways, endings, keys, hold."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable

import pytest

from labkit.errors import LabError
from labkit.phone.line import Line
from labkit.provider.portal import Portal
from labkit.provider.service import Service

from .conftest import DID

NewPhone = Callable[..., Awaitable[Line]]


async def test_a_phone_registers_by_digest_and_unregisters(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    binding = await phone.register()
    assert (200, 3600) == (binding.status, binding.expires_s)
    assert ["sip:trunk-4420@127.0.0.71:15071"] == [item.contact for item in service.registrations()]
    assert 0 == (await phone.unregister()).expires_s
    assert [] == service.registrations()


async def test_forgotten_registrations_leave_nowhere_to_call(service: Service, new_phone: NewPhone) -> None:
    await (await new_phone()).register()
    service.forget_registrations()
    assert [] == service.registrations()
    with pytest.raises(LabError, match="not registered"):
        service.place_call(DID)


async def test_a_private_contact_is_reached_by_its_source_and_not_as_written(
    service: Service, new_phone: NewPhone
) -> None:
    private = ["@127.0.0.71:15071", "@127.0.0.79:15079"]
    service.set("fault", [{"match": {"method": "REGISTER", "direction": "in"}, "do": "alter", "replace": [private]}])
    await (await new_phone()).register()
    assert ["sip:trunk-4420@127.0.0.79:15079"] == [item.contact for item in service.registrations()]
    assert 200 == (await service.call(DID, hold_s=0.1)).status
    service.set("trunk.registered.inbound.next_hop", "contact")
    unanswered = await service.call(DID, ring_s=0.3)
    assert ("ended", 487, "local") == (unanswered.state, unanswered.status, unanswered.ended_by)


async def test_an_unanswered_invite_is_not_repeated_after_the_provider_gave_up(
    service: Service, new_phone: NewPhone
) -> None:
    await (await new_phone()).register()
    service.set("fault", [{"match": {"method": "INVITE", "direction": "out"}}])
    sent = service.agent.transactions.retransmissions
    await service.call(DID, ring_s=0.3)
    before = dict(sent)
    await asyncio.sleep(0.5)
    assert 0 < before["INVITE"] == sent["INVITE"]


async def test_a_wrong_password_is_not_registered(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone(password="wrong")
    binding = await phone.register()
    assert (401, "Wrong password") == (binding.status, binding.reason)
    assert [] == service.registrations()


async def test_too_short_a_wish_is_raised_by_423(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    assert 60 == (await phone.register(10)).expires_s


async def test_a_call_out_hears_the_pstn_and_is_heard(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    report = await phone.call("+15550100", hold_s=0.4)
    assert ("ended", 200, "local") == (report.state, report.status, report.ended_by)
    assert [180] == [item.status for item in report.provisional]
    there = service.calls()[-1]
    assert 440 == pytest.approx(report.media.tone.frequency_hz, abs=1)
    assert 620 == pytest.approx(there.media.tone.frequency_hz, abs=1)
    assert -10 == pytest.approx(report.media.tone.level_dbm0, abs=0.3)
    assert ("remote", report.call_id) == (there.ended_by, there.call_id)


async def test_busy_ring_out_and_unknown_numbers_end_as_they_should(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    busy = await phone.call("+15550102")
    assert (486, "remote", "Q.850;cause=17") == (busy.status, busy.ended_by, busy.cause)
    assert 487 == (await phone.call("+15550101", ring_s=0.3)).status
    assert 404 == (await phone.call("+15559999")).status
    listed = [(entry.status, entry.state) for entry in Portal(service).view().calls]
    assert [(486, "ended"), (487, "ended"), (404, "refused")] == listed


async def test_a_call_in_reaches_the_registered_phone(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    nowhere = await service.call(DID)
    assert 480 == nowhere.status
    assert "not registered" in nowhere.reason
    await phone.register()
    report = await service.call(DID, caller="+15550199", hold_s=0.3)
    assert (200, "PCMA") == (report.status, report.codec)
    assert f"sip:{DID}@127.0.0.71:15071" == report.request_uri
    assert 620 == pytest.approx(report.media.tone.frequency_hz, abs=1)
    [there] = phone.list_calls()
    assert "<sip:+15550199@sip.provider.example>" == there.headers["P-Asserted-Identity"]


async def test_a_call_in_that_nobody_answers_is_cancelled_when_the_trunk_says(
    service: Service, new_phone: NewPhone
) -> None:
    phone = await new_phone()
    await phone.register()
    phone.set(answer="manual")
    service.set("trunk.registered.inbound.cancel_after_s", 0.2)
    report = await service.call(DID)
    assert (487, "local") == (report.status, report.ended_by)
    assert ["ended"] == [entry.state for entry in Portal(service).view().calls]


async def test_the_address_trunk_needs_no_password_but_the_right_address(service: Service, new_phone: NewPhone) -> None:
    peer = {"registrar": ("127.0.0.61", 15060), "user": "+442079460010", "password": ""}
    phone = await new_phone(**peer)
    assert 200 == (await phone.call("+15550100", hold_s=0.0)).status
    assert 200 == (await service.call("+442079460010", hold_s=0.0)).status
    stranger = await new_phone(**peer, bind="127.0.0.72")
    refused = await stranger.call("+15550100")
    assert (403, "Source address not allowed") == (refused.status, refused.reason)


async def test_hold_and_resume_change_the_direction_of_media(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    name = phone.place("+15550100")
    await phone.wait(name)
    there = next(iter(service.ledger)).call
    assert there
    phone.hold(name)
    await _until(lambda: there.negotiation.agreed.direction == "recvonly")  # type: ignore[union-attr]
    phone.resume(name)
    await _until(lambda: there.negotiation.agreed.direction == "sendrecv")  # type: ignore[union-attr]
    phone.hang_up(name)
    await _until(lambda: there.state == "ended")


@pytest.mark.parametrize("way", ["rfc4733", "info", "inband"])
async def test_keys_open_the_ivr_as_events_or_where_none_were_agreed_on_as_tones(
    service: Service, new_phone: NewPhone, way: str
) -> None:
    service.set("number", [{"number": "+15550105", "ring_s": 0.0, "digits": "12#"}])
    phone = await new_phone()
    phone.set(dtmf=way)
    name = phone.place("+15550105")
    await phone.wait(name)
    await phone.send_dtmf(name, "12#", 80)
    await asyncio.sleep(0.9)
    heard = service.report("call-1")
    inband = {digit.inband for digit in heard.media.dtmf}
    expected = {"rfc4733": ("12#", "", {False}), "info": ("", "12#", set()), "inband": ("12#", "", {True})}[way]
    assert expected == (heard.media.digits, heard.digits_by_info, inband)
    assert (phone.report(name).media.tone.frequency_hz == pytest.approx(1000, abs=1)) is (way != "info")


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_call_that_is_over_dies_without_the_garbage_collector(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    gc.collect()
    gc.disable()
    try:
        await phone.call("+15550100", hold_s=0.0)
        await _until(lambda: not service.ledger.up("registered"))
        call = weakref.ref(next(iter(service.ledger)).call)
        service.ledger.clear()
        service.agent.transactions.close()
        await asyncio.sleep(0.1)
        assert None is call()
    finally:
        gc.enable()


async def test_a_refresh_that_is_due_early_and_finds_no_answer_ends_the_call_after_64_t1(
    service: Service, new_phone: NewPhone
) -> None:
    await (await new_phone()).register()
    service.set("trunk.registered.timers.refresh_s", 0.2)
    refreshed = await service.call(DID, hold_s=0.5)
    assert ("local", True) == (refreshed.ended_by, "refreshed" in refreshed.times)
    service.set("t1_s", 0.01)
    service.set("fault", [{"match": {"method": "UPDATE", "direction": "out"}}])
    unanswered = await service.call(DID, hold_s=3.0)
    assert "refresh answered by 408" == unanswered.reason
    assert unanswered.duration_s == pytest.approx(0.2 + 0.64, abs=0.3)
