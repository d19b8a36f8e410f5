"""Rules about calls that drop on a clock, or that do not end."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, yes
from labkit.diagnosis.signals import Signal
from labkit.trace.nat import private

_ON_ITS_WAY_S = 0.2
"""An answer may be repeated for so long after our ACK left."""


def _answers_repeated(attempt: Attempt) -> list[Signal]:
    return [each for each in attempt.signals if 200 <= each.code <= 299 and each.method == "INVITE" and each.repeat]


@rule("nat", "transport.external_signaling_address", "F01")
def answer_never_confirmed(case: Case) -> Iterator[Clue]:
    """Our 200 is sent again and again because no ACK comes."""
    for attempt in case.attempts:
        repeated = _answers_repeated(attempt)
        if not repeated or not attempt.answer:
            continue
        number = attempt.answer.message.cseq.partition(" ")[0]
        acks = [each for each in attempt.signals if each.message.cseq == f"{number} ACK"]
        contact = attempt.answer.contact_host
        evidence = [
            of(attempt.answer, f"Contact: {contact}"),
            of(repeated[-1], f"repeated {repeated[-1].repeat} times"),
        ]
        kept_out = [each for each in acks if case.never_came_in(each)]
        waits_s = [repeated[-1].time_s - each.time_s for each in acks if each not in kept_out]
        if waits_s and max(waits_s) < _ON_ITS_WAY_S:
            continue  # late, and there in the end
        if attempt.answer.by_pbx and private(contact) and not private(attempt.peer):
            transports = [cited(each, "external_signaling_address") for each in case.settings.objects("transport")]
            yield Clue(
                0.93, f"The ACK is sent to our Contact, {contact}, and never gets here.", (*evidence, *transports[:1])
            )
        elif kept_out:
            yield Clue(0.9, "The ACK stops at the firewall.", (*evidence, of(kept_out[0])), "router.forward")
        elif attempt.answer.by_pbx:
            yield Clue(
                0.75,
                "No ACK comes although our Contact can be reached: the other side or something in between drops it.",
                tuple(evidence),
                "provider.ack",
                layer="signalling",
            )
        else:
            yield Clue(
                0.75,
                "The other side does not get our ACK and repeats its 200.",
                tuple(evidence),
                "provider.contact",
                layer="signalling",
            )
        return


@rule("signalling", "endpoint.timers", "F02")
def refresh_failed(case: Case) -> Iterator[Clue]:
    """The session refresh gets no answer or a refusal, and the call ends with the session interval."""
    for attempt in case.attempts:
        if not attempt.answer:
            continue
        later = [
            each
            for each in attempt.requests("INVITE", "UPDATE")
            if each.time_s > attempt.answer.time_s and not any(one.media.kind == "image" for one in each.facts.media)
        ]
        for refresh in later:
            replies = [
                each
                for each in attempt.signals
                if each.code >= 200 and each.message.cseq == refresh.message.cseq and each.by_pbx != refresh.by_pbx
            ]
            if replies and replies[-1].code < 300:
                continue
            agreed = attempt.answer.header("Session-Expires") or attempt.invite.header("Session-Expires")
            if agreed or refresh.header("Session-Expires"):
                if case.never_came_in(refresh):
                    says = (
                        f"The provider refreshes the session by {refresh.message.method}, which stops at the firewall."
                    )
                    yield Clue(0.95, says, (of(refresh, "not seen inside"),), "router.forward", layer="nat")
                    return
                endpoint = case.settings.endpoint_at(attempt.peer)
                settings = tuple(cited(endpoint, name) for name in ("timers", "timers_sess_expires") if endpoint)
                end = [of(attempt.bye, "the end")] if attempt.bye else []
                what = f"{replies[-1].message.start}" if replies else "nothing"
                yield Clue(
                    0.88,
                    f"The session is refreshed by {refresh.message.method} and gets {what}; the call ends "
                    f"by its session timer ({agreed or 'unset'}).",
                    (of(refresh), *(of(each) for each in replies[-1:]), *end, *settings),
                )
                return
        timed_out = attempt.bye is not None and "timer" in f"{attempt.bye.header('Reason')}".lower()
        if timed_out and attempt.bye:
            yield Clue(
                0.7,
                "The call was ended by a session timer that nobody refreshed.",
                (of(attempt.bye, attempt.bye.header("Reason")),),
            )
            return


@rule("sdp", "endpoint.direct_media", "F03")
def changed_to_death(case: Case) -> Iterator[Clue]:
    """A re-INVITE is refused and the call ended right after."""
    for attempt in case.attempts:
        for again in attempt.requests("INVITE")[1:]:
            refusal = next(
                (each for each in attempt.responses(400, 699) if each.message.cseq == again.message.cseq), None
            )
            if (
                attempt.answer
                and again.time_s > attempt.answer.time_s
                and refusal is not None
                and refusal.code in (488, 491, 500)
                and not any(one.media.kind == "image" for one in again.facts.media)
            ):
                ended = attempt.bye is not None and attempt.bye.time_s - refusal.time_s < 2.0
                yield Clue(
                    0.8 if ended else 0.4,
                    f"A re-INVITE in the call is refused with {refusal.message.start}.",
                    (of(again), of(refusal), *logged(case.logged("re-INVITE collision"))),
                )
                return


@rule("signalling", "endpoint.rewrite_contact", "F04")
def bye_astray(case: Case) -> Iterator[Clue]:
    """Our BYE goes to another host than the peer's Contact says, or nobody takes it."""
    for attempt in case.attempts:
        for signal in attempt.requests("BYE"):
            replies = [each for each in attempt.responses(200, 699, "BYE") if each.message.cseq == signal.message.cseq]
            refused = [each for each in replies if each.code >= 400]
            if not signal.by_pbx or (replies and not refused):
                continue
            contact = _remote_contact(attempt)
            if contact and contact not in signal.facts.uri:
                endpoint = case.settings.endpoint_at(attempt.peer)
                settings = (cited(endpoint, "rewrite_contact"),) if endpoint else ()
                yield Clue(
                    0.93 if yes(endpoint, "rewrite_contact") else 0.6,
                    f"The peer's Contact is {contact}; our BYE has {signal.facts.uri} and is not taken.",
                    (of(signal, signal.facts.uri), *(of(each) for each in refused[:1]), *settings),
                )
            else:
                yield Clue(0.4, "Our BYE gets no answer.", (of(signal, signal.facts.uri),), "provider.contact")
            return


def _remote_contact(attempt: Attempt) -> str:
    """Host of the Contact that the other side gave."""
    told = [
        each
        for each in attempt.signals
        if each.to_pbx and each.facts.contact and (200 <= each.code <= 299 or each.message.method == "INVITE")
    ]
    return told[-1].contact_host if told else ""


@rule("signalling", "endpoint.100rel", "F05")
def provisional_unconfirmed(case: Case) -> Iterator[Clue]:
    """A reliable provisional response is repeated because no PRACK gets through."""
    for attempt in case.attempts:
        early = [each for each in attempt.signals if 101 <= each.code <= 199]
        reliable = [each for each in early if each.header("RSeq")] if any(each.repeat for each in early) else []
        pracks = [each for each in attempt.signals if each.message.method == "PRACK"]
        taken = any(each.code == 200 and each.method == "PRACK" for each in attempt.signals)
        if [each for each in reliable if each.repeat] and not taken:
            yield Clue(
                0.85,
                "A reliable 18x is never confirmed: PRACK does not arrive or is not sent.",
                (of(reliable[-1]), *(of(each) for each in pracks[:1])),
            )
            return


@rule("rtp", "endpoint.rtp_keepalive", "F07")
def ended_for_silence(case: Case) -> Iterator[Clue]:
    """The other side ends the call because no media came from us."""
    for attempt in case.attempts:
        bye = attempt.bye
        if bye is not None and bye.to_pbx and "media" in f"{bye.header('Reason')}".lower():
            yield Clue(0.85, f"The other side hung up: {bye.header('Reason')}", (of(bye, bye.header("Reason")),))
            return
