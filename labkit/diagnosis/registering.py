"""Rules about registrations: does the trunk register, and with what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, host_of, yes
from labkit.diagnosis.signals import Signal
from labkit.trace.nat import private

_ENOUGH_TRIES = 2
_SHORT_OUTAGE_TRIES = 20


def _outside(signal: Signal) -> bool:
    """Whether a message of the PBX goes to a host that cannot reach private addresses."""
    return signal.by_pbx and not private(signal.target)


@rule("nat", "transport.external_signaling_address", "A03", "F01")
def private_contact(case: Case) -> Iterator[Clue]:
    """The Contact towards the outside is a private address."""
    last = next((each for each in reversed(case.signals) if _outside(each) and each.contact_host), None)
    if last is None or not private(last.contact_host):
        return  # nothing, or put right since
    seen = [each for each in case.signals if _outside(each) and private(each.contact_host)]
    first = next((each for each in seen if each.message.method == "REGISTER"), seen[0])
    transports = [each for each in case.settings.objects("transport") if not each.get("external_signaling_address")]
    settings = tuple(cited(each, "external_signaling_address") for each in transports[:1])
    says = (
        f"The provider is told to send to {first.contact_host}, an address that only the PBX's own network can reach."
    )
    place = ""
    if case.settings and not transports:
        local = next(iter(case.settings.objects("transport")))
        settings, place = (cited(local, "local_net"),), "transport.local_net"
        says += " external_signaling_address is set, so local_net must be what keeps it from being used."
    evidence = (of(first, f"Contact: {first.facts.contact}"), *settings)
    yield Clue(
        0.9 if first.method == "REGISTER" else 0.8,
        says,
        evidence,
        place,
        "Look at the Contact of the next REGISTER from outside of the NAT.",
    )


@rule("nat", "transport.external_signaling_address", "A03", "F01")
def stale_contact(case: Case) -> Iterator[Clue]:
    """The Contact towards the outside is a public address that is not ours."""
    ours = {each for each in case.pbx if not private(each)}
    for each in filter(_outside, case.signals if ours else ()):
        host = each.contact_host
        literal = host.replace(".", "").isdigit()
        if literal and not private(host) and host not in case.pbx:
            if each.code and each.method == "REGISTER":
                continue
            settings = tuple(cited(one, "external_signaling_address") for one in case.settings.objects("transport"))
            says = f"We are seen from {', '.join(sorted(ours))} and tell the provider to send to {host}."
            yield Clue(0.92, says, (of(each, f"Contact: {each.facts.contact}"), *settings[:1]))
            return


@rule("signalling", "registration.contact_user", "A05")
def no_contact_user(case: Case) -> Iterator[Clue]:
    """We registered as `s`, so that all calls come to `s`."""
    for attempt in case.inbound():
        if attempt.number == "s":
            own = tuple(cited(each, "contact_user") for each in case.settings.objects("registration"))[:1]
            asked = [of(each, f"Contact: {each.facts.contact}") for each in case.requests("REGISTER")][:1]
            says = "The call is for extension s, which is what a registration asks for when it names no contact_user."
            yield Clue(0.9, says, (of(attempt.invite, attempt.invite.facts.uri), *asked, *own))
            return


@rule("signalling", "registration.line", "A07")
def line_without_endpoint(case: Case) -> Iterator[Clue]:
    """A registration has line or endpoint without the other, and Asterisk refuses it."""
    said = case.logged(
        r"Line support has been enabled on outbound registration|has been specified on outbound registration"
    )
    for each, _, _ in case.settings.refused:
        line, endpoint = yes(each, "line"), each.get("endpoint")
        if each.type == "registration" and line != bool(endpoint):
            missing = "endpoint" if line else "line"
            says = f"line and endpoint of a registration belong together; without {missing} Asterisk drops the object."
            sure = 0.6 if any(case.requests("REGISTER")) else 0.95
            yield Clue(sure, says, (*logged(said), cited(each, missing)), f"registration.{missing}")
            return
    if said:
        missing = "endpoint" if "without providing" in said[0].string else "line"
        yield Clue(0.9, "Asterisk refused a registration for its line option.", logged(said), f"registration.{missing}")


@rule("signalling", "registration.max_retries", "A12")
def gave_up(case: Case) -> Iterator[Clue]:
    """The registration stopped trying after an outage."""
    said = case.logged(r"Maximum retries reached when attempting outbound registration")
    few = [
        each
        for each in case.settings.objects("registration")
        if int(each.get("max_retries") or 10) < _SHORT_OUTAGE_TRIES
    ]
    settings = tuple(cited(each, "max_retries") for each in few[:1])
    if said:
        says = "The registration reached max_retries during an outage and was not tried again."
        yield Clue(0.95, says, (*logged(said), *settings))
        return
    silent = _unanswered(case)
    if len(silent) >= _ENOUGH_TRIES and few:
        says = "REGISTER gets no answer, and few retries are allowed: after them the trunk stays down."
        yield Clue(0.5, says, (of(silent[-1]), *settings), next="Wait for the last retry and see whether one follows.")


def _unanswered(case: Case) -> list[Signal]:
    answered = {each.message.call_id + each.message.cseq for each in case.responses("REGISTER")}
    return [each for each in case.requests("REGISTER") if each.message.call_id + each.message.cseq not in answered]


@rule("signalling", "registration.auth_rejection_permanent", "A12")
def refused_for_good(case: Case) -> Iterator[Clue]:
    """A refusal ended the registration for good."""
    said = case.logged(r"(?:Fatal|Temporal|Permanent)? ?response '(\d+)' received.*stopping outbound registration")
    for found in said[:1]:
        option = "forbidden_retry_interval" if found[1] == "403" else "fatal_retry_interval"
        place = "registration.auth_rejection_permanent" if found[1] in ("401", "407") else f"registration.{option}"
        yield Clue(
            0.55,
            "By default Asterisk takes this refusal as final and never registers again.",
            logged(said),
            place,
            "See whether the provider would accept a REGISTER now: pjsip send register.",
        )


@rule("provider", "provider.registration", "A12")
def registrar_silent(case: Case) -> Iterator[Clue]:
    """REGISTER leaves and nobody answers."""
    silent = _unanswered(case)
    if len(silent) >= _ENOUGH_TRIES and not any(case.responses("REGISTER")):
        says = (
            "REGISTER is sent again and again without an answer: the registrar is down, or something drops the packets."
        )
        place = "router.forward" if any(case.never_came_in(each) for each in case.signals) else ""
        yield Clue(
            0.5, says, (of(silent[0]), of(silent[-1])), place, "Look on the outer side of the firewall for an answer."
        )


@rule("provider", "provider.registration", "A12")
def registrar_refuses(case: Case) -> Iterator[Clue]:
    """The registrar refuses without asking for credentials."""
    for each in case.responses("REGISTER"):
        if each.code in (403, 404, 500, 503) and not _credentials(case, each):
            yield Clue(
                0.7 if each.code == 403 and not any(one.code == 401 for one in case.responses("REGISTER")) else 0.5,
                f"The registrar refuses with {each.message.start}, before any password was asked for.",
                (of(each),),
                next="Ask the provider whether the account is active.",
            )
            return


def _credentials(case: Case, reply: Signal) -> Signal | None:
    """The REGISTER of ours with credentials that a response answers."""
    return next((each for each in case.asked(reply) if each.by_pbx and each.header("Authorization")), None)


@rule("signalling", "auth.password", "C04")
def wrong_credentials(case: Case) -> Iterator[Clue]:
    """A REGISTER with credentials is challenged again or refused."""
    for reply in case.responses("REGISTER"):
        if reply.code not in (401, 403, 407) or "stale=true" in reply.header("WWW-Authenticate").lower():
            continue
        asked = _credentials(case, reply)
        if asked is None:
            continue
        found = re.search(r'username="([^"]*)"', asked.header("Authorization"))
        user, account = found[1] if found else "", asked.facts.from_user
        says = f"The registrar was given credentials for {user!r} and refuses them."
        place, other = ("auth.username", "auth.password") if user != account else ("auth.password", "auth.username")
        if user != account:
            says += f" The account that registers is {account!r}: another user name."
        said = logged(case.logged(r"Authentication credentials not accepted by server|Fatal response '40[13]'"))
        evidence = (of(reply), of(asked, f"username {user}"), *said)
        yield Clue(0.9, says, evidence, place, "Compare user name and password with the provider's portal.")
        yield Clue(0.5, says, evidence, other)
        return


@rule("signalling", "registration.client_uri", "A18")
def swapped_uris(case: Case) -> Iterator[Clue]:
    """client_uri and server_uri of a registration are swapped or have no user."""
    for each in case.settings.objects("registration"):
        server, client = each.get("server_uri") or "", each.get("client_uri") or ""
        if "@" in server and "@" not in client:
            says = (
                "server_uri is where to register and has no user, client_uri is who registers and has "
                "one: they look swapped."
            )
            yield Clue(0.85, says, (cited(each, "server_uri"), cited(each, "client_uri")))


@rule("signalling", "registration.server_uri", "A18")
def registers_elsewhere(case: Case) -> Iterator[Clue]:
    """REGISTER goes to another host than the trunk's calls do, and gets no answer there, while others answer us."""
    contacts = {host_of(value) for aor in case.settings.objects("aor") for value in aor.values("contact")}
    alive = {each.source for each in case.signals if each.to_pbx and each.source in case.trunks}
    for each in _unanswered(case):
        if each.target in contacts | alive or not (alive and case.ignored(each)):
            continue
        own = [
            one for one in case.settings.objects("registration") if each.target == host_of(one.get("server_uri") or "")
        ]
        yield Clue(
            0.85 if own else 0.6,
            f"REGISTER goes to {each.target}, and nobody answers there; {', '.join(sorted(alive))} answers.",
            (of(each), *(cited(one, "server_uri") for one in own[:1])),
        )
        return


@rule("signalling", "registration.type", "A07", "A13")
def never_tried(case: Case) -> Iterator[Clue]:
    """The configuration has a registration and not one REGISTER was seen."""
    wanted = list(case.settings.objects("registration"))
    if (
        wanted
        and not any(case.requests("REGISTER"))
        and case.logged(r"Could not create an object of type 'registration'")
    ):
        said = case.logged(r"Could not find option suitable for category '[^']*' named '(\w+)'")
        option = f"registration.{said[0][1]}" if said else ""
        evidence = (*logged(said), cited(wanted[0], "server_uri"), Evidence("absence", "no REGISTER in the capture"))
        yield Clue(0.9, "Asterisk refused the registration object, so it never registers.", evidence, option)
