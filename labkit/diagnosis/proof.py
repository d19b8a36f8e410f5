"""What shows that a layer is in order: a lamp is green by evidence only."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case
from labkit.trace.nat import private

_MOST_LOSS = 0.02


def healthy(case: Case) -> dict[str, str]:
    """Layer to the proof that it works, for the layers for which there is one."""
    found: dict[str, str] = {}
    for layer, proof in _proofs(case):
        found.setdefault(layer, proof)
    return found


def _proofs(case: Case) -> Iterator[tuple[str, str]]:
    answered = [each for each in case.attempts if each.answer]
    refused = [each for each in case.attempts if each.refusal]
    if answered and not refused:
        yield "signalling", f"{len(answered)} of {len(case.attempts)} legs were answered, none refused."
    elif any(each.code == 200 for each in case.responses("REGISTER")) and not case.attempts:
        yield "signalling", "The registration is accepted."
    if answered and all(_agreed(each) for each in answered):
        yield "sdp", "Each answer takes up a codec of its offer."
    yield from _media(case, answered)
    taken = [each for each in case.inbound() if each.answer]
    if taken and all(each.answer for each in case.inbound()):
        yield "dialplan", f"{taken[0].number} was found and answered."
    if any(each.answer for each in case.outbound()) and not any(each.refusal for each in case.outbound()):
        yield "provider", "The provider took our call."


def _agreed(attempt: Attempt) -> bool:
    described = attempt.described
    return len(described) > 1 and all(each.facts.media[0].media.port for each in described[:2])


def _media(case: Case, answered: list[Attempt]) -> Iterator[tuple[str, str]]:
    rows = [row for row in case.streams if row["packets"] > 10]
    ways = {(row["leg"], row["dst"] in case.pbx) for row in rows}
    if answered and all((each.leg.number, way) in ways for each in answered for way in (True, False)):
        worst = max((row["lost"] / row["expected"] for row in rows if row["expected"]), default=0.0)
        if worst <= _MOST_LOSS:
            yield "rtp", f"Every answered leg has RTP both ways, at most {worst:.1%} lost."
        outside = [each for each in answered if not private(each.peer)]
        if outside and not case.media_to_pbx_lost_on_the_way():
            yield "nat", "Media and signalling cross the NAT both ways."
