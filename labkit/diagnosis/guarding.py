"""Rules about who is kept out: access lists, strangers, limits, calls without an identity."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.attempt import going_on
from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, of
from labkit.diagnosis.inbound import NOT_IDENTIFIED, is_stranger
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited

_SCAN = 3
"""Calls from strangers that are no accident any more."""


@rule("signalling", "endpoint.permit", "A14")
def barred(case: Case) -> Iterator[Clue]:
    """An access list of the endpoint or of res_pjsip refuses the source."""
    said = case.logged(r"Not match Endpoint(?: Contact)? ACL|failed ACL|does not pass ACL")
    for attempt in case.inbound():
        refusal = attempt.refused_with(403, 401)
        endpoint = case.settings.endpoint_at(attempt.peer)
        lists = [cited(endpoint, name) for name in ("deny", "permit", "acl") if endpoint.get(name)] if endpoint else []
        if refusal is not None and refusal.by_pbx and (refusal.code == 403 or said or lists):
            yield Clue(
                0.9 if said or lists else 0.6,
                "We refuse a known host by an access list.",
                (of(refusal), *logged(said), *lists),
                "endpoint.acl" if endpoint is not None and endpoint.get("acl") else "",
            )
            return


@rule("signalling", "endpoint.context", "J01")
def strangers(case: Case) -> Iterator[Clue]:
    """Hosts that nobody knows try to call."""
    tries = [each for each in case.inbound() if is_stranger(case, each) and not each.unanswered]
    through = [each for each in tries if each.answer]
    if through:
        says = "A host that belongs to no trunk got a call through: an anonymous endpoint, or a match that is too wide."
        yield Clue(
            0.95,
            says,
            (of(through[0].invite), of(through[0].answer or through[0].invite)),
            "endpoint.anonymous",
            layer="signalling",
        )
    elif tries:
        one = next((each for each in tries if not _ours(case, each.number)), tries[0])
        says = (
            f"{one.peer} belongs to no trunk and is refused; it gets as far as Asterisk, as everybody does who scans."
        )
        sure = 0.6 if len(tries) >= _SCAN or not _ours(case, one.number) else 0.45
        evidence = (of(one.invite, one.number), *logged(case.logged(NOT_IDENTIFIED)))
        advice = "Let only the provider's addresses reach port 5060."
        yield Clue(sure, says, evidence, "router.forward", advice, layer="nat")


def _ours(case: Case, number: str) -> bool:
    """Whether a number is one of ours, as far as dialplan and calls show: then a provider may stand behind the call."""
    return number in case.own_numbers or bool(case.settings.contexts_of(number))


@rule("signalling", "asterisk.maxcalls", "H04")
def call_limit(case: Case) -> Iterator[Clue]:
    """Asterisk's own limit of calls is reached."""
    said = case.logged(r"Maximum call limit of (\d+) calls exceeded|call limit reached|Maximum loadavg limit")
    if said:
        option = "asterisk.maxload" if "loadavg" in said[0].string else ""
        yield Clue(0.95, "Asterisk refuses further calls by its own limit.", logged(said), option)
        return
    callers = [each for each in case.attempts if each.way == "in"]
    up = going_on(callers)
    most = max((up(each.invite.time_s) for each in callers if each.answer), default=0)
    refused = [each for each in callers if each.refused_with(503) and up(each.invite.time_s) > most]
    passed_on = any(each.refusal for each in case.outbound())
    if len({each.role for each in refused}) > 1 and not passed_on:
        says = f"Whoever calls gets 503 at once while {most + 1} calls go on, and is let in before."
        yield Clue(0.65, says, tuple(of(each.invite, each.number) for each in refused))


@rule("signalling", "stir_shaken.failure_action", "J04")
def no_identity(case: Case) -> Iterator[Clue]:
    """We refuse calls whose Identity is missing or wrong."""
    for attempt in case.inbound():
        if (refusal := attempt.refused_with(428, 433, 436, 437, 438)) is not None and refusal.by_pbx:
            said = case.logged(r"No Identity header found|Verification failed")
            yield Clue(
                0.9,
                "We refuse the call because its Identity header is missing or does not verify.",
                (of(refusal), *logged(said)),
            )
            return
