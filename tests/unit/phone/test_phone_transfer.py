"""Phones call each other directly and carry out REFER and Replaces (RFC 3515, RFC 3891)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from labkit.errors import LabError, ParseError
from labkit.phone.line import Line
from labkit.phone.settings import Account, Behaviour
from labkit.phone.transfer import Replaces
from labkit.sip.timers import Timing

FAST = Timing(0.05, 0.2, 0.2)
ADDRESS = {name: f"127.0.0.{number}" for name, number in (("ann", 81), ("bob", 82), ("cat", 83))}
PORT = 15081


def uri(name: str) -> str:
    return f"sip:{name}@{ADDRESS[name]}:{PORT}"


@pytest.fixture
async def phones() -> AsyncIterator[tuple[Line, ...]]:
    """Ann's calls go to Bob, Bob's and Cat's to Ann."""
    lines = []
    for name, peer in (("ann", "bob"), ("bob", "ann"), ("cat", "ann")):
        account = Account(name, "", ADDRESS[name], (ADDRESS[peer], PORT), PORT)
        lines.append(Line(account, Behaviour(source="none"), FAST))
        await lines[-1].open()
    yield tuple(lines)
    for line in lines:
        await line.close()


Phones = tuple[Line, Line, Line]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.01)


async def talk(line: Line, to: str) -> str:
    name = line.place(to)
    assert "confirmed" == await line.wait(name)
    return name


async def test_a_phone_that_is_referred_calls_the_target_and_tells(phones: Phones) -> None:
    ann, bob, cat = phones
    call = await talk(ann, uri("bob"))
    ann.transfer(call, uri("cat"))
    await until(lambda: "transfer 200 OK" in ann.report(call).times)
    assert ["refer 202", "transfer 100 Trying", "transfer 180 Ringing", "transfer 200 OK"] == [
        event for event in ann.report(call).times if event.startswith(("refer", "transfer"))
    ]
    assert ("ended", "transferred") == (ann.report(call).state, ann.report(call).reason)
    [there] = cat.list_calls()
    assert ("confirmed", f"<sip:ann@{ADDRESS['bob']}>") == (there.state, there.headers["Referred-By"])
    assert "ended" == await bob.wait("call-1", "ended")
    assert "confirmed" == bob.report("call-2").state
    bob.hang_up("call-2")
    await cat.wait("call-1", "ended")


async def test_an_attended_transfer_replaces_the_call_that_stands(phones: Phones) -> None:
    ann, bob, cat = phones
    to_bob = await talk(ann, uri("bob"))
    await talk(cat, uri("ann"))
    ann.transfer_to_call(to_bob, "call-2")
    await until(lambda: "transfer 200 OK" in ann.report(to_bob).times)
    assert "ended" == await ann.wait("call-2", "ended")
    assert [("ended", "replaced"), ("confirmed", "")] == [(one.state, one.reason) for one in cat.list_calls()]
    assert cat.list_calls()[1].headers["Replaces"].startswith(cat.report("call-1").call_id)
    assert "confirmed" == bob.report("call-2").state


async def test_a_transfer_that_fails_is_told_and_leaves_the_call(phones: Phones) -> None:
    ann, _, cat = phones
    cat.set(answer="busy")
    call = await talk(ann, uri("bob"))
    ann.transfer(call, uri("cat"))
    await until(lambda: "transfer 486 Busy Here" in ann.report(call).times)
    assert "confirmed" == ann.report(call).state
    cat.set(answer="auto")
    ann.transfer(call, uri("cat"))
    await until(lambda: "transfer 200 OK" in ann.report(call).times)


@pytest.mark.parametrize("target", ["tel:+15550100", "sip:cat@127.0.0.83;method=BYE", "nonsense"])
async def test_a_referral_to_something_else_than_a_call_is_refused(phones: Phones, target: str) -> None:
    ann, bob, _ = phones
    call = await talk(ann, uri("bob"))
    ann.calls[call].send_request("REFER", [("Refer-To", f"<{target}>")], on_response=lambda it: notes.append(it.status))
    notes: list[int] = []
    await until(lambda: notes)
    assert ([400], 1) == (notes, len(bob.calls))


@pytest.mark.parametrize(
    ("value", "status"),
    [("nobody;to-tag=1;from-tag=2", 481), ("nobody", 400), ("{standing};early-only", 486)],
)
async def test_what_cannot_be_replaced_is_refused(phones: Phones, value: str, status: int) -> None:
    ann, bob, _ = phones
    await talk(ann, uri("bob"))
    standing = bob.calls["call-1"].dialog
    assert standing
    value = value.format(standing=Replaces(standing.id))
    call = ann.place(uri("bob"), headers=[("Replaces", value)])
    await ann.wait(call, "ended")
    assert status == ann.report(call).status
    assert "confirmed" == bob.report("call-1").state


def test_replaces_is_read_and_written() -> None:
    text = "98732@example.com;to-tag=r33th4x0r;from-tag=ff87ff;early-only"
    assert text == str(Replaces.parse(text.replace(";to", " ;to")))
    with pytest.raises(ParseError, match="to-tag"):
        Replaces.parse("98732@example.com;from-tag=1")


async def test_a_call_without_a_dialog_is_no_target(phones: Phones) -> None:
    ann, bob, _ = phones
    bob.set(answer="manual")
    call = ann.place(uri("bob"))
    with pytest.raises(LabError, match="only a call that is up"):
        ann.transfer_to_call(call, call)
