"""Who calls, as the provider believes it: precedence of headers, ownership, and what becomes of a foreign number."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.errors import ParseError
from labkit.provider.numbering import read_number
from labkit.provider.trunk import Trunk
from labkit.sip.message import Request
from labkit.sip.uri import Address


@dataclass(frozen=True, slots=True)
class Presented:
    """What a call shows, or why it is refused."""

    number: str
    """In +E.164, or as written where it was passed on; empty where the callee may not see it."""
    header: str
    """The header it was taken from."""
    given: str
    """What stood there."""
    replaced: bool = False
    """Whether the provider put its own number there."""
    status: int = 0
    """Refusal: final status; 0 when the call may go on."""
    reason: str = ""
    """Reason phrase of the refusal."""


def presented(request: Request, trunk: Trunk, country_code: str) -> Presented:
    """Judge the caller ID of an outbound INVITE by a trunk's rules (RFC 3325 section 5, RFC 3323).

    `Privacy: id` with an asserted identity tells the provider who calls, and the callee not (RFC 3325 section 9.3).
    """
    judged = _judged(request, trunk, country_code)
    return replace(judged, number="") if _private(request) else judged


def _judged(request: Request, trunk: Trunk, country_code: str) -> Presented:
    rules = trunk.caller_id
    header, given = _given(request, rules.precedence)
    if _withheld(request, header, given):
        if rules.withheld == "reject":
            return Presented("", header, given, status=433, reason="Anonymity Disallowed")
        return Presented("", header, given)
    number = read_number(given, rules.forms, country_code)
    if number and number in (*trunk.dids, *rules.verified):
        return Presented(number, header, given)
    if rules.foreign == "pass" or (rules.forwarded_needs and rules.forwarded_needs in request):
        return Presented(number or given, header, given)
    if rules.foreign == "replace":
        return Presented(trunk.main_number, header, given, replaced=True)
    return Presented("", header, given, status=rules.status, reason=rules.reason)


def _given(request: Request, precedence: tuple[str, ...]) -> tuple[str, str]:
    """Give the first header of the precedence that is there, and its number."""
    for name in precedence:
        for value in request.values(name):
            try:
                return name, Address.parse(value).uri.number
            except ParseError:
                continue
    return "", ""


def _withheld(request: Request, header: str, given: str) -> bool:
    return given.lower() in ("anonymous", "restricted", "unknown", "") or (_private(request) and header == "From")


def _private(request: Request) -> bool:
    privacy = (request.get("Privacy") or "").lower()
    return bool(privacy) and any(word in privacy for word in ("id", "user", "full"))
