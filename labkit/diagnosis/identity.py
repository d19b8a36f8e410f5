"""Rules about caller ID: which number is sent, which header counts, who overwrites it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case
from labkit.diagnosis.finding import Clue, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited
from labkit.diagnosis.signals import Signal

_ABOUT_CALLER = re.compile(r"caller|\bcli\b|calling|number not|not (?:yours|verified|owned)|spoof|ident", re.IGNORECASE)
_WITHHELD = re.compile(r"anonym|withheld|privacy", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{6,14}")
HEADERS = ("P-Preferred-Identity", "P-Asserted-Identity", "Remote-Party-ID")


def user_of(value: str) -> str:
    """The user part of a name-addr."""
    found = re.search(r"(?:sips?|tel):([^@;>]+)", value)
    return found[1] if found else ""


def _from(signal: Signal) -> str:
    return signal.facts.from_user


def _asserted(signal: Signal) -> dict[str, str]:
    return {name: user_of(signal.header(name)) for name in HEADERS if signal.header(name)}


def _refused_for_caller(case: Case) -> Iterator[tuple[Attempt, Signal]]:
    for attempt in case.outbound():
        refusal = attempt.refused_with(403, 433, 603, 484)
        if refusal is not None and refusal.to_pbx and _ABOUT_CALLER.search(refusal.message.reason or ""):
            yield attempt, refusal


@rule("dialplan", "extensions.callerid", "E01", "E08")
def caller_refused(case: Case) -> Iterator[Clue]:
    """The provider refuses the number that we present."""
    for attempt, refusal in _refused_for_caller(case):
        if refusal.code == 433:
            continue
        number = _from(attempt.invite)
        says = f"The provider refuses caller ID {number}: not a number of ours in the form it wants."
        evidence = (of(refusal), of(attempt.invite, f"From: {attempt.invite.header('From').partition(';')[0]}"))
        global_number = _E164.fullmatch(number)
        yield Clue(
            0.9,
            says,
            evidence,
            next="Set(CALLERID(num)=...) to a verified number in E.164 before Dial.",
            layer="provider" if global_number else "",
        )
        yield Clue(
            0.55,
            "Or the number has to be verified at the provider first.",
            evidence,
            "provider.verified",
            layer="provider",
        )
        return


@rule("signalling", "endpoint.trust_id_outbound", "E05")
def withheld_refused(case: Case) -> Iterator[Clue]:
    """A withheld caller is refused because nobody vouches for it."""
    for attempt in case.outbound():
        refusal = attempt.refused_with(403, 433)
        anonymous = _WITHHELD.search(attempt.invite.header("From") + attempt.invite.header("Privacy"))
        if (
            refusal is not None
            and refusal.to_pbx
            and (anonymous or refusal.code == 433)
            and not _asserted(attempt.invite)
        ):
            endpoint = case.settings.endpoint_at(attempt.peer)
            settings = (cited(endpoint, "trust_id_outbound"),) if endpoint else ()
            yield Clue(
                0.85,
                "The caller is withheld and no P-Asserted-Identity says who it is.",
                (of(refusal), of(attempt.invite, attempt.invite.header("From")), *settings),
            )
            return


@rule("signalling", "endpoint.from_user", "E02")
def always_the_account(case: Case) -> Iterator[Clue]:
    """Whoever calls, From carries the account or one fixed name."""
    accounts = {each.facts.from_user for each in case.requests("REGISTER")}
    for attempt in case.outbound():
        endpoint = case.settings.endpoint_at(attempt.peer)
        fixed = endpoint.get("from_user") if endpoint else None
        number = _from(attempt.invite)
        refusal = attempt.refusal
        if refusal is not None and re.search("from|user|account", (refusal.message.reason or "").lower()) and not fixed:
            continue
        if (fixed and number == fixed) or (not case.settings and number in accounts):
            vouched = _asserted(attempt.invite)
            sure = 0.85 if fixed and not vouched else 0.45
            yield Clue(
                sure,
                f"From is {number} for every caller: from_user takes the place of the caller's number.",
                (
                    of(attempt.invite, attempt.invite.header("From").partition(";")[0]),
                    *((cited(endpoint, "from_user"),) if endpoint and fixed else ()),
                ),
            )
            return


@rule("dialplan", "extensions.callerid", "E03")
def extension_as_caller(case: Case) -> Iterator[Clue]:
    """The number that we present is an internal one, so the provider puts its default there."""
    names = {each.name for each in case.settings.objects("endpoint")}
    for attempt in case.outbound():
        number = _from(attempt.invite)
        short = number.isdigit() and len(number) <= 5
        if (short or number in names) and attempt.refusal is None:
            yield Clue(
                0.75,
                f"We present {number}, an extension, which no provider shows; most put the trunk's main number there.",
                (of(attempt.invite, attempt.invite.header("From").partition(";")[0]),),
                next="What does the called party see? Portal, call list.",
            )
            return


@rule("signalling", "endpoint.send_pai", "E04")
def headers_disagree(case: Case) -> Iterator[Clue]:
    """From and the identity headers of our INVITE name different numbers, or none where the provider looks."""
    for attempt in case.outbound():
        others = {name: user for name, user in _asserted(attempt.invite).items() if user != _from(attempt.invite)}
        endpoint = case.settings.endpoint_at(attempt.peer)
        if others:
            name, user = next(iter(others.items()))
            option = "endpoint.send_rpid" if name == "Remote-Party-ID" else "endpoint.send_pai"
            settings = (cited(endpoint, option.partition(".")[2]),) if endpoint else ()
            by_account = not _from(attempt.invite).lstrip("+").isdigit()
            yield Clue(
                0.45 if by_account and attempt.refusal is None else 0.7,
                f"From says {_from(attempt.invite)}, {name} says {user}: which one counts is the provider's rule.",
                (of(attempt.invite, f"{name}: {user}"), *settings),
                option,
            )
            return
        refusal = attempt.refused_with(403, 433)
        if refusal is None or not (refusal.code == 433 or _ABOUT_CALLER.search(refusal.message.reason or "")):
            continue
        settings = (cited(endpoint, "send_pai"),) if endpoint else ()
        if refusal.code == 433 and not _WITHHELD.search(attempt.invite.header("From")):
            option = "endpoint.send_rpid" if _asserted(attempt.invite) else "endpoint.send_pai"
            says = "The provider takes the caller for withheld: it looks in a header that we do not send."
            yield Clue(0.6, says, (of(refusal), of(attempt.invite, str(_asserted(attempt.invite))), *settings), option)
            return
        if not _asserted(attempt.invite):
            says = "No P-Asserted-Identity is sent; some providers read only that."
            yield Clue(0.4, says, (of(attempt.invite), *settings))
            return


def _rung(case: Case) -> Iterator[tuple[Attempt, Attempt]]:
    """Calls from a trunk with the leg to the phone that rang for it."""
    for attempt in case.inbound():
        yield from ((attempt, each) for each in case.onward(attempt) if each.role == "phone")


@rule("signalling", "endpoint.trust_id_inbound", "E06")
def identity_not_trusted(case: Case) -> Iterator[Clue]:
    """The caller stands in an identity header that we do not trust, so the phone shows something else."""
    for attempt, rung in _rung(case):
        vouched = set(_asserted(attempt.invite).values())
        if vouched and _from(attempt.invite) not in vouched and _from(rung.invite) not in vouched:
            endpoint = case.settings.endpoint_at(attempt.peer)
            if endpoint is not None and endpoint.get("callerid"):
                continue
            settings = (cited(endpoint, "trust_id_inbound"),) if endpoint else ()
            says = (
                f"The provider names the caller {', '.join(sorted(vouched))}; the phone was shown {_from(rung.invite)}."
            )
            yield Clue(
                0.92,
                says,
                (
                    of(attempt.invite, str(_asserted(attempt.invite))),
                    of(rung.invite, rung.invite.header("From").partition(";")[0]),
                    *settings,
                ),
            )
            return


@rule("signalling", "endpoint.callerid", "E07")
def one_caller_for_all(case: Case) -> Iterator[Clue]:
    """The phone is shown a number that the provider did not send."""
    for attempt, rung in _rung(case):
        came = {_from(attempt.invite), *_asserted(attempt.invite).values()}
        if _from(rung.invite) not in came:
            endpoint = case.settings.endpoint_at(attempt.peer)
            fixed = endpoint.get("callerid") if endpoint else None
            if case.settings and not fixed:
                continue
            says = f"The provider sent {', '.join(sorted(came))}; the phone was shown {_from(rung.invite)}."
            ourselves = _from(rung.invite) in case.own_numbers
            yield Clue(
                0.92 if fixed else 0.7 if ourselves else 0.45,
                says,
                (of(attempt.invite), of(rung.invite), *((cited(endpoint, "callerid"),) if endpoint and fixed else ())),
            )
            return
