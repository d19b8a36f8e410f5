"""What makes Asterisk refuse an object as it loads it; each rule was tried on Asterisk 22."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network

from labkit.pjsip import codecs, reference
from labkit.pjsip.reference import Known

_MUST: dict[str, tuple[str, ...]] = {
    "auth": ("username",),
    "identify": ("endpoint",),
    "registration": ("server_uri", "client_uri"),
    "transport": ("bind",),
}
_WHOLE = re.compile(r"\+?(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)", re.ASCII)
_SIGNED = re.compile(r"[+-]?(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SIP_URI = re.compile(r"<?sips?:[^\s]+", re.IGNORECASE)
_LARGEST = 2**32 - 1
_SEVERAL = ("identify_by", "supported_algorithms_uac", "supported_algorithms_uas")
"""Choices of which several may stand, comma between."""

_AN = {"auth": "an", "identify": "an"}
_YES_OR_NO = ("1", "0", "true", "false", "on", "off")


def complaint(type_: str, name: str, value: str) -> str | None:
    """Why Asterisk refuses an object for this option; None where it takes it."""
    if name.startswith("@"):
        return None
    known = reference.known(type_, name)
    if known is None:
        near = reference.nearest(type_, name)
        return f"{type_} has no option {name!r}" + (f", did you mean {near!r}?" if near else "")
    says = _OWN.get((type_, known.name)) or _RULES.get(known.kind)
    reason = says(known, value) if says else None
    return f"{known.name} {reason}, not {value!r}" if reason else None


def _whole(known: Known, value: str) -> str | None:
    good = _WHOLE.fullmatch(value) is not None and reference.whole(value) <= _LARGEST
    return None if good else "must be a whole number"


def _integer(known: Known, value: str) -> str | None:
    return None if _SIGNED.fullmatch(value) else "must be a whole number"


def _decimal(known: Known, value: str) -> str | None:
    return None if _DECIMAL.fullmatch(value) else "must be a number"


def _choice(known: Known, value: str) -> str | None:
    words = value.split(",") if known.name in _SEVERAL else [value]
    taken = {choice.lower() for choice in known.choices} | set(_YES_OR_NO if known.name in ("100rel", "timers") else ())
    bad = [word for word in words if word.strip().lower() not in taken]
    return f"must be one of {', '.join(known.choices)}" if bad else None


def _codecs(known: Known, value: str) -> str | None:
    nothing = known.name == "disallow" and not value
    return "must be codecs that Asterisk knows" if codecs.unknown(value) and not nothing else None


def _uri(known: Known, value: str) -> str | None:
    return None if not value or _SIP_URI.match(value) else "must be a SIP URI such as sip:host:5060"


def _network(known: Known, value: str) -> str | None:
    for part in value.split(","):
        try:
            ip_network(part.strip().lstrip("!"), strict=False)
        except ValueError:
            return "must be an address or a network such as 192.0.2.0/24"
    return None


def _variables(known: Known, value: str) -> str | None:
    return None if "=" in value else "must be written as name=value"


_RULES: dict[str, Callable[[Known, str], str | None]] = {
    "number": _whole,
    "integer": _integer,
    "decimal": _decimal,
    "choice": _choice,
    "codecs": _codecs,
    "uri": _uri,
    "uris": _uri,
    "acl": _network,
    "variables": _variables,
}
_OWN: dict[tuple[str, str], Callable[[Known, str], str | None]] = {
    ("registration", "outbound_proxy"): _uri,
    ("identify", "match_header"): lambda _, value: None if ":" in value else "must be written as Header: value",
}
"""Options whose rule is not that of their kind."""


def lack(type_: str, given: Mapping[str, str]) -> str | None:
    """What an object with these options must have and has not; None where it has all."""
    missing = [name for name in _MUST.get(type_, ()) if name not in given]
    if missing:
        return f"{_AN.get(type_, 'a')} {type_} must have {', '.join(missing)}"
    if type_ == "registration" and reference.true(given.get("line", "")) != bool(given.get("endpoint")):
        return "a registration must have both line = yes and endpoint, or neither"
    return None
