"""An object as Asterisk reports it over ARI and AMI, to be compared with what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from labkit.pjsip import reference
from labkit.pjsip.objects import Object
from labkit.pjsip.reference import Known, true, whole

_WEBRTC = {
    "use_avpf": "true", "bundle": "true", "rtcp_mux": "true", "ice_support": "true", "media_encryption": "dtls",
    "media_use_received_transport": "true", "dtls_verify": "Fingerprint", "dtls_setup": "actpass",
    "dtls_auto_generate_cert": "Yes",
}  # fmt: skip
"""What `webrtc = yes` sets besides (docs.asterisk.org, res_pjsip endpoint webrtc)."""
_NAMED = re.compile(r'\s*"?([^"<]*?)"?\s*<([^>]*)>\s*')
_WITH_PORT = re.compile(r"\d+(\.\d+){3}:\d+")
_LISTS = ("uris", "addresses", "variables")
_WRITTEN = {"timers": {"forced": "always", "true": "yes", "1": "yes"}, "direct_media_method": {"reinvite": "invite"},
            "connected_line_method": {"reinvite": "invite"}, "method": {"default": "tlsv1"}}  # fmt: skip
_SILENT = (
    "deny", "permit", "contact_deny", "contact_permit", "contact_user", "disallow", "security_mechanisms", "set_var",
    "stir_shaken",
)  # fmt: skip
"""Options of endpoints that Asterisk does not report, or under another name."""
_UPPER = ("supported_algorithms_uac", "supported_algorithms_uas")


def reported(object_: Object) -> dict[str, str]:
    """Every option of the object as Asterisk reports it; those that it does not report are left out."""
    found = {known.name: _value(object_, known) for known in reference.options(object_.type).values()}
    found.pop("security_mechanisms", None)
    if object_.type == "endpoint":
        found |= _implied(object_)
    return {name: value for name, value in found.items() if value is not None}


def _implied(endpoint: Object) -> dict[str, str | None]:
    acl = "deny/permit" if endpoint.values("deny") + endpoint.values("permit") else endpoint.value("acl")
    contact_acl = endpoint.values("contact_deny") + endpoint.values("contact_permit")
    implied: dict[str, str | None] = dict.fromkeys(_SILENT) | {"acl": acl}
    implied["contact_acl"] = "deny/permit" if contact_acl else endpoint.value("contact_acl")
    implied["allow"] = f"({'|'.join(endpoint.codecs) or 'nothing'})"
    implied["direct_media_method"] = _choice_of(endpoint, "connected_line_method")  # Asterisk writes one over the other
    if endpoint.flag("preferred_codec_only"):
        implied["incoming_call_offer_pref"] = "local_first"
    if endpoint.flag("webrtc"):
        implied |= _WEBRTC
    if endpoint.flag("bundle"):
        implied["rtcp_mux"] = "true"
    return implied


def _value(object_: Object, known: Known) -> str | None:
    given = object_.values(known.name)
    if not given:
        return known.default
    if known.kind in _LISTS:
        parts = given if known.kind == "variables" else [part.strip() for each in given for part in each.split(",")]
        return ",".join(_network(part) if known.kind == "addresses" else part for part in parts)
    form = _callerid if known.name == "callerid" else _FORMS.get(known.kind)
    return form(known, given[-1]) if form else given[-1]


@dataclass(frozen=True, slots=True)
class Difference:
    """An option whose value in the files is not what Asterisk holds."""

    option: str
    written: str
    """As the files say it, in Asterisk's form."""
    held: str
    """As Asterisk reports it."""


def differences(object_: Object, held: Mapping[str, str]) -> list[Difference]:
    """Where the object in the files is not the one that Asterisk holds; contacts that registered are no difference."""
    return [
        Difference(name, written, held.get(name, ""))
        for name, written in reported(object_).items()
        if not _same(object_.type, name, written, held.get(name, ""))
    ]


def _same(type_: str, name: str, written: str, held: str) -> bool:
    known = reference.known(type_, name)
    if written == held or known is None or known.kind not in _LISTS:
        return written == held
    ours, theirs = set(filter(None, written.split(","))), set(filter(None, held.split(",")))
    return ours <= theirs if name == "contact" else ours == theirs


def _choice_of(object_: Object, name: str) -> str | None:
    known = reference.known(object_.type, name)
    return _value(object_, known) if known else None


def _flag(known: Known, value: str) -> str:
    return "true" if true(value) else "false"


def _switch(known: Known, value: str) -> str:
    word = "yes" if true(value) else "no"
    return word.title() if known.default.istitle() else word


def _number(known: Known, value: str) -> str:
    return str(whole(value))


def _decimal(known: Known, value: str) -> str:
    return f"{float(value):f}"


def _choice(known: Known, value: str) -> str:
    value = _WRITTEN.get(known.name, {}).get(value.lower(), value.lower())
    if known.name in _UPPER:
        return value.upper()
    return value.title() if known.default.istitle() else value


def _callerid(known: Known, value: str) -> str:
    match = _NAMED.fullmatch(value)
    return f'"{match[1]}" <{match[2]}>' if match else value


def _address(known: Known, value: str) -> str:
    host, _, port = value.rpartition(":")
    return value if host and port.isdigit() else f"{value}:0"


def _network(text: str) -> str:
    """As Asterisk writes it: address, port where there is one, and mask; a host name stays."""
    host, slash, prefix = text.partition("/")
    address, colon, port = host.rpartition(":") if _WITH_PORT.fullmatch(host) else (host, "", "")
    try:
        network = ip_network(f"{address}{slash}{prefix}", strict=False)
    except ValueError:
        return text
    return f"{network.network_address}{colon}{port}/{network.netmask}"


_FORMS: dict[str, Callable[[Known, str], str]] = {
    "flag": _flag,
    "switch": _switch,
    "number": _number,
    "integer": _number,
    "decimal": _decimal,
    "choice": _choice,
    "address": _address,
}
