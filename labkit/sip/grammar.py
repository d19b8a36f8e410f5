"""The lexical rules of SIP that more than one header needs (RFC 3261 section 25.1), read leniently.

No other module owns a regular expression for a token, a quoted string or a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

COMPACT = {
    "a": "Accept-Contact",  # RFC 3841
    "b": "Referred-By",  # RFC 3892
    "c": "Content-Type",  # RFC 3261
    "d": "Request-Disposition",  # RFC 3841
    "e": "Content-Encoding",  # RFC 3261
    "f": "From",  # RFC 3261
    "i": "Call-ID",  # RFC 3261
    "j": "Reject-Contact",  # RFC 3841
    "k": "Supported",  # RFC 3261
    "l": "Content-Length",  # RFC 3261
    "m": "Contact",  # RFC 3261
    "o": "Event",  # RFC 6665
    "r": "Refer-To",  # RFC 3515
    "s": "Subject",  # RFC 3261
    "t": "To",  # RFC 3261
    "u": "Allow-Events",  # RFC 6665
    "v": "Via",  # RFC 3261
    "x": "Session-Expires",  # RFC 4028
    "y": "Identity",  # RFC 8224
}
"""Compact header name to canonical name."""

_ODD_CASE = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version",
    "rack": "RAck",
    "rseq": "RSeq",
    "min-se": "Min-SE",
    "p-called-party-id": "P-Called-Party-ID",
    "remote-party-id": "Remote-Party-ID",
}

LIST_HEADERS = frozenset({
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Call-Info", "Contact", "Content-Encoding", "Content-Language", "Diversion", "Error-Info", "History-Info",
    "In-Reply-To", "P-Asserted-Identity", "P-Preferred-Identity", "Path", "Proxy-Require", "Reason", "Record-Route",
    "Reject-Contact", "Require", "Route", "Service-Route", "Supported", "Unsupported", "Via", "Warning",
})  # fmt: skip
"""Headers whose rows may hold several values between commas (RFC 3261 section 7.3.1)."""

_QUOTED_OR_ANGLE = r'"(?:[^"\\]|\\.)*"|<[^>]*>'
_UNTIL_COMMA = re.compile(rf'(?:{_QUOTED_OR_ANGLE}|[^,"<]|["<])+', re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s;=,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;]*))?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """Give a header's canonical name: long form, usual capitals (RFC 3261 sections 7.3.1 and 7.3.3)."""
    lower = name.strip().lower()
    known = COMPACT.get(lower) or _ODD_CASE.get(lower)
    return known or "-".join(part.capitalize() for part in lower.split("-"))


def split_list(text: str) -> list[str]:
    """Split at the commas that stand outside quotes and angle brackets; empty members are dropped."""
    if "," not in text:
        return [text] if text else []
    return [part for match in _UNTIL_COMMA.finditer(text) if (part := match[0].strip())]


def number(text: str, digits: int = 10) -> int | None:
    """Read a decimal number of at most so many digits; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def quote(text: str) -> str:
    """Write a quoted-string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Read a quoted-string; any other text is given back as it is."""
    if text.startswith('"') and text.endswith('"') and len(text) >= 2:
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


@dataclass(frozen=True, slots=True)
class Parameters:
    """The `;name=value` tail of a header value or URI (RFC 3261 `generic-param`); names compare without case."""

    items: tuple[tuple[str, str | None], ...] = ()
    """Name and value in order as written; the value is None for a flag such as `lr`."""

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """Read parameters from the first semicolon on."""
        if not text:
            return _NO_PARAMETERS
        return cls(tuple((match[1], match[2].strip() if match[2] is not None else None)
                         for match in _PARAMETER.finditer(text)))  # fmt: skip

    def get(self, name: str, default: str | None = None) -> str | None:
        """Give the value by name, unquoted; an empty string for a flag."""
        name = name.lower()
        for key, value in self.items:
            if key == name or key.lower() == name:
                return unquote(value) if value else ""
        return default

    def replace(self, name: str, value: str | None) -> Parameters:
        """Give these parameters with one set (None makes a flag)."""
        return Parameters((*self.drop(name).items, (name, value)))

    def drop(self, name: str) -> Parameters:
        """Give these parameters without one."""
        name = name.lower()
        return Parameters(tuple(item for item in self.items if item[0].lower() != name))

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self.items)

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.items)


_NO_PARAMETERS = Parameters()
