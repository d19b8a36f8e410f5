"""Rules about calls that reach the PBX: identified, let in, found in the dialplan, and what is behind it."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, matches

NOT_IDENTIFIED = r"Request '\w+' from .* failed for .*No matching endpoint found"
_NO_EXTENSION = r"to extension '([^']*)' rejected because extension not found in context '([^']*)'"
_DOUBT = 0.3
"""Too little to name a layer."""
_SCANNERS = ("friendly-scanner", "sipvicious", "sipcli", "pplsip", "sundayddr", "vaxsipuseragent")


def _challenged(case: Case) -> Iterator[Attempt]:
    """Calls that we answered with a challenge, and nothing followed."""
    for attempt in case.inbound():
        if attempt.challenge and attempt.challenge.by_pbx and not attempt.tried_again and not attempt.answer:
            yield attempt


def is_stranger(case: Case, attempt: Attempt) -> bool:
    """Whether a caller is nobody's provider: unknown, and unlike one in address, number or manner."""
    agent = attempt.invite.facts.user_agent.lower()
    if any(name in agent for name in _SCANNERS):
        return True
    if attempt.role != "unknown" or not case.trunks - {attempt.peer}:
        return False
    if attempt.tried_again:
        return True
    if case.settings:
        unasked = attempt.answer is not None and not case.settings.identifies(attempt.peer)
        return unasked or not case.settings.contexts_of(attempt.number)
    return not case.near_a_trunk(attempt.peer) and bool(case.own_numbers) and attempt.number not in case.own_numbers


@rule("signalling", "identify.match", "A01", "A02", "A09", "A17")
def not_identified(case: Case) -> Iterator[Clue]:
    """We challenge a provider: no identify knows its address."""
    for attempt in _challenged(case):
        if is_stranger(case, attempt):
            continue
        if case.settings and case.settings.identifies(attempt.peer):
            continue
        said = case.logged(NOT_IDENTIFIED)
        listed = tuple(cited(each, "match") for each in case.settings.objects("identify"))[:2]
        sure = 0.95 if said and case.settings else 0.9 if said or case.settings else 0.7
        says = f"The 401 is ours: no identify matches {attempt.peer}, so Asterisk takes the provider for a stranger."
        if case.settings and not listed:
            listed = (Evidence("config", "there is no type=identify at all"),)
        yield Clue(
            sure,
            says,
            (of(attempt.challenge or attempt.invite), *logged(said), *listed),
            next="pjsip show identifies; compare with the source of the INVITE.",
        )
        return


@rule("signalling", "identify.endpoint", "A13")
def identify_points_nowhere(case: Case) -> Iterator[Clue]:
    """An identify names an endpoint that does not exist."""
    names = {each.name for each in case.settings.objects("endpoint")}
    for each in case.settings.objects("identify"):
        if each.get("endpoint") not in names:
            said = case.logged(r"points to endpoint .* but endpoint could not be found")
            yield Clue(
                0.85,
                f"Calls from {', '.join(matches(each))} have nowhere to go.",
                (cited(each, "endpoint"), *logged(said)),
            )


@rule("signalling", "endpoint.auth", "A11")
def trunk_with_auth(case: Case) -> Iterator[Clue]:
    """The trunk's endpoint has `auth`, so that we ask the provider for a password."""
    for attempt in _challenged(case):
        endpoint = case.settings.endpoint_at(attempt.peer)
        if endpoint is not None and endpoint.get("auth") and case.settings.identifies(attempt.peer):
            says = "We identify the provider and then ask it for a password, because its endpoint has auth."
            yield Clue(0.95, says, (of(attempt.challenge or attempt.invite), cited(endpoint, "auth")))
            return
        if not case.settings and case.log and not case.logged(NOT_IDENTIFIED):
            says = "We challenge the provider without calling it unknown: its endpoint seems to have auth."
            yield Clue(0.75, says, (of(attempt.challenge or attempt.invite),))
            return
        if not case.settings and not case.log and not is_stranger(case, attempt):
            yield Clue(
                0.35,
                "If the provider is identified, auth on its endpoint gives the same 401.",
                (of(attempt.challenge or attempt.invite),),
            )
            return


@rule("signalling", "global.endpoint_identifier_order", "A10", "A08")
def identified_by_name(case: Case) -> Iterator[Clue]:
    """The caller's number is taken for the name of a phone's endpoint."""
    order = next(iter(case.settings.objects("global")), None)
    names = {each.name for each in case.settings.objects("endpoint")}
    for attempt in _challenged(case):
        caller = attempt.invite.facts.from_user
        others_pass = any(
            each.answer or (each.refusal and each.refusal.code != 401)
            for each in case.inbound()
            if each.peer == attempt.peer
        )
        listed = (order.get("endpoint_identifier_order") if order else None) or "ip,username,anonymous"
        by_name_first = (
            "username" in listed and listed.find("username") < max(listed.find("ip"), 0)
        ) or "ip" not in listed.split(",")
        if caller in names and (by_name_first or not case.settings.identifies(attempt.peer)):
            evidence = [of(attempt.challenge or attempt.invite, f"From user {caller}")]
            evidence += [cited(order, "endpoint_identifier_order")] if order else []
            yield Clue(
                0.95 if by_name_first else 0.4,
                f"The caller {caller} has the name of one of our endpoints, which is asked for its password.",
                tuple(evidence),
            )
            return
        if not case.settings and others_pass:
            yield Clue(
                0.6,
                f"Only this caller, {caller}, is challenged; others from the same host are not.",
                (of(attempt.challenge or attempt.invite, f"From user {caller}"),),
            )
            return


@rule("signalling", "global.endpoint_identifier_order", "A08")
def header_never_asked(case: Case) -> Iterator[Clue]:
    """An identify by header or Request-URI comes after `anonymous` in the order, so it never counts."""
    order = next(iter(case.settings.objects("global")), None)
    listed = ((order.get("endpoint_identifier_order") if order else None) or "ip,username,anonymous").split(",")
    anonymous = case.settings.object("endpoint", "anonymous")
    for each in case.settings.objects("identify"):
        for option, name in (("match_header", "header"), ("match_request_uri", "request_uri")):
            if each.get(option) and name not in [one.strip() for one in listed] and anonymous is not None:
                says = (
                    f"{option} is asked after anonymous, which takes everybody: {name} is not in the "
                    "order of identifiers."
                )
                evidence = [cited(each, option)] + ([cited(order, "endpoint_identifier_order")] if order else [])
                yield Clue(0.9, says, tuple(evidence), next="pjsip show identifiers")


@rule("signalling", "identify.match", "A06")
def two_identifies(case: Case) -> Iterator[Clue]:
    """Two identify objects match the same address; which one counts is luck."""
    for attempt in case.inbound():
        found = case.settings.identifies(attempt.peer)
        if len({each.get("endpoint") for each in found}) > 1:
            says = (
                f"{attempt.peer} is matched by {' and '.join(each.name for each in found)}: the call "
                "may enter by the wrong endpoint."
            )
            yield Clue(
                0.97 if attempt.refusal else 0.8,
                says,
                (of(attempt.invite), *(cited(each, "match") for each in found[:2])),
            )
            return


@rule("signalling", "endpoint.unknown", "A13")
def object_refused(case: Case) -> Iterator[Clue]:
    """Asterisk refused an object because of one unknown option."""
    for found in case.logged(
        r"Could not find option suitable for category '([^']*)' named '([^']*)' at line (\d+) of (\S+)|"
        r"Could not find option suitable for category '([^']*)' named '([^']*)'"
    ):
        name, option = found[1] or found[5], found[2] or found[6]
        kinds = case.logged(rf"Could not create an object of type '(\w+)' with id '{name}'")
        kind = kinds[0][1] if kinds else "endpoint"
        yield Clue(
            0.95,
            f"{option} is no option of {kind}: Asterisk refused the whole object {name!r}.",
            (*logged([found]), *logged(kinds)),
            f"{kind}.{option}",
            "pjsip show endpoints: the object is missing.",
        )


@rule("signalling", "endpoint.type", "A13")
def object_not_loaded(case: Case) -> Iterator[Clue]:
    """The configuration has an object that Asterisk refuses, by its rules for options."""
    for section, option, reason in case.settings.refused:
        if option:
            kind = section.type or "object"
            says = f"Asterisk refuses the {kind} {section.name!r}: {reason}."
            yield Clue(0.9, says, (cited(section, option),), f"{kind}.{option}")


def _not_found(case: Case) -> Iterator[Attempt]:
    """Calls that we refused because the dialplan has no such extension."""
    for attempt in case.inbound("trunk", "unknown", "phone"):
        refusal = attempt.refused_with(404)
        begun = bool(attempt.responses(100, 199))
        if refusal is not None and refusal.by_pbx and not begun and not case.refused_further_on(attempt):
            yield attempt


@rule("dialplan", "extensions.pattern", "B01", "B05")
def no_extension(case: Case) -> Iterator[Clue]:
    """The number dialled is in no pattern of the context."""
    for attempt in _not_found(case):
        said = [each for each in case.logged(_NO_EXTENSION) if each[1] == attempt.number]
        context = said[0][2] if said else ""
        says = f"The call was let in, and the dialplan has no extension {attempt.number}" + (
            f" in context {context}." if context else "."
        )
        evidence = (of(attempt.refusal or attempt.invite), of(attempt.invite, attempt.invite.facts.uri), *logged(said))
        sure = 0.75 if attempt.role != "phone" or said else 0.5
        doubt = "" if said or case.settings else _other_entrance(case, attempt)
        yield Clue(
            _DOUBT if doubt else sure,
            says + doubt,
            evidence,
            next=f"dialplan show {attempt.number}@{context or 'CONTEXT'}",
        )
        return


def _other_entrance(case: Case, attempt: Attempt) -> str:
    """What speaks for another endpoint than the one meant for the call; empty where nothing does."""
    marks = [name for name, _ in attempt.invite.message.sip.rows if name.lower().startswith("x-")]
    if marks:
        return f" {marks[0]} may be what the trunk is known by: then the call entered by another endpoint."
    peers = [each for each in case.inbound() if each.peer == attempt.peer and each.answer]
    if any(_form(each.number) == _form(attempt.number) for each in peers):
        return " Another number of its kind passes: either this one is missing, or its calls enter by another endpoint."
    return ""


def _form(number: str) -> tuple[bool, bool, int]:
    return number.startswith("+"), number.lstrip("+").isdigit(), len(number)


@rule("dialplan", "endpoint.context", "B02")
def wrong_context(case: Case) -> Iterator[Clue]:
    """The call enters a context that is not meant for it."""
    for attempt in _not_found(case):
        said = [each for each in case.logged(_NO_EXTENSION) if each[1] == attempt.number]
        endpoint = case.settings.endpoint_at(attempt.peer)
        context = said[0][2] if said else (endpoint.get("context") or "default") if endpoint else ""
        if attempt.number == "s" or (endpoint and (endpoint.get("context") or "default") != context):
            continue
        where = [name for name in case.settings.contexts_of(attempt.number) if name != context]
        settings = (cited(endpoint, "context"),) if endpoint else ()
        if where:
            says = f"{attempt.number} is not in context {context}, which the endpoint names, but in {', '.join(where)}."
            yield Clue(0.95, says, (of(attempt.refusal or attempt.invite), *logged(said), *settings))
        elif context == "default":
            yield Clue(
                0.85,
                "The call enters `default`: the endpoint's context is not set.",
                (of(attempt.refusal or attempt.invite), *logged(said), *settings),
            )
        elif not case.settings:
            yield Clue(
                _DOUBT,
                "If another context has this number, the endpoint names the wrong one.",
                (of(attempt.refusal or attempt.invite),),
            )
        return


@rule("dialplan", "extensions.exten", "B04")
def number_elsewhere(case: Case) -> Iterator[Clue]:
    """The Request-URI carries our account, the DID stands in another header."""
    rung: dict[str, dict[str, Attempt]] = {}
    for attempt in case.inbound():
        refused = attempt.refused_with(404)
        name, user = _called(attempt)
        if not user or not (attempt.answer or refused):
            continue
        says = f"The Request-URI says {attempt.number}, our account; the number dialled, {user}, stands in {name}."
        evidence = (of(attempt.invite, f"{name}: {attempt.invite.header(name)}"), of(refused or attempt.invite))
        for each in case.onward(attempt):
            rung.setdefault(each.peer, {})[user] = attempt
        alike = next((users for users in rung.values() if len(users) > 1), None)
        if refused or alike:
            if alike:
                says += f" Calls to {' and '.join(sorted(alike))} ring at the same phone."
            yield Clue(0.9 if refused else 0.8, says, evidence)
            return


def _called(attempt: Attempt) -> tuple[str, str]:
    """Header and number dialled where the Request-URI has no number; empty where it has or nothing else does."""
    if attempt.number.lstrip("+").isdigit():
        return "", ""
    for name in ("P-Called-Party-ID", "Diversion", "To", "P-Preferred-Identity"):
        user = attempt.invite.header(name).partition("sip:")[2].partition("@")[0]
        if user.lstrip("+").isdigit() and user != attempt.number:
            return name, user
    return "", ""


@rule("dialplan", "endpoint.allow_overlap", "B03")
def incomplete(case: Case) -> Iterator[Clue]:
    """484: the number is the beginning of a longer pattern, and overlap dialling is on."""
    for attempt in case.inbound("trunk", "unknown", "phone"):
        refusal = attempt.refused_with(484)
        if refusal is not None and refusal.by_pbx:
            endpoint = case.settings.endpoint_at(attempt.peer)
            settings = (cited(endpoint, "allow_overlap"),) if endpoint else ()
            says = (
                f"{attempt.number} is the beginning of a longer pattern, so we wait for more digits, "
                "which a trunk never sends."
            )
            yield Clue(0.9, says, (of(refusal), *settings))
            yield Clue(0.6, says, (of(refusal),), "extensions.pattern")
            return


@rule("dialplan", "aor.contact", "B07")
def phone_away(case: Case) -> Iterator[Clue]:
    """The number is found, and the phone behind it is not registered."""
    said = case.logged(
        r"Could not create dialog to invalid URI '([^']*)'|Unable to create channel of type 'PJSIP' \(cause (?:3|20|0)"
    )
    full = case.logged(r"AOR '([^']*)' has no configured max_contacts")
    if full:
        says = f"Phones cannot register at AOR {full[0][1]!r}: its max_contacts is not set, and 0 by default."
        yield Clue(0.95, says, logged(full), "aor.max_contacts", layer="signalling")
    for attempt in case.inbound():
        refusal = attempt.refusal
        tried = any(each.role == "phone" for each in case.onward(attempt))
        if (
            refusal is not None
            and refusal.by_pbx
            and refusal.code in (480, 486, 500, 503, 404, 502)
            and not tried
            and bool(attempt.responses(100, 199))
        ):
            says = "The dialplan took the call (100 Trying) and no INVITE went to a phone: it has no contact to dial."
            evidence = (of(refusal), *logged(said))
            closed = [
                each for each in case.settings.objects("aor") if not (each.get("contact") or each.get("max_contacts"))
            ]
            for aor in closed[:1]:
                why = f"{says} Its AOR takes no contacts: max_contacts is 0 unless it is set."
                yield Clue(0.95, why, (*evidence, cited(aor, "max_contacts")), "aor.max_contacts", layer="signalling")
            sure = 0.9 if said else 0.6 if case.settings or case.log else _DOUBT
            yield Clue(sure, says, evidence, next="pjsip show contacts; does the phone register?")
            return


@rule("signalling", "endpoint.type", "B08")
def body_refused(case: Case) -> Iterator[Clue]:
    """415: a body part that must be handled and is not known."""
    for attempt in case.inbound():
        if (refusal := attempt.refused_with(415)) is not None and refusal.by_pbx:
            yield Clue(
                0.85,
                "The INVITE has a body part that must be understood (handling=required), such as ISUP.",
                (of(refusal), of(attempt.invite, attempt.invite.header("Content-Type"))),
                "provider.multipart",
            )
            return


@rule("signalling", "endpoint.100rel", "C16")
def extension_required(case: Case) -> Iterator[Clue]:
    """420 or 421: one side requires what the other does not do."""
    for attempt in case.attempts:
        if (refusal := attempt.refused_with(420, 421)) is not None:
            what = refusal.header("Unsupported") or refusal.header("Require") or attempt.invite.header("Require")
            option = "endpoint.timers" if "timer" in what else "endpoint.100rel"
            yield Clue(
                0.85,
                f"The call failed over an extension that one side requires: {what or 'unknown'}.",
                (of(refusal, what), of(attempt.invite, f"Require: {attempt.invite.header('Require')}")),
                option,
            )
            return
