"""Rules about keys and what is heard before the answer."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, yes
from labkit.diagnosis.signals import Signal

_OTHER_WAYS = ("auto", "auto_info", "inband", "info")
"""Values of dtmf_mode that need no telephone events."""


def _events(signal: Signal) -> dict[int, int]:
    """Payload type of telephone events to clock rate in one description."""
    return {
        form.payload_type: form.clock_rate_hz
        for each in signal.facts.media
        for form in each.media.rtp_formats
        if form.name.lower() == "telephone-event"
    }


def _described(attempt: Attempt, by_pbx: bool) -> Signal | None:
    return next((each for each in attempt.described if each.by_pbx == by_pbx), None)


@rule("sdp", "endpoint.dtmf_mode", "G01", "G03")
def no_telephone_event(case: Case) -> Iterator[Clue]:
    """One side does not know telephone events, so keys need another way."""
    for attempt in (*case.outbound(), *case.inbound()):
        silent = _without_events(attempt)
        endpoint = case.settings.endpoint_at(attempt.peer)
        mode = (endpoint.get("dtmf_mode") if endpoint else None) or "rfc4733"
        if silent is None or (silent.to_pbx and mode in _OTHER_WAYS):
            continue
        lost = _events_nobody_wants(case, attempt)
        sure = 0.9 if lost else 0.8 if endpoint else 0.6 if silent.by_pbx else 0.45
        says = (
            f"{'Our' if silent.by_pbx else 'Their'} description has no telephone-event: keys "
            "as RFC 4733 events will not be heard."
        )
        evidence = (of(silent, silent.facts.sdp, "sdp"), *lost, *((cited(endpoint, "dtmf_mode"),) if endpoint else ()))
        yield Clue(sure, says, evidence, next=f"dtmf_mode is {mode}; press a key and look for events, INFO or tones.")
        return


def _without_events(attempt: Attempt) -> Signal | None:
    """The description that lacks telephone events: the offer, or else the answer to it, which cannot add them."""
    sides = [each for each in (_described(attempt, True), _described(attempt, False)) if each is not None]
    if not attempt.answer or len(sides) < 2:
        return None
    return next((each for each in sorted(sides, key=lambda each: each.time_s) if not _events(each)), None)


def _events_nobody_wants(case: Case, attempt: Attempt) -> list[Evidence]:
    """Streams of ours that carry telephone events which the other side did not ask for."""
    ours = _described(attempt, True)
    kinds = set(_events(ours)) if ours else set()
    rows = [row for row in case.streams_of(attempt) if row["src"] in case.pbx]
    return [
        Evidence("rtp", f"{row['src']} sends telephone events to {row['dst']}", row["point"])
        for row in rows
        if kinds & set(row["payload_types"])
    ][:1]


@rule("signalling", "endpoint.dtmf_mode", "G01")
def keys_by_info(case: Case) -> Iterator[Clue]:
    """Keys are sent as INFO to a side that wants events."""
    for attempt in case.attempts:
        info = next((each for each in attempt.requests("INFO") if "dtmf" in each.header("Content-Type").lower()), None)
        if info is not None:
            refused = attempt.responses(400, 699, "INFO")
            yield Clue(
                0.85 if refused else 0.5,
                "Keys go as SIP INFO.",
                (of(info), *(of(each) for each in refused[:1])),
                layer="sdp",
            )
            return


@rule("rtp", "endpoint.allow", "G02")
def event_type_differs(case: Case) -> Iterator[Clue]:
    """Events come with a payload type or clock rate that was not agreed on."""
    for attempt in case.attempts:
        for side in (True, False):
            described = _described(attempt, side)
            if described is not None and len(_events(described)) > 1:
                rates = ", ".join(f"{number}: {rate} Hz" for number, rate in _events(described).items())
                yield Clue(
                    0.3,
                    f"Two kinds of telephone events are offered ({rates}); the wrong one is easily used.",
                    (of(described, described.facts.sdp, "sdp"),),
                )
                return


@rule("signalling", "endpoint.ignore_183_without_sdp", "G04")
def empty_183(case: Case) -> Iterator[Clue]:
    """A 183 without a description is passed on, so the caller hears nothing at all."""
    for attempt in case.outbound():
        empty = [each for each in attempt.responses(183, 183) if each.to_pbx and not each.facts.media]
        ringing = attempt.responses(180, 180)
        passed = [each for other in case.others_of(attempt) for each in other.responses(180, 183) if each.by_pbx]
        muted = any(each.code == 183 and each.facts.media for each in passed)
        if empty and (muted or not ringing):
            endpoint = case.settings.endpoint_at(attempt.peer)
            if endpoint is not None and yes(endpoint, "ignore_183_without_sdp"):
                continue
            settings = (cited(endpoint, "ignore_183_without_sdp"),) if endpoint else ()
            yield Clue(
                0.88,
                "The provider says 183 without media, and the phone plays no ringing tone of its own after it.",
                (of(empty[0]), *(of(each) for each in passed[:1]), *settings),
            )
            return


@rule("signalling", "global.allow_sending_180_after_183", "G05")
def ringing_after_progress(case: Case) -> Iterator[Clue]:
    """180 follows 183 and is not passed on."""
    for attempt in case.outbound():
        codes = [each.code for each in attempt.responses(180, 183)]
        if 183 in codes and 180 in codes[codes.index(183) :]:
            passed = [each for other in case.others_of(attempt) for each in other.responses(180, 180) if each.by_pbx]
            if not passed and any(other.role == "phone" for other in case.others_of(attempt)):
                yield Clue(
                    0.6,
                    "After 183 came 180, and the phone never got it: it waits for media that does not come.",
                    tuple(of(each) for each in attempt.responses(180, 183)),
                )
                return


@rule("sdp", "endpoint.suppress_moh_on_sendonly", "G06")
def early_sendonly(case: Case) -> Iterator[Clue]:
    """Early media is described as sendonly, which Asterisk takes for hold."""
    for attempt in case.outbound():
        early = [
            each
            for each in attempt.responses(180, 183)
            if any(one.session.direction(one.media) == "sendonly" for one in each.facts.media)
        ]
        if early:
            yield Clue(
                0.75,
                "The announcement before the answer is offered as sendonly: Asterisk takes it for hold "
                "and plays its own music.",
                (of(early[0], early[0].facts.sdp, "sdp"), Evidence("sdp", "a=sendonly in a provisional response")),
            )
            return
