"""Trunks: who may come in, who we say we are, and how we answer a challenge."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject, covers, host_of, network_of
from labkit.pjsip.objects import Object, Setting
from labkit.pjsip.reference import whole

_IDENTIFY = "docs.asterisk.org, res_pjsip_endpoint_identifier_ip"
_REGISTRATION = "docs.asterisk.org, res_pjsip_outbound_registration"
_OUTAGE_S = 1800
_GUIDE = "docs.asterisk.org, Asterisk PJSIP Troubleshooting Guide"


def at(object_: Object, setting: Setting | None, text: str, fix: str = "") -> Spot:
    """A spot at an option where it is set, else at its object."""
    name = f"{object_.type} {object_.id}"
    if setting and setting.given:
        return Spot(text, setting.file, setting.line, name, setting.option, fix)
    return Spot(text, object_.file, object_.line, name, setting.option if setting else "", fix)


@rule(
    "PJ102", "warning", "The registration logs in, the endpoint does not",
    why="The provider challenges INVITE as well as REGISTER; without outbound_auth our calls end with its 401 or 407.",
    fix="Set outbound_auth on the endpoint as well.",
    lesson="08", source=_GUIDE, whole=True,
)  # fmt: skip
def missing_outbound_auth(subject: Subject) -> Iterator[Spot]:
    """Trunks whose registration has credentials that the endpoint lacks."""
    for trunk in subject.trunks:
        for registration in subject.registrations(trunk):
            auth = registration.value("outbound_auth")
            if auth and not trunk.value("outbound_auth"):
                text = f"endpoint [{trunk.id}] has no outbound_auth, its registration [{registration.id}] has {auth}"
                yield at(trunk, trunk.setting("outbound_auth"), text, f"Write outbound_auth = {auth}")


@rule(
    "PJ103", "warning", "No identify for the address that calls come from",
    why="Asterisk does not know who calls, and challenges: the INVITE gets a 401, `No matching endpoint found`.",
    fix="Add an identify with endpoint and match for every address of the provider.",
    lesson="05", source=_IDENTIFY, whole=True,
)  # fmt: skip
def identify_gap(subject: Subject) -> Iterator[Spot]:
    """Trunks whose contact no identify of theirs matches, and that have no line."""
    for trunk in subject.trunks:
        identifies = subject.identifies(trunk)
        otherwise = any(each.value("match_header") or each.value("match_request_uri") for each in identifies)
        if otherwise or any(each.flag("line") for each in subject.registrations(trunk)):
            continue
        matches = [part for each in identifies for value in each.values("match") for part in value.split(",")]
        for host in subject.hosts(trunk):
            if not covers(matches, host) and not _unsure(matches, host):
                text = f"endpoint [{trunk.id}] is called at {host}, but no identify of it matches {host}"
                yield at(trunk, None, text, f"Add an identify with endpoint = {trunk.id} and match = {host}")


def _unsure(matches: list[str], host: str) -> bool:
    """Whether only DNS could tell if the host is matched: a name on one side, an address on the other."""
    return any((network_of(match) is None) != (network_of(host) is None) for match in matches)


@rule(
    "PJ104", "warning", "Two identifies match the same address",
    why="Which endpoint takes the call is then not in your hand; calls arrive in the wrong context.",
    fix="Let one identify match the address, or tell trunks apart by line, match_header or match_request_uri.",
    lesson="05", source=_IDENTIFY,
)  # fmt: skip
def ambiguous_identify(subject: Subject) -> Iterator[Spot]:
    """The second identify of an address, of another endpoint."""
    seen: list[tuple[str, Object]] = []
    for each in subject.objects.identifies.values():
        for match in (part.strip() for value in each.values("match") for part in value.split(",")):
            for before, other in seen:
                same = covers([before], match) or covers([match], before)
                if same and other.value("endpoint") != each.value("endpoint"):
                    text = f"identify [{each.id}] matches {match}, identify [{other.id}] matches {before}"
                    yield at(each, each.setting("match"), text)
            seen.append((match, each))


@rule(
    "PJ105", "error", "line without endpoint, or endpoint without line",
    why="Asterisk refuses the registration: the trunk never registers.",
    fix="Set both line = yes and endpoint, or neither.",
    lesson="06", source=_REGISTRATION,
)  # fmt: skip
def line_alone(subject: Subject) -> Iterator[Spot]:
    """Registrations with one of the two."""
    for refusal in subject.objects.refused:
        if refusal.option is None and "line" in refusal.reason.split():
            each = refusal.object
            text = f"registration [{each.id}] is not loaded: {refusal.reason}"
            yield at(each, each.setting("line" if each.values("line") else "endpoint"), text)


@rule(
    "PJ106", "warning", "Calls come to extension s, which is not there",
    why="Without contact_user the provider is told to call `s`; without an extension s every call gets a 404.",
    fix="Set contact_user to your number or account.",
    lesson="06", source=_REGISTRATION, whole=True,
)  # fmt: skip
def no_contact_user(subject: Subject) -> Iterator[Spot]:
    """Registrations without contact_user whose trunk's context has no extension s."""
    for trunk in subject.trunks:
        context = trunk.value("context")
        for registration in subject.registrations(trunk):
            there = subject.has_plan and context in subject.plan.contexts
            if there and not registration.value("contact_user") and not subject.plan.find("s", context):
                text = f"registration [{registration.id}] has no contact_user, and [{context}] has no extension s"
                yield at(registration, None, text)


@rule(
    "PJ107", "hint", "A realm on credentials that answer a challenge",
    why="Credentials with a realm are used for that realm only; if the provider's differs, it gets no answer.",
    fix="Leave realm out of an auth that outbound_auth names.",
    lesson="08", source="docs.asterisk.org, PJSIP Authentication",
)  # fmt: skip
def guessed_realm(subject: Subject) -> Iterator[Spot]:
    """Auths for the outside with a realm."""
    for link in subject.objects.links:
        if link.setting.option == "outbound_auth" and link.target and link.target.value("realm") not in ("", "*"):
            setting = link.target.setting("realm")
            text = f"auth [{link.id}] answers only for the realm {setting.value!r}"
            spot = at(link.target, setting, text)
            if link.source.type == "endpoint":
                yield spot


@rule(
    "PJ108", "warning", "server_uri and client_uri look swapped",
    why="server_uri says where REGISTER goes, client_uri who we are; swapped, the provider does not know us.",
    fix="server_uri = sip:provider, client_uri = sip:account@provider.",
    lesson="06", source=_REGISTRATION,
)  # fmt: skip
def swapped_uris(subject: Subject) -> Iterator[Spot]:
    """Registrations whose account stands in server_uri only, or whose hosts have nothing in common."""
    for each in subject.objects.registrations.values():
        if "@" in each.value("server_uri") and "@" not in each.value("client_uri"):
            text = f"registration [{each.id}]: the account is in server_uri, not in client_uri"
            yield at(each, each.setting("client_uri"), text)


@rule(
    "PJ109", "warning", "identify by header that is asked too late",
    why="endpoint_identifier_order names ip, username, anonymous; what it does not name comes last, after anonymous.",
    fix="Write header (or request_uri) into global.endpoint_identifier_order, before ip.",
    lesson="05", source=_IDENTIFY,
)  # fmt: skip
def header_too_late(subject: Subject) -> Iterator[Spot]:
    """Identifies by header or Request-URI beside an anonymous endpoint, where the order does not name them."""
    order = subject.objects.alone("global").words("endpoint_identifier_order")
    for each in subject.objects.identifies.values():
        for option, name in (("match_header", "header"), ("match_request_uri", "request_uri")):
            late = name not in order and "anonymous" in order and "anonymous" in subject.objects.endpoints
            if each.value(option) and late:
                yield at(each, each.setting(option), f"identify [{each.id}] matches by {name}, after anonymous")


@rule(
    "PJ110", "warning", "From's user is asked before the address",
    why="A caller whose number is an endpoint's name is taken for that endpoint and challenged.",
    fix="Put ip before username in endpoint_identifier_order.",
    lesson="05", source=_IDENTIFY,
)  # fmt: skip
def username_first(subject: Subject) -> Iterator[Spot]:
    """An order of identifiers with username before ip."""
    found = subject.objects.alone("global")
    order = found.words("endpoint_identifier_order")
    if "username" in order and "ip" in order and order.index("username") < order.index("ip"):
        yield at(found, found.setting("endpoint_identifier_order"), f"the order is {', '.join(order)}")


@rule(
    "PJ112", "hint", "A registration that gives up",
    why="After max_retries attempts Asterisk stops for good; an outage of ten minutes leaves the trunk dead for hours.",
    fix="Set max_retries high, and auth_rejection_permanent = no.",
    lesson="06", source=_REGISTRATION,
)  # fmt: skip
def gives_up(subject: Subject) -> Iterator[Spot]:
    """Registrations that try for less than half an hour."""
    for each in subject.objects.registrations.values():
        tries, pause_s = whole(each.value("max_retries")), whole(each.value("retry_interval"))
        if tries * pause_s < _OUTAGE_S and host_of(each.value("server_uri")):
            text = f"registration [{each.id}] tries {tries} times, {pause_s} s apart, then never again"
            yield at(each, each.setting("max_retries"), text)


@rule(
    "PJ113", "error", "An access list that is not there",
    why="Asterisk marks the list as undefined, and it fails for everybody: every call of the endpoint is refused.",
    fix="Write the section into acl.conf, or correct the name.",
    lesson="05", source="docs.asterisk.org, Named ACLs", whole=True,
)  # fmt: skip
def unknown_acl(subject: Subject) -> Iterator[Spot]:
    """Endpoints that name an access list of acl.conf that acl.conf does not have."""
    known = {section.name for section in subject.config("acl.conf").objects}
    for endpoint in subject.objects.endpoints.values():
        for name in endpoint.words("acl"):
            if name not in known:
                setting = endpoint.setting("acl")
                yield at(endpoint, setting, f"endpoint [{endpoint.id}] names the access list {name!r}; there is none")


@rule(
    "PJ114", "warning", "An access list that shuts out the trunk itself",
    why="The provider calls from an address that deny covers and no later permit does: `Not match Endpoint ACL`.",
    fix="Permit the provider's addresses after the deny.",
    lesson="05", source="docs.asterisk.org, res_pjsip endpoint deny and permit",
)  # fmt: skip
def shut_out(subject: Subject) -> Iterator[Spot]:
    """Trunks whose deny and permit refuse the address that they are called at; the last line that matches counts."""
    for trunk in subject.trunks:
        lines = [option for option in trunk.options if option.name.lower() in ("permit", "deny")]
        for host in subject.hosts(trunk):
            matching = [option for option in lines if network_of(host) and covers(option.value.split(","), host)]
            if matching and matching[-1].name.lower() == "deny":
                text = f"endpoint [{trunk.id}] is called at {host}, which its {matching[-1].name} refuses"
                yield Spot(text, matching[-1].file, matching[-1].line, f"endpoint {trunk.id}", "deny")
