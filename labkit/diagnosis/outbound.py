"""Rules about calls that the PBX sends to a provider: challenged, refused, not sent at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt, going_on
from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, host_of
from labkit.diagnosis.signals import Signal
from labkit.trace.nat import private

_CHALLENGES = (401, 407)
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def _refused(case: Case, *codes: int) -> Iterator[tuple[Attempt, Signal]]:
    """Calls that a provider refused with one of these codes, or with any, and that found no other way."""
    for attempt in case.outbound():
        refusal = attempt.refusal
        asked = refusal is not None and refusal.to_pbx and (refusal.code in codes or not codes)
        if refusal is not None and asked and not _went_another_way(case, attempt, refusal):
            yield attempt, refusal


def _went_another_way(case: Case, attempt: Attempt, refusal: Signal) -> bool:
    """Whether the caller was answered all the same, by the next trunk that the dialplan tried."""
    callers = (each for each in case.others_of(attempt) if each.way == "in")
    return any(each.answer and refusal.time_s < each.answer.time_s for each in callers)


def _stopped_at_challenge(case: Case) -> Iterator[tuple[Attempt, Signal]]:
    for attempt, refusal in _refused(case, *_CHALLENGES):
        if not attempt.tried_again:
            yield attempt, refusal


def _challenge_values(refusal: Signal) -> list[str]:
    return [value for name in ("Proxy-Authenticate", "WWW-Authenticate") for value in refusal.headers(name)]


@rule("signalling", "endpoint.outbound_auth", "C02")
def no_credentials(case: Case) -> Iterator[Clue]:
    """The provider asks for credentials and no INVITE with them follows."""
    for attempt, refusal in _stopped_at_challenge(case):
        said = case.logged(r"There were no auth ids available|no auth ids")
        endpoint = case.settings.endpoint_at(attempt.peer)
        if endpoint is not None and endpoint.get("outbound_auth"):
            continue
        settings = (cited(endpoint, "outbound_auth"),) if endpoint else ()
        sure = 0.95 if said or settings else 0.55 if not case.log else 0.3
        yield Clue(
            sure,
            "The provider's challenge is never answered: the endpoint has no outbound_auth.",
            (of(refusal), *logged(said), *settings),
            next="pjsip show endpoint: OutAuth",
        )
        return


@rule("signalling", "auth.realm", "C03")
def other_realm(case: Case) -> Iterator[Clue]:
    """Our credentials are for another realm than the one that asks."""
    for _attempt, refusal in _stopped_at_challenge(case):
        found = re.search(r'realm="([^"]*)"', " ".join(_challenge_values(refusal)))
        realm = found[1] if found else ""
        said = case.logged(r"No auth objects matching realm\(s\)")
        auths = [each for each in case.settings.objects("auth") if each.get("realm") not in (None, "", "*", realm)]
        if said or auths:
            yield Clue(
                0.95 if auths else 0.85,
                f"The provider's realm is {realm!r}; no auth object of the endpoint is for that realm.",
                (of(refusal, f"realm {realm}"), *logged(said), *(cited(each, "realm") for each in auths[:1])),
            )
            return
        if not case.log and not case.settings:
            yield Clue(
                0.3, "An auth object with another realm would be passed over too.", (of(refusal, f"realm {realm}"),)
            )
            return


@rule("signalling", "auth.supported_algorithms_uac", "C05")
def other_algorithm(case: Case) -> Iterator[Clue]:
    """The provider asks for a digest algorithm that we do not offer."""
    challenged = [refusal for _, refusal in _stopped_at_challenge(case)]
    challenged += [each for each in case.responses("REGISTER") if each.code in _CHALLENGES and not _registered(case)]
    for refusal in challenged:
        algorithms = {
            found.upper()
            for value in _challenge_values(refusal)
            for found in re.findall(r"algorithm=\"?([\w-]+)", value)
        }
        if algorithms and not algorithms & {"MD5"}:
            said = case.logged(r"No auth objects matching realm/algorithm")
            yield Clue(
                0.95 if said else 0.85,
                f"The challenge allows only {', '.join(sorted(algorithms))}; Asterisk answers with MD5 "
                "unless told otherwise.",
                (of(refusal, f"algorithm {', '.join(sorted(algorithms))}"), *logged(said)),
            )
            return


def _registered(case: Case) -> bool:
    return any(each.code == 200 for each in case.responses("REGISTER"))


@rule("signalling", "auth.password", "C04")
def credentials_refused(case: Case) -> Iterator[Clue]:
    """An INVITE with credentials is challenged again, or refused at once."""
    for attempt, refusal in _refused(case, *_CHALLENGES):
        if attempt.tried_again and "stale=true" not in " ".join(_challenge_values(refusal)).lower():
            sent = next(
                each
                for each in attempt.requests("INVITE")
                if each.header("Authorization") or each.header("Proxy-Authorization")
            )
            found = re.search(r'username="([^"]*)"', sent.header("Authorization") or sent.header("Proxy-Authorization"))
            evidence = (of(refusal), of(sent, f"username {found[1] if found else ''}"))
            yield Clue(0.8, "The provider does not accept the credentials of our INVITE.", evidence)
            yield Clue(0.5, "The user name of the credentials may be the wrong one.", evidence, "auth.username")
            return


@rule("provider", "provider.allow", "C01")
def refused_by_policy(case: Case) -> Iterator[Clue]:
    """403: the provider does not want this call from us; its reason says why."""
    for _attempt, refusal in _refused(case, 403, 603, 606):
        reason = f"{refusal.message.reason} {refusal.header('Warning')} {refusal.header('Reason')}".lower()
        place, sure = _policy(reason)
        if place == "provider.channels" and _never_ended(case):
            continue
        yield Clue(
            sure,
            f"The provider refuses: {refusal.message.start}.",
            (of(refusal, refusal.header("Reason")),),
            place,
            "Ask the provider, or look in its portal, for the reason of this call's 403.",
        )
        return


def _never_ended(case: Case) -> bool:
    """Whether a provider never took a BYE of ours, so that it still counts the call."""
    byes = (each.bye for each in case.outbound() if each.answer and not each.responses(200, 299, "BYE"))
    return any(each.by_pbx for each in byes if each is not None)


_POLICIES = (
    (r"channel|concurrent|limit|capacity", "provider.channels", 0.85),
    (r"destination|country|international|geo|barred", "provider.destinations", 0.85),
    (r"caller|cli\b|from|identity|number not", "", 0.2),
    (r"address|source|ip\b|acl|allow", "provider.allow", 0.85),
    (r"suspend|balance|credit|disabled", "provider.account", 0.85),
)


def _policy(reason: str) -> tuple[str, float]:
    for pattern, place, sure in _POLICIES:
        if re.search(pattern, reason):
            return place, sure
    return "", 0.5


@rule("provider", "provider.channels", "H01", "H02")
def too_many(case: Case) -> Iterator[Clue]:
    """Some calls are refused while others go through: a cap on calls or calls per second."""
    refused = list(_refused(case, 403, 486, 503, 480, 429))
    others = going_on(each for each in case.outbound() if each.answer)
    hanging = _never_ended(case)
    for attempt, refusal in refused:
        reason = (refusal.message.reason or "").lower()
        rate = re.search(r"rate|per second|cps|too many", reason)
        if rate or re.search(r"channel|limit|capacity", reason):
            yield Clue(
                0.45 if hanging else 0.9,
                f"The provider says what is too much: {refusal.message.start}."
                + (" It still counts calls whose end it never heard of." if hanging else ""),
                (of(refusal),),
                "provider.cps" if rate else "",
            )
            return
        up = others(attempt.invite.time_s)
        if up and len(refused) > 1:
            yield Clue(
                0.45 if hanging else 0.5,
                f"Refused while {up} calls were up, others were accepted: it looks like a cap.",
                (of(refusal),),
            )
            return


@rule("provider", "provider.service", "C01")
def out_of_service(case: Case) -> Iterator[Clue]:
    """5xx: the provider cannot carry the call."""
    for _attempt, refusal in _refused(case, 500, 502, 503, 504):
        yield Clue(
            0.4,
            f"The provider cannot carry the call: {refusal.message.start}.",
            (of(refusal, refusal.header("Reason")),),
        )
        return


@rule("signalling", "endpoint.from_user", "C09")
def from_unknown(case: Case) -> Iterator[Clue]:
    """The provider refuses a From that carries a private host or no number of ours."""
    for attempt, refusal in _refused(case, 403, 404, 400, 488):
        value = attempt.invite.header("From")
        user, host = attempt.invite.facts.from_user, host_of(value.partition("<")[2].partition(">")[0])
        about_from = re.search(r"from|user|domain|account", (refusal.message.reason or "").lower())
        if user == "asterisk" or private(host) or about_from:
            option = (
                "endpoint.from_domain"
                if user != "asterisk" and (private(host) or "domain" in (refusal.message.reason or "").lower())
                else ""
            )
            endpoint = case.settings.endpoint_at(attempt.peer)
            settings = (cited(endpoint, (option or "endpoint.from_user").partition(".")[2]),) if endpoint else ()
            sure = 0.9 if about_from and not re.search("caller", (refusal.message.reason or "").lower()) else 0.7
            yield Clue(
                sure,
                f"The provider knows its customers by From, and got {value.partition(';')[0]}.",
                (of(refusal), of(attempt.invite, value), *settings),
                option,
            )
            return


@rule("signalling", "endpoint.outbound_proxy", "C10")
def past_the_proxy(case: Case) -> Iterator[Clue]:
    """REGISTER goes by one host and INVITE by another, and the second is refused or silent."""
    registered = {each.target for each in case.requests("REGISTER")}
    proxies = [each for each in case.settings.objects("registration") if each.get("outbound_proxy")]
    for attempt in case.outbound():
        bad = attempt.refusal or (attempt.invite if attempt.unanswered else None)
        if bad is None or attempt.peer in registered or not (registered or proxies):
            continue
        endpoint = case.settings.endpoint_at(attempt.peer) or next(
            (each for each in case.settings.trunk_endpoints if proxies), None
        )
        if proxies and endpoint is not None and not endpoint.get("outbound_proxy"):
            yield Clue(
                0.95,
                "The registration goes by the outbound proxy; calls do not.",
                (of(bad), cited(proxies[0], "outbound_proxy"), cited(endpoint, "outbound_proxy")),
            )
            return
        if not case.settings:
            yield Clue(
                0.5, f"We register at {', '.join(sorted(registered))} and send calls to {attempt.peer}.", (of(bad),)
            )
            return


@rule("dialplan", "extensions.Dial", "C13")
def number_form(case: Case) -> Iterator[Clue]:
    """The provider does not know the number in the form in which we dial it."""
    for attempt, refusal in _refused(case, 404, 484, 400, 403, 604):
        reason = (refusal.message.reason or "").lower()
        said = re.search(r"number|format|e\.?164|digit|incomplete|invalid", reason) and not re.search("caller", reason)
        if said or (refusal.code in (404, 484, 604) and not _E164.fullmatch(attempt.number)):
            sure = 0.9 if said else 0.75
            yield Clue(
                sure,
                f"The number went out as {attempt.number}; the provider wants another form.",
                (of(refusal), of(attempt.invite, attempt.invite.facts.uri)),
                next="Compare with the form in the provider's documentation, mostly +E.164.",
            )
            return


@rule("provider", "provider.number", "C20")
def number_unknown(case: Case) -> Iterator[Clue]:
    """The provider does not know the number at all."""
    for attempt, refusal in _refused(case, 404, 604):
        if _E164.fullmatch(attempt.number):
            yield Clue(
                0.45,
                f"{attempt.number} has the right form and nobody has it.",
                (of(refusal, refusal.header("Reason")),),
            )
            return


@rule("signalling", "aor.contact", "C14", "C12")
def no_answer(case: Case) -> Iterator[Clue]:
    """INVITE leaves for the provider and no response comes."""
    for attempt in case.outbound():
        after = attempt.requests("INVITE")[-1]
        answered = any(each.code and each.time_s > after.time_s for each in attempt.signals if each.method == "INVITE")
        if answered or not case.ignored(after):
            continue
        if after.key in case.returned:
            says = f"ICMP says that nobody listens at {attempt.peer} on port {after.message.dst_port}."
            yield Clue(0.85, says, (of(after, "port unreachable"),))
            return
        alive = [each for each in case.signals if each.source == attempt.peer]
        literal = re.fullmatch(r"[\d.]+|\[?[\da-fA-F:]+\]?", attempt.uri_host)
        if alive and literal:
            yield Clue(
                0.75,
                f"{attempt.peer} is alive and drops this INVITE; its Request-URI has an address "
                f"({attempt.uri_host}), not the provider's domain.",
                (of(after, after.facts.uri), of(alive[-1])),
                next="Dial with the domain that the provider gave you.",
                layer="provider",
            )
        else:
            yield Clue(
                0.5,
                f"{attempt.peer} answers nothing: wrong address, port or transport, or a firewall.",
                (of(after),),
                next="OPTIONS to the same address; look outside of the firewall.",
            )
        return


@rule("signalling", "endpoint.timers_min_se", "C17")
def interval_too_small(case: Case) -> Iterator[Clue]:
    """422: the session interval is below what the other side takes."""
    for attempt in case.attempts:
        if (refusal := attempt.refused_with(422)) is not None:
            yield Clue(
                0.9,
                f"Min-SE of the other side is {refusal.header('Min-SE')} s.",
                (of(refusal), of(attempt.invite, f"Session-Expires: {attempt.invite.header('Session-Expires')}")),
            )
            return


@rule("signalling", "stir_shaken.attest_level", "J05")
def unsigned(case: Case) -> Iterator[Clue]:
    """The provider wants a signed Identity."""
    for _attempt, refusal in _refused(case, 428, 436, 437, 438):
        yield Clue(0.85, f"The provider wants an Identity that it can verify: {refusal.message.start}.", (of(refusal),))
        return
