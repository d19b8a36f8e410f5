"""What is wrong with a message that could be read: what a server checks first (RFC 3261 sections 8.2, 18.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from labkit.errors import ParseError
from labkit.sip.grammar import number, split_list
from labkit.sip.message import Message, Request, Response
from labkit.sip.uri import Address
from labkit.sip.via import Via

_ONE_ROW = ("Call-ID", "CSeq", "From", "To", "Max-Forwards", "Content-Length")
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_UNFIT_FOR_URI = re.compile(r'[ \t<>"]')
_MAX_CSEQ = 2**31


@dataclass(frozen=True, slots=True)
class Flaw:
    """One reason not to process a message."""

    status: int
    """Status code that a server answers with; a client drops the message instead."""
    what: str
    """What is wrong, fit for a reason phrase."""


def flaw(message: Message) -> Flaw | None:
    """Give the first flaw for which a message must be refused, None when it can be processed."""
    try:
        if isinstance(message, Request) and message.version != "2.0":
            return Flaw(505, "Version Not Supported")
        for check in _CHECKS:
            if found := check(message):
                return found
        return None
    except ParseError as why:
        return Flaw(400, str(why).partition(".")[0])


def _mandatory(message: Message) -> Flaw | None:
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not message.get(name):
            return Flaw(400, f"Missing {name}")
    return None


def _single(message: Message) -> Flaw | None:
    names = [name for name, _ in message.rows]
    if len(set(names)) == len(names):
        return None
    twice = [name for name in _ONE_ROW if names.count(name) > 1]
    return Flaw(400, f"Several {twice[0]}") if twice else None


def _start_line(message: Message) -> Flaw | None:
    if not isinstance(message, Request):
        return None
    if message.raw.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r") != message.start_line.encode(
        "utf-8", "surrogateescape"
    ):
        return Flaw(400, "Malformed Request Line")
    if _UNFIT_FOR_URI.search(message.uri):
        return Flaw(400, "Malformed Request-URI")
    target = message.target
    if target.scheme not in ("sip", "sips", "tel"):
        return Flaw(416, "Unsupported URI Scheme")
    whole = target.scheme == "tel" or (target.host and not target.headers)
    return None if whole else Flaw(400, "Malformed Request-URI")


def _cseq(message: Message) -> Flaw | None:
    if message.cseq.number >= _MAX_CSEQ:
        return Flaw(400, "CSeq Out of Range")
    if isinstance(message, Request) and message.cseq.method != message.method:
        return Flaw(400, "CSeq Method Mismatch")
    return None


def _addresses(message: Message) -> Flaw | None:
    for name in ("From", "To", "Contact"):
        for value in message.values(name):
            if value == "*" and name == "Contact":
                continue
            if _malformed(value):
                return Flaw(400, f"Malformed {name}")
            Address.parse(value)
    return None


@lru_cache(maxsize=2048)
def _malformed(value: str) -> bool:
    """Brackets and quotes come in pairs; an addr-spec with a question mark needs brackets (RFC 3261 section 20)."""
    quotes = value.replace('\\"', "").count('"')
    bare_query = "?" in value and "<" not in value and '"' not in value
    return value.count("<") != value.count(">") or quotes % 2 == 1 or bare_query


def _vias(message: Message) -> Flaw | None:
    if message.via:
        for value in message.values("Via")[1:]:
            Via.parse(value)
    return None


def _length(message: Message) -> Flaw | None:
    text = message.get("Content-Length")
    if text is None:
        return None
    length = number(text)
    if length is None:
        return Flaw(400, "Malformed Content-Length")
    return Flaw(400, "Body Shorter Than Content-Length") if length > len(message.body) else None


def _numbers(message: Message) -> Flaw | None:
    hops = message.get("Max-Forwards")
    if hops is not None and ((value := number(hops)) is None or value > 255):
        return Flaw(400, "Malformed Max-Forwards")
    date = message.get("Date")
    if date is not None and not _DATE.fullmatch(date):
        return Flaw(400, "Malformed Date")
    return None


def _warning(message: Message) -> Flaw | None:
    if isinstance(message, Response) and any(not value[:3].isdigit() for value in message.values("Warning")):
        return Flaw(400, "Malformed Warning")
    return None


_CHECKS: tuple[Callable[[Message], Flaw | None], ...] = (
    _mandatory, _single, _start_line, _cseq, _vias, _addresses, _length, _numbers, _warning,
)  # fmt: skip


def unsupported(request: Request, known: frozenset[str], header: str = "Require") -> list[str]:
    """Give the option tags that a request demands and the server does not know (RFC 3261 section 8.2.2.3)."""
    return [tag for row in request.values(header) for tag in split_list(row) if tag not in known]
