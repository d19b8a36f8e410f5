"""What lets strangers in, and out again at your cost."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.pjsip.dialplan import Dialplan, Step
from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.lint.trunks import at
from labkit.pjsip.objects import Object

_SECURITY = "docs.asterisk.org, Asterisk Security"
_COMMON = {"password", "passw0rd", "secret", "changeme", "change-me", "letmein", "asterisk", "default", "welcome",
           "admin", "test", "qwerty", "supersecret", "unsecurepassword"}  # fmt: skip
_SHORTEST = 8


@rule(
    "PJ501", "error", "Strangers can dial out",
    why="Anybody on the internet gets the endpoint anonymous; from its context a trunk can be dialled, at your cost.",
    fix="Give anonymous a context that reaches your own numbers only, or remove the endpoint.",
    lesson="05", source=_SECURITY, whole=True,
)  # fmt: skip
def anonymous_dials_out(subject: Subject) -> Iterator[Spot]:
    """Anonymous endpoints whose context leads to a trunk."""
    trunks = {trunk.id for trunk in subject.trunks}
    for endpoint in subject.objects.endpoints.values():
        if endpoint.id.split("@")[0] != "anonymous":
            continue
        for step in way_out(subject.plan, endpoint.value("context"), trunks):
            setting = endpoint.setting("context")
            dialled = step.arguments.split(",")[0]
            yield at(endpoint, setting, f"endpoint [{endpoint.id}] enters [{setting.value}], which dials {dialled}")
            break


def way_out(plan: Dialplan, context: str, trunks: set[str], seen: frozenset[str] = frozenset()) -> Iterator[Step]:
    """Steps of a context, and of those it includes, that dial a trunk."""
    if context in seen or context not in plan.contexts:
        return
    here = plan.contexts[context]
    for extension in here.extensions:
        for step in extension.applications("Dial"):
            if any(f"@{trunk}" in step.arguments or f"PJSIP/{trunk}/" in step.arguments for trunk in trunks):
                yield step
    for include in here.includes:
        yield from way_out(plan, include.context, trunks, seen | {context})


def _weak(auth: Object) -> str | None:
    """Why a password is easily guessed; None where it is not."""
    password, user = auth.value("password"), auth.value("username")
    if not password:
        return None
    if password.lower() in _COMMON:
        return "one of the first that scanners try"
    if user and password.lower() in (user.lower(), user.lower()[::-1], f"{user.lower()}{user.lower()}"):
        return "made of the user name"
    if password.isdigit() or len(password) < _SHORTEST or len(set(password)) < _SHORTEST // 2:
        return "short, or of digits only"
    return None


@rule(
    "PJ502", "warning", "A password that scanners guess",
    why="Open SIP ports are tried by the minute; a guessed phone makes calls at your cost within hours.",
    fix="Use 16 random characters: labkit never shows them in a report.",
    lesson="08", source=_SECURITY,
)  # fmt: skip
def weak_secret(subject: Subject) -> Iterator[Spot]:
    """Weak passwords of those who log in here."""
    outbound = {link.id for link in subject.objects.links if link.setting.option == "outbound_auth"}
    inbound = {link.id for link in subject.objects.links if link.setting.option == "auth"}
    for auth in subject.objects.auths.values():
        reason = _weak(auth) if auth.id in inbound or auth.id not in outbound else None
        if reason:
            yield at(auth, auth.setting("password"), f"auth [{auth.id}]: the password is {reason}")


@rule(
    "PJ503", "warning", "Anybody may register",
    why="Without auth Asterisk takes a REGISTER from everybody: calls to the extension go to whoever registered last.",
    fix="Give the endpoint an auth.",
    lesson="08", source=_SECURITY, whole=True,
)  # fmt: skip
def open_registrar(subject: Subject) -> Iterator[Spot]:
    """Endpoints that register without a password."""
    for phone in subject.phones:
        if not phone.value("auth") and not subject.identifies(phone):
            yield at(phone, phone.setting("auth"), f"endpoint [{phone.id}] takes registrations and has no auth")


@rule(
    "PJ504", "error", "An identify that matches everybody",
    why="The whole internet is taken for this endpoint, without a password.",
    fix="Match the provider's addresses only.",
    lesson="05", source=_SECURITY,
)  # fmt: skip
def identify_all(subject: Subject) -> Iterator[Spot]:
    """Identifies of 0.0.0.0/0 and the like."""
    for each in subject.objects.identifies.values():
        for value in each.values("match"):
            if any(part.strip().endswith(("/0", "/0.0.0.0")) for part in value.split(",")):
                yield at(each, each.setting("match"), f"identify [{each.id}] matches {value}")
