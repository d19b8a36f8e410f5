"""What a telephone behind the provider does with a call, as a script of waits: `yield` gives seconds to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from labkit.provider.telephone import Change, Telephone
from labkit.rtp.session import MediaSession
from labkit.rtp.source import read_source
from labkit.sip.call import Call
from labkit.sip.callee import IncomingCall
from labkit.sip.message import Row
from labkit.sip.timers import TimerWheel

Script = Iterator[float]
_LOOK_S = 0.05
_BEFORE_KEYS_S = 0.5


def play(script: Script, call: Call, timers: TimerWheel) -> None:
    """Run a script until its next wait, and again after it, as long as the call lives."""
    for wait_s in script:
        if wait_s > 0:
            timers.after(wait_s, play, script, call, timers)
            return
        if call.state == "ended":
            return


def behave(
    call: IncomingCall, telephone: Telephone, session: MediaSession | None, change: Callable[[Call, Change], None]
) -> Script:
    """Ring, answer or refuse, then what a call that is up does."""
    yield from _before(call, telephone, session)
    if call.state == "ended" or not telephone.status:
        return
    if telephone.status != 200:
        call.reject(telephone.status, telephone.reason or None, list(_refusal_rows(telephone)))
        return
    if session:
        session.update(source=read_source(telephone.plays))
    if telephone.second_answer:
        _answer_twice(call)
    elif not call.answer():
        return
    yield from _after(call, telephone, session, change)


def _before(call: IncomingCall, telephone: Telephone, session: MediaSession | None) -> Script:
    reliable = telephone.reliable and call.transaction.request.supports("100rel")
    for status in telephone.provisional:
        media = bool(telephone.early) and status == 183
        if media and session:
            call.negotiation.direction = telephone.early_direction
            session.update(source=read_source(telephone.early))
        call.ring(status, media=media, reliable=reliable)
        if telephone.early_s:
            yield telephone.early_s
    if telephone.ring_s:
        yield telephone.ring_s


def _refusal_rows(telephone: Telephone) -> Iterator[Row]:
    if telephone.cause:
        yield "Reason", f"Q.850;cause={telephone.cause}"
    if telephone.retry_after_s:
        yield "Retry-After", str(telephone.retry_after_s)


def _answer_twice(call: IncomingCall) -> None:
    """Send a 200, then one of another branch of a fork, which has its own tag (RFC 3261 section 13.2.2.4)."""
    call.answer()
    last = call.transaction.last
    if last:
        tag = call.transaction.to_tag.encode()
        call.agent.wire.send(
            last.raw.replace(tag, tag + b"-fork"), call.agent.transactions.reply_flow(call.transaction)
        )


def _after(
    call: IncomingCall, telephone: Telephone, session: MediaSession | None, change: Callable[[Call, Change], None]
) -> Script:
    """Go through what happens at its time after the answer."""
    events: list[tuple[float, Callable[[], object]]] = [
        (item.after_s, partial(change, call, item)) for item in telephone.changes
    ]
    if telephone.hangs_up_after_s:
        rows = [("Reason", telephone.bye_reason)] if telephone.bye_reason else []
        events.append((telephone.hangs_up_after_s, partial(call.bye, "BYE", rows)))
    if telephone.sends and session:
        events.append((_BEFORE_KEYS_S, partial(session.send_dtmf, telephone.sends)))
    if telephone.digits and session:
        yield from _ivr(call, telephone, session)
    elapsed_s = 0.0
    for after_s, act in sorted(events, key=lambda event: event[0]):
        yield after_s - elapsed_s
        elapsed_s = after_s
        act()
    if telephone.media_timeout_s and session:
        yield from _watch_media(call, telephone.media_timeout_s, session)


def _ivr(call: IncomingCall, telephone: Telephone, session: MediaSession) -> Script:
    """Wait for the keys: as events, or in the audio where no events were agreed on."""
    heard: list[str] = []
    session.on_digit(lambda digit: heard.append(digit.digit))
    agreed = call.negotiation.agreed
    session.update(detect_inband=agreed is not None and not agreed.dtmf_receive)
    while telephone.digits not in "".join(heard):
        yield _LOOK_S
    session.update(source=read_source(telephone.then), detect_inband=False)


def _watch_media(call: IncomingCall, limit_s: float, session: MediaSession) -> Script:
    silent_s, packets = 0.0, -1
    while silent_s < limit_s:
        yield 4 * _LOOK_S
        silent_s = 0.0 if session.packets_received != packets else silent_s + 4 * _LOOK_S
        packets = session.packets_received
    call.bye("media timeout", [("Reason", 'Q.850;cause=27;text="Media timeout"')])
