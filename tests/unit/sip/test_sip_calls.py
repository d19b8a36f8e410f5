"""Calls between two agents, message by message: flows of RFC 3665 by name, lost messages, races, extensions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from labkit.sip.callee import IncomingCall
from labkit.sip.digest import Account, DigestClient, DigestServer
from labkit.sip.message import parse
from labkit.sip.session_timer import TimerWish
from labkit.sip.timers import Timing
from labkit.sip.transaction import ServerTransaction

from .harness import Link


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    made = Link()
    yield made
    await made.close()


@pytest.fixture
async def unhurried() -> AsyncIterator[Link]:
    """A link with the RFC's own timers: on a busy machine nothing is sent twice."""
    made = Link(Timing())
    yield made
    await made.close()


def answering(link: Link, *, ring: bool = True, answer: bool = True) -> list[IncomingCall]:
    """Have b ring and answer; gives the list that its calls come into."""
    calls: list[IncomingCall] = []

    def take(transaction: ServerTransaction) -> None:
        call = link.incoming(transaction)
        calls.append(call)
        if ring:
            call.ring()
        if answer:
            call.answer()

    link.b.handlers["INVITE"] = take
    return calls


def refusing(link: Link, status: int) -> None:
    """Have b refuse."""
    link.b.handlers["INVITE"] = lambda transaction: link.incoming(transaction).reject(status)


def losing(kinds: list[str]) -> Callable[[bytes], bool]:
    """Lose the next message of each of these kinds (`ACK`, `200 INVITE`), once."""
    left = list(kinds)

    def lose(data: bytes) -> bool:
        message = parse(data)
        kind = getattr(message, "method", None) or f"{message.status} {message.cseq.method}"  # type: ignore[union-attr]
        if kind in left:
            left.remove(kind)
            return True
        return False

    return lose


async def test_rfc3665_3_1_successful_session_establishment(unhurried: Link) -> None:
    calls = answering(unhurried)
    call = unhurried.place()
    await unhurried.until(lambda: calls and calls[0].state == "confirmed")
    calls[0].bye()
    await unhurried.until(lambda: call.state == "ended")
    flow = ["a INVITE", "b 180 INVITE", "b 200 INVITE", "a ACK", "b BYE", "a 200 BYE"]
    assert flow == unhurried.wire
    assert ("remote", 200, "BYE") == (call.ending.by, call.ending.status, call.ending.reason)  # type: ignore[union-attr]


async def test_rfc3665_3_3_two_proxy_challenges_in_one_call(unhurried: Link) -> None:
    servers = [DigestServer("one", {"alice": "1"}), DigestServer("two", {"alice": "2"})]

    def take(transaction: ServerTransaction) -> None:
        for server in servers:
            if not server.check(transaction.request, "Proxy-Authorization", 0.0).ok:
                rows = [("Proxy-Authenticate", value) for item in servers for value in item.challenges(0.0)]
                transaction.respond(transaction.response(407, rows=rows))
                return
        unhurried.incoming(transaction).answer()

    unhurried.b.handlers["INVITE"] = take
    client = DigestClient((Account("alice", "1", "one"), Account("alice", "2", "two")))
    call = unhurried.place(credentials=client)
    await unhurried.until(lambda: call.state == "confirmed")
    assert ["a INVITE", "b 407 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK"] == unhurried.wire


async def test_rfc3665_3_6_session_with_the_sdp_in_the_ack(unhurried: Link) -> None:
    calls = answering(unhurried)
    call = unhurried.outgoing()
    call.with_offer = False
    call.place("sip:bob@192.0.2.2")
    await unhurried.until(lambda: calls and calls[0].state == "confirmed")
    assert ("PCMA", "PCMA") == (call.negotiation.agreed.codec.name, calls[0].negotiation.agreed.codec.name)  # type: ignore[union-attr]


async def test_rfc3665_3_7_session_with_a_re_invite(unhurried: Link) -> None:
    calls = answering(unhurried)
    call = unhurried.place()
    await unhurried.until(lambda: calls and calls[0].state == "confirmed")
    calls[0].negotiation.media.address = ("192.0.2.77", 4000)
    calls[0].reinvite()
    await unhurried.until(lambda: "modified" in calls[0].times)
    assert ("192.0.2.77", 4000) == call.negotiation.agreed.remote  # type: ignore[union-attr]
    assert ["b INVITE", "a 200 INVITE", "b ACK"] == unhurried.wire[-3:]


async def test_rfc3665_3_8_unsuccessful_no_answer(link: Link) -> None:
    calls = answering(link, answer=False)
    call = link.place()
    await link.until(lambda: call.state == "ringing")
    call.cancel()
    await link.until(lambda: call.state == "ended" and calls[0].state == "ended")
    flow = ["a INVITE", "b 180 INVITE", "a CANCEL", "b 200 CANCEL", "b 487 INVITE", "a ACK"]
    assert flow == link.wire
    assert (487, "remote") == (call.ending.status, calls[0].ending.by)  # type: ignore[union-attr]


@pytest.mark.parametrize(("status", "name"), [(486, "3_9_busy"), (480, "3_11_temporarily_unavailable")])
async def test_rfc3665_refusals(link: Link, status: int, name: str) -> None:
    refusing(link, status)
    call = link.place()
    await link.until(lambda: call.state == "ended")
    assert ["a INVITE", f"b {status} INVITE", "a ACK"] == link.wire


async def test_rfc3665_3_10_unsuccessful_no_response(link: Link) -> None:
    link.lose = lambda data: True
    call = link.place()
    await link.until(lambda: call.state == "ended")
    assert (408, "local") == (call.ending.status, call.ending.by)  # type: ignore[union-attr]
    assert len(link.wire) in (6, 7)  # timer A: at 0, T1, 3*T1, ... 63*T1, which is close to timer B


LOST = [["INVITE"], ["180 INVITE"], ["200 INVITE"], ["ACK"], ["ACK", "200 INVITE"], ["BYE"], ["200 BYE"]]


@pytest.mark.parametrize("lost", LOST)
async def test_a_lost_message_changes_nothing_but_time(link: Link, lost: list[str]) -> None:
    link.lose = losing(lost)
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    call.hang_up()
    await link.until(lambda: calls[0].state == "ended" and not link.a.usages and not link.b.usages)
    assert 1 == len(calls)
    assert len(lost) == len([line for line in link.wire if line.endswith("lost")])


async def test_the_callee_gives_up_when_no_ack_ever_comes(link: Link) -> None:
    link.lose = lambda data: data.startswith(b"ACK")
    calls = answering(link)
    link.place()
    await link.until(lambda: calls and calls[0].state == "ended")
    assert "no ACK" == calls[0].ending.reason  # type: ignore[union-attr]
    assert 8 <= link.wire.count("b 200 INVITE") <= 19
    assert "b BYE" in link.wire


async def test_crossing_re_invites_are_refused_and_tried_again(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([0.1, 0.02])
    monkeypatch.setattr("labkit.sip.call.random.uniform", lambda low, high: next(waits))
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    call.hold()
    calls[0].reinvite()
    await link.until(lambda: "modified" in call.times and "modified" in calls[0].times)
    await link.until(lambda: call.negotiation.agreed.direction == "sendonly")  # type: ignore[union-attr]
    assert {"a 491 INVITE", "b 491 INVITE"} <= set(link.wire)


async def test_taken_back_while_the_hold_is_unanswered_is_taken_back_after_it(link: Link) -> None:
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    call.hold()
    call.resume()
    await link.until(lambda: 3 == link.wire.count("b 200 INVITE"))
    await link.until(lambda: call.negotiation.agreed.direction == "sendrecv")  # type: ignore[union-attr]


async def test_cancel_that_crosses_the_answer_ends_the_call_by_bye(link: Link) -> None:
    calls = answering(link, answer=False)
    call = link.place()
    await link.until(lambda: call.state == "ringing")
    calls[0].answer()
    call.cancel()
    await link.until(lambda: call.state == "ended" and calls[0].state == "ended")
    assert ["a CANCEL", "b 200 CANCEL"] == [line for line in link.wire if "CANCEL" in line]
    assert {"a ACK", "a BYE"} <= set(link.wire)


async def test_a_second_answer_of_a_fork_is_acknowledged_and_ended(link: Link) -> None:
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    last = calls[0].transaction.last
    assert last
    tag = calls[0].transaction.to_tag.encode()
    link.carry(last.raw.replace(tag, b"other"), link.B, link.A)
    await link.until(lambda: "fork refused" in call.times)
    assert ["a ACK", "a BYE"] == link.wire[-3:-1] or ["a ACK", "a BYE"] == link.wire[-2:]
    assert "confirmed" == call.state


async def test_media_follows_the_branch_of_a_fork_that_answers(link: Link) -> None:
    calls = answering(link, ring=False, answer=False)
    call = link.place()
    await link.until(lambda: bool(calls))
    calls[0].ring(183, media=True)
    last = calls[0].transaction.last
    assert last
    other = last.raw.replace(calls[0].transaction.to_tag.encode(), b"other")
    await link.until(lambda: call.negotiation.agreed)
    other = other.replace(b"m=audio 4000", b"m=audio 5000")
    link.carry(other, link.B, link.A)
    await link.until(lambda: len(call._early) == 2)
    assert ("192.0.2.2", 4000) == call.negotiation.agreed.remote  # type: ignore[union-attr]
    link.carry(other.replace(b"SIP/2.0 183 Session Progress", b"SIP/2.0 200 OK"), link.B, link.A)
    await link.until(lambda: call.state == "confirmed")
    assert ("192.0.2.2", 5000) == call.negotiation.agreed.remote  # type: ignore[union-attr]
    assert "other" == call.dialog.remote.tag  # type: ignore[union-attr]


async def test_a_reliable_180_is_sent_until_its_prack(link: Link) -> None:
    link.lose = losing(["180 INVITE", "PRACK"])
    calls = answering(link, ring=False, answer=False)
    call = link.outgoing()
    call.reliable = True
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: bool(calls))
    calls[0].ring(reliable=True)
    calls[0].ring(183, media=True, reliable=True)
    await link.until(lambda: "pracked" in calls[0].times and "progress" in call.times)
    await link.until(lambda: calls[0]._reliable is None)
    calls[0].answer()
    await link.until(lambda: call.state == "confirmed")
    assert [180, 183] == [status for _, status, _ in call.provisional if status != 100]


async def test_a_reliable_provisional_nobody_acknowledges_ends_in_504(link: Link) -> None:
    link.lose = lambda data: data.startswith(b"PRACK")
    calls = answering(link, ring=False, answer=False)
    call = link.place()
    await link.until(lambda: bool(calls))
    calls[0].ring(reliable=True)
    await link.until(lambda: call.state == "ended")
    assert 504 == call.ending.status  # type: ignore[union-attr]


@pytest.mark.parametrize("refresher", ["uac", "uas"])
async def test_the_session_is_refreshed_by_the_side_that_agreed_to(link: Link, refresher: str) -> None:
    calls = answering(link, answer=False)
    call = link.outgoing()
    call.timer_wish = TimerWish(1, 1, refresher)  # type: ignore[arg-type]
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: bool(calls))
    calls[0].timer_wish = TimerWish(0, 1)
    calls[0].answer()
    await link.until(lambda: f"{'a' if refresher == 'uac' else 'b'} UPDATE" in link.wire)
    await link.until(lambda: "refreshed" in (call if refresher == "uac" else calls[0]).times)
    assert "confirmed" == call.state


async def test_a_session_nobody_refreshes_ends(link: Link) -> None:
    calls = answering(link, answer=False)
    call = link.outgoing()
    call.timer_wish = TimerWish(1, 1, "uas")
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: bool(calls))
    calls[0].timer_wish = TimerWish(0, 1)
    calls[0].answer()
    await link.until(lambda: call.state == "confirmed")
    calls[0].session_timer.stop()
    await link.until(lambda: call.state == "ended")
    assert "session expired" == call.ending.reason  # type: ignore[union-attr]


async def test_too_small_an_interval_is_asked_again_with_min_se(link: Link) -> None:
    def take(transaction: ServerTransaction) -> None:
        wish = TimerWish(1800, 90)
        if wish.too_small(transaction.request):
            transaction.respond(transaction.response(422, rows=[("Min-SE", "90")]))
            return
        incoming = link.incoming(transaction)
        incoming.timer_wish = wish
        incoming.answer()

    link.b.handlers["INVITE"] = take
    call = link.outgoing()
    call.timer_wish = TimerWish(30, 30)
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: call.state == "confirmed")
    assert 90 == call.session_timer.interval.expires_s  # type: ignore[union-attr]


async def test_a_request_out_of_order_gets_500_and_one_for_no_call_481(link: Link) -> None:
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    dialog = call.dialog
    assert dialog
    stale = dialog.request("INFO", link.a.transactions.via(link.a_to_b), cseq=0)
    assert 500 == (await link.a.request(stale, link.a_to_b)).status
    strange = parse(stale.raw.replace(dialog.call_id.encode(), b"nobody").replace(b"z9hG4bK", b"z9hG4bKx"))
    assert 481 == (await link.a.request(strange, link.a_to_b)).status  # type: ignore[arg-type]


async def test_an_offer_without_a_common_codec_gets_488(link: Link) -> None:
    from labkit.sip.media import Negotiation, NoMedia
    from labkit.sip.offer import Capabilities
    from labkit.sip.sdp import Format

    answering(link)
    call = link.outgoing()
    call.negotiation = Negotiation(NoMedia(("192.0.2.1", 4000)), Capabilities((Format(18, "G729", 8000),)))
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: call.state == "ended")
    assert 488 == call.ending.status  # type: ignore[union-attr]


async def test_an_answer_in_clear_to_an_offer_of_srtp_ends_the_call(link: Link) -> None:
    from labkit.sip.offer import Capabilities

    calls = answering(link, answer=False)
    call = link.outgoing()
    call.negotiation.capabilities = Capabilities(security="required")
    call.place("sip:bob@192.0.2.2")
    await link.until(lambda: bool(calls))
    calls[0].answer(body=bytes(link.outgoing().negotiation.offer()))
    await link.until(lambda: call.state == calls[0].state == "ended")
    assert ["a ACK", "a BYE", "b 200 BYE"] == link.wire[-3:]
    assert "unusable answer" == call.ending.reason  # type: ignore[union-attr]


async def test_a_changed_answer_that_cannot_be_used_ends_the_call(link: Link) -> None:
    calls = answering(link)
    call = link.place()
    await link.until(lambda: calls and calls[0].state == "confirmed")
    calls[0].negotiation.answer = lambda body: b"v=0\r\n"  # type: ignore[method-assign]
    call.hold()
    await link.until(lambda: call.state == calls[0].state == "ended")
    assert "unusable answer" == call.ending.reason  # type: ignore[union-attr]
