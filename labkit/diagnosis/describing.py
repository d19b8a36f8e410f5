"""Rules about session descriptions: codecs, encryption, packet time, fax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.diagnosis.attempt import Attempt, going_on
from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited
from labkit.diagnosis.signals import Signal

Offer = tuple[str, str, tuple[str, ...]]
"""From where to where, and the codecs."""
_NO_PORT = r"couldn't allocate a port for RTP|Unable to create RTP instance"


def _described(signal: Signal) -> str:
    return signal.facts.sdp


def _protocols(signal: Signal) -> set[str]:
    return {each.media.protocol for each in signal.facts.media if each.media.kind == "audio"}


def _not_acceptable(case: Case) -> Iterator[tuple[Attempt, Signal, Signal]]:
    """Calls refused with 488 or 606: attempt, refusal, the offer refused (the first; re-INVITEs are left out)."""
    for attempt in case.attempts:
        refusal = attempt.refused_with(488, 606)
        if refusal is not None and not case.refused_further_on(attempt):
            yield attempt, refusal, attempt.invite


def _accepted(case: Case) -> dict[Offer, Attempt]:
    """The first call with each offer that was answered."""
    answered = (each for each in reversed(case.attempts) if each.answer)
    return {_offer(each): each for each in answered if each.invite.facts.media}


def _offer(attempt: Attempt) -> Offer:
    names = (each.name for announced in attempt.invite.facts.media for each in announced.media.rtp_formats)
    return attempt.invite.source, attempt.invite.target, tuple(names)


@rule("sdp", "endpoint.allow", "C06", "C07")
def no_common_codec(case: Case) -> Iterator[Clue]:
    """488: no codec that both sides have."""
    taken_here = {offer[1:] for offer in _accepted(case)}
    for attempt, refusal, offer in _not_acceptable(case):
        if _offer(attempt)[1:] in taken_here or case.logged(_NO_PORT):
            continue
        if _about_security(case, attempt, refusal, offer) > 0.5:
            continue
        said = (
            case.logged(r"No joint capabilities for '(\w+)' media stream|Couldn't negotiate stream")
            if refusal.by_pbx
            else []
        )
        endpoint = case.settings.endpoint_at(attempt.peer)
        settings = (cited(endpoint, "allow"),) if endpoint else ()
        whose = "We" if refusal.by_pbx else "The other side"
        yield Clue(
            0.9 if said else 0.8,
            f"{whose} cannot use any codec of this offer: {_described(offer) or 'no description'}.",
            (of(refusal, refusal.header("Warning")), of(offer, _described(offer), "sdp"), *logged(said), *settings),
        )
        return


def _about_security(case: Case, attempt: Attempt, refusal: Signal, offer: Signal) -> float:
    """How sure it is that a 488 is about SRTP."""
    said = f"{refusal.message.reason} {refusal.header('Warning')}".lower()
    if any(word in said for word in ("srtp", "secure", "crypto", "encrypt", "savp")):
        return 0.95
    endpoint = case.settings.endpoint_at(attempt.peer)
    secure = any("SAVP" in each for each in _protocols(offer))
    if refusal.by_pbx and secure:
        wanted = endpoint.get("media_encryption") if endpoint else None
        return 0.9 if wanted in (None, "no") else 0.4
    if refusal.by_pbx and endpoint is not None and endpoint.get("media_encryption") in ("sdes", "dtls") and not secure:
        return 0.9
    return 0.6 if secure else 0.2


@rule("sdp", "endpoint.media_encryption", "C19", "I01")
def encryption_differs(case: Case) -> Iterator[Clue]:
    """488: one side wants SRTP and the other does not."""
    for attempt, refusal, offer in _not_acceptable(case):
        sure = _about_security(case, attempt, refusal, offer)
        if sure < 0.2:
            continue
        endpoint = case.settings.endpoint_at(attempt.peer)
        settings = (cited(endpoint, "media_encryption"),) if endpoint else ()
        said = case.logged(r"Incompatible transport|Incompatible crypto|rejecting|media encryption")
        yield Clue(
            sure,
            f"The offer is {', '.join(sorted(_protocols(offer))) or 'without audio'}; the other side wants "
            "it otherwise.",
            (of(refusal, refusal.header("Warning")), of(offer, _described(offer), "sdp"), *settings, *logged(said)),
        )
        return


@rule("rtp", "rtp.rtpend", "H03")
def no_port_left(case: Case) -> Iterator[Clue]:
    """No RTP port was free: it looks like a codec fault and is none."""
    said = case.logged(_NO_PORT)
    if said:
        general = case.settings.general("rtp.conf")
        settings = (cited(general, "rtpend"),) if case.settings else ()
        yield Clue(
            0.95, "Asterisk had no RTP port left (two for each leg), and refuses with 488.", (*logged(said), *settings)
        )
        return
    accepted, going = _accepted(case), going_on(case.attempts)
    for attempt, refusal, _ in _not_acceptable(case):
        before, up = accepted.get(_offer(attempt)), going(attempt.invite.time_s)
        if refusal.by_pbx and before and up:
            says = f"488, and the same offer was accepted when fewer calls were up than {up}: not codecs, but room."
            yield Clue(0.7, says, (of(refusal), of(before.invite, _described(before.invite), "sdp")))
            return


def _step_ms(row: dict[str, Any]) -> int:
    """Audio in a packet, by the time between packets; 0 where that is too uneven to say."""
    mean = row["delta_mean_ms"]
    return round(mean / 10) * 10 if abs(mean - round(mean / 10) * 10) < 1.0 else 0


@rule("sdp", "endpoint.allow", "D16")
def packet_time_differs(case: Case) -> Iterator[Clue]:
    """One side sends packets of another length than the other asked for."""
    for attempt in case.attempts:
        wishes = {wish for signal in attempt.described for each in signal.facts.media if (wish := each.media.ptime_ms)}
        rows = [row for row in case.streams_of(attempt) if row["packets"] > 20]
        steps = {step for row in rows if (step := _step_ms(row))}
        if (len(steps) > 1 and max(steps) != min(steps)) or (wishes - {20} and steps and not steps >= wishes):
            odd = [row for row in rows if _step_ms(row) not in (0, 20)][:1]
            if not odd:
                continue
            text = (
                f"{odd[0]['src']} sends every {odd[0]['delta_mean_ms']:.0f} ms, wishes in SDP: "
                f"{', '.join(f'{each} ms' for each in sorted(wishes)) or 'none'}"
            )
            endpoint = case.settings.endpoint_at(attempt.peer)
            settings = (cited(endpoint, "use_ptime"),) if endpoint else ()
            signal = next(iter(attempt.described), attempt.invite)
            yield Clue(
                0.7,
                "The two sides use packets of different length.",
                (Evidence("rtp", text, odd[0]["point"]), of(signal, f"ptime {wishes}", "sdp"), *settings),
            )
            return


@rule("sdp", "endpoint.t38_udptl", "J06")
def fax_refused(case: Case) -> Iterator[Clue]:
    """A re-INVITE to T.38 is refused."""
    for attempt in case.attempts:
        asked = next(
            (
                each
                for each in attempt.requests("INVITE")
                if any(one.media.kind == "image" and one.media.port for one in each.facts.media)
            ),
            None,
        )
        refusal = next(
            (each for each in attempt.responses(400, 699) if asked and each.message.cseq == asked.message.cseq), None
        )
        if asked is not None and refusal is not None:
            endpoint = case.settings.endpoint_at(attempt.peer)
            settings = (cited(endpoint, "t38_udptl"),) if endpoint else ()
            yield Clue(
                0.9, "One side wants to go over to fax (T.38), the other refuses.", (of(asked), of(refusal), *settings)
            )
            return


@rule("rtp", "endpoint.allow", "D11", "I07")
def no_transcoder(case: Case) -> Iterator[Clue]:
    """Asterisk cannot translate between the codecs of both legs."""
    said = case.logged(r"No path to translate from (\S+) to (\S+)|Unable to find a codec translation path")
    if said:
        yield Clue(0.9, "Both legs are up with codecs between which Asterisk cannot translate.", logged(said))
