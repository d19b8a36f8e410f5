"""URIs, and the name-addr that carries them in From, To, Contact and Route (RFC 3261 sections 19.1, 20.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote as percent_decode

from labkit.errors import ParseError
from labkit.sip.grammar import Parameters, number, quote, unquote

DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}
"""Port of a transport where a URI names none (RFC 3261 section 18.1.1)."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_DISPLAY = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^<"]*?)\s*<([^>]*)>?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Uri:
    """A sip, sips or tel URI; of any other scheme only `scheme` and `user` (the rest of the text) are filled."""

    scheme: str
    """Lower case: sip, sips, tel or another."""
    user: str | None = None
    """As written, escapes and user parameters included; the number of a tel URI."""
    password: str | None = None
    """Deprecated by RFC 3261, still seen."""
    host: str = ""
    """Name or address; an IPv6 address has no brackets here."""
    port: int | None = None
    """None where the URI names no port."""
    params: Parameters = field(default_factory=Parameters)
    """URI parameters: transport, lr, user, line ..."""
    headers: str = ""
    """What follows the question mark, as written."""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Read a URI; ParseError when it has no scheme."""
        return _parse_uri(text)

    @property
    def number(self) -> str:
        """The user part with escapes decoded and without its parameters: what a dial plan sees."""
        return percent_decode((self.user or "").partition(";")[0])

    @property
    def transport(self) -> str:
        """Lower-case transport that the URI asks for; `tls` for sips, `udp` without a wish."""
        asked = (self.params.get("transport") or "").lower()
        return "tls" if self.scheme == "sips" else asked or "udp"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port with the transport's default port."""
        return self.host, self.port or DEFAULT_PORT.get(self.transport, 5060)

    def same_as(self, other: Uri) -> bool:
        """Compare by the rules of RFC 3261 section 19.1.4 (escapes decoded, case only where it counts)."""
        return self._key() == other._key() and all(
            value == other.params.get(name)
            for name, _ in self.params
            if (value := self.params.get(name)) and (name.lower() in _COMPARED or name in other.params)
        ) and all(name.lower() not in _COMPARED or name in self.params for name, _ in other.params)  # fmt: skip

    def _key(self) -> tuple[object, ...]:
        user = percent_decode(self.user or "")
        return self.scheme, user, self.password, self.host.lower(), self.port, sorted(self.headers.split("&"))

    def __str__(self) -> str:
        if not self.host:
            return f"{self.scheme}:{self.user or ''}{self.params}"
        user = "" if self.user is None else self.user + ("" if self.password is None else f":{self.password}") + "@"
        query = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{host_port(self.host, self.port)}{self.params}{query}"


_COMPARED = {"user", "ttl", "method", "maddr", "transport"}


@lru_cache(maxsize=2048)
def _parse_uri(text: str) -> Uri:
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        raise ParseError(f"URI {text[:80]!r} has no scheme. Expected sip:, sips: or tel:", text=text)
    scheme = scheme.lower()
    if scheme == "tel":
        user, semicolon, tail = rest.partition(";")
        return Uri(scheme, user, params=Parameters.parse(semicolon + tail))
    if scheme not in ("sip", "sips"):
        return Uri(scheme, rest)
    userinfo, at, rest = rest.partition("@") if "@" in rest else ("", "", rest)
    user, secret, password = userinfo.partition(":")
    rest, _, headers = rest.partition("?")
    location, semicolon, tail = rest.partition(";")
    host, port = split_host_port(location)
    params = Parameters.parse(semicolon + tail)
    return Uri(scheme, user if at else None, password if secret else None, host, port, params, headers)


def split_host_port(text: str) -> tuple[str, int | None]:
    """Split `host:port` (IPv6 in brackets); the port is None where none or no valid one is written."""
    text = text.strip()
    if text.startswith("["):
        host, _, tail = text[1:].partition("]")
        return host, _port(tail.lstrip(": "))
    host, _, tail = text.partition(":")
    return host.strip(), _port(tail)


def _port(text: str) -> int | None:
    port = number(text, 5) if text else None
    return port if port is not None and port < 65536 else None


def host_port(host: str, port: int | None) -> str:
    """Write a host and port as SIP does (RFC 3261 `hostport`)."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec with its header parameters: a From, To, Contact, Route, PAI (section 20.10)."""

    uri: Uri
    """The URI between the angle brackets."""
    display: str = ""
    """Display name, unquoted."""
    params: Parameters = field(default_factory=Parameters)
    """Header parameters: tag, expires, q, lr does not belong here."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read one value; ParseError when there is no URI in it."""
        return _parse_address(text)

    @property
    def tag(self) -> str | None:
        """The tag of a From or To (RFC 3261 section 19.3)."""
        return self.params.get("tag")

    def tagged(self, tag: str) -> Address:
        """Give this address with a tag."""
        return Address(self.uri, self.display, self.params.replace("tag", tag))

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{self.params}"


@lru_cache(maxsize=2048)
def _parse_address(text: str) -> Address:
    match = _DISPLAY.match(text) if "<" in text else None
    if match:
        return Address(Uri.parse(match[2]), unquote(match[1]), Parameters.parse(text[match.end() :]))
    # Without angle brackets every parameter belongs to the header (section 20.10).
    location, semicolon, tail = text.partition(";")
    return Address(Uri.parse(location), "", Parameters.parse(semicolon + tail))
