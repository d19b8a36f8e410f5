"""SIP messages (RFC 3261 section 7): one lenient, lazy parser for the wire and for captures, and an exact writer.

`parse` looks at the start line only; headers are read when first asked for. What was received is kept in `.raw`,
byte for byte. `labkit.sip.validity` says what is wrong with a message; this module reads what can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labkit.errors import ParseError
from labkit.sip.grammar import LIST_HEADERS, canonical, number, split_list
from labkit.sip.uri import Address, Uri
from labkit.sip.via import Via

Row = tuple[str, str]
"""Canonical header name and its value, unfolded and stripped."""

_FOLD = re.compile(r"\r?\n[ \t]+")
_STATUS_LINE = re.compile(r"SIP/(\d+\.\d+) +(\d{3})(?: (.*))?$", re.IGNORECASE | re.DOTALL)
_REQUEST_LINE = re.compile(
    r"([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+(.*?)[ \t]+SIP/(\d+\.\d+)[ \t]*$", re.IGNORECASE | re.DOTALL
)
_MAX_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class CSeq:
    """Sequence number and method of a request (RFC 3261 section 20.16)."""

    number: int
    """0 to 2**31 - 1 by the RFC; a received one may be larger."""
    method: str
    """Method token, upper or lower case as written."""

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Read `314159 INVITE`; ParseError for anything else."""
        digits, _, method = text.strip().partition(" ")
        value = number(digits, 12)
        if value is None or not method.strip():
            raise ParseError(f"CSeq {text[:60]!r} is not a number and a method, such as '1 INVITE'", text=text)
        return cls(value, method.strip())

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class Message:
    """What requests and responses share. Immutable by convention: a changed message is a new one."""

    __slots__ = ("_body", "_cseq", "_first", "_rows", "_text", "_via", "raw", "version")

    version: str
    """SIP version as written, `2.0`."""
    raw: bytes
    """The message as received, or as it will be sent."""
    _text: str
    _body: bytes
    _rows: tuple[Row, ...] | None
    _first: dict[str, str] | None
    _cseq: CSeq | None
    _via: Via | None

    @property
    def start_line(self) -> str:
        """The first line as this library writes it."""
        raise NotImplementedError

    def _write(self, rows: Iterable[Row], body: bytes) -> None:
        """Fill a message that is made here: rows in order, Content-Length last and right."""
        kept = [row for row in rows if row[0] != "Content-Length"]
        kept.append(("Content-Length", str(len(body))))
        head = "\r\n".join([self.start_line, *[f"{name}: {value}" for name, value in kept], "\r\n"])
        self.raw = head.encode("utf-8", "surrogateescape") + body
        self._rows = tuple(kept)
        self._text, self._body = "", body
        self._first = self._cseq = self._via = None

    def _read(self, raw: bytes, version: str, text: str, body: bytes) -> None:
        """Fill a message that was received."""
        self.raw, self.version = raw, version
        self._text, self._body = text, body
        self._rows = self._first = self._cseq = self._via = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every header row in order; a line without a colon has an empty value."""
        return self._read_head() if self._rows is None else self._rows

    def _read_head(self) -> tuple[Row, ...]:
        """Read the headers, and cut the body by them."""
        self._rows, self._text = _rows_of(self._text), ""
        if self._body:
            self._body = self._body[: number(self.get("Content-Length") or "")]
        return self._rows

    @property
    def first(self) -> Mapping[str, str]:
        """The first row of each header, by canonical name."""
        if self._first is None:
            self._first = dict(reversed(self.rows))
        return self._first

    def get(self, name: str, default: str | None = None) -> str | None:
        """Give the first row of a header, by its canonical name."""
        return (self._first or self.first).get(name, default)

    def values(self, name: str) -> list[str]:
        """Give every value of a header: all rows, list headers split at their commas (section 7.3.1)."""
        if name not in (self._first or self.first):
            return []
        rows = [value for key, value in self.rows if key == name]
        return [part for row in rows for part in split_list(row)] if name in LIST_HEADERS else rows

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    @property
    def body(self) -> bytes:
        """The body, cut to Content-Length where that is shorter (section 18.3)."""
        if self._body and self._rows is None:
            self._read_head()
        return self._body

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters; empty without a body type."""
        return (self.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def call_id(self) -> str:
        """Call-ID, empty where missing."""
        return self.get("Call-ID") or ""

    @property
    def cseq(self) -> CSeq:
        """CSeq; ParseError where missing or malformed."""
        if self._cseq is None:
            self._cseq = CSeq.parse(self.get("CSeq") or "")
        return self._cseq

    @property
    def via(self) -> Via:
        """The topmost Via; ParseError where missing or malformed."""
        if self._via is None:
            values = split_list(self.get("Via") or "")
            self._via = Via.parse(values[0] if values else "")
        return self._via

    @property
    def from_(self) -> Address:
        """From; ParseError where missing or malformed."""
        return Address.parse(self.get("From") or "")

    @property
    def to(self) -> Address:
        """To; ParseError where missing or malformed."""
        return Address.parse(self.get("To") or "")

    @property
    def contact(self) -> Address | None:
        """The first Contact, None without one; ParseError where malformed."""
        values = self.values("Contact")
        return Address.parse(values[0]) if values else None

    def seconds(self, name: str) -> int | None:
        """Read a header whose value starts with a number of seconds: Expires, Min-SE, Session-Expires, Retry-After."""
        value = self.get(name)
        return number(re.split(r"[;\s(]", value, maxsplit=1)[0]) if value else None

    def supports(self, option: str) -> bool:
        """Tell whether an option tag stands in Supported or Require (RFC 3261 section 19.2)."""
        return option in self.values("Supported") or option in self.values("Require")

    def __repr__(self) -> str:
        return f"<{self.start_line}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return parse, (self.raw,)


class Request(Message):
    """A request (section 7.1): `method`, `uri` as text, headers, body."""

    __slots__ = ("method", "uri")

    method: str
    """Method token as written."""
    uri: str
    """Request-URI as written."""

    def __init__(self, method: str, uri: str, rows: Iterable[Row], body: bytes = b"") -> None:
        """Make a request to send; Content-Length is added."""
        self.method, self.uri, self.version = method, uri, "2.0"
        self._write(rows, body)

    @property
    def start_line(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} SIP/{self.version}"

    @property
    def target(self) -> Uri:
        """The Request-URI, parsed; ParseError where malformed."""
        return Uri.parse(self.uri)

    def with_rows(self, rows: Iterable[Row]) -> Request:
        """Give this request with other headers."""
        return Request(self.method, self.uri, rows, self.body)


class Response(Message):
    """A response (section 7.2): `status`, `reason`, headers, body."""

    __slots__ = ("reason", "status")

    status: int
    """100 to 999."""
    reason: str
    """Reason phrase as written."""

    def __init__(self, status: int, reason: str, rows: Iterable[Row], body: bytes = b"") -> None:
        """Make a response to send; Content-Length is added."""
        self.status, self.reason, self.version = status, reason, "2.0"
        self._write(rows, body)

    @property
    def start_line(self) -> str:
        """The status line."""
        return f"SIP/{self.version} {self.status} {self.reason}"


def parse(data: bytes) -> Request | Response:
    """Read one message; ParseError when the start line is not SIP.

    Tolerated: line feeds without carriage return, folded lines, compact names in any case, bytes that are not
    UTF-8 (kept by surrogate escapes), blank lines before the start line, extra space in the request line.
    """
    head, body = _split(data)
    text = head.decode("utf-8", "surrogateescape")
    line, _, text = text.partition("\n")
    line = line.rstrip("\r")
    if line[:4].upper() == "SIP/":
        return _response(data, line, text, body)
    method, uri, version = _request_line(line)
    request = Request.__new__(Request)
    request._read(data, version, text, body)
    request.method, request.uri = method, uri
    return request


def _request_line(line: str) -> tuple[str, str, str]:
    method, _, uri = line[:-8].partition(" ")
    if line.endswith(" SIP/2.0") and uri and method.isascii() and method.isalpha() and " " not in uri:
        return method, uri, "2.0"
    match = _REQUEST_LINE.match(line)
    if not match:
        shown = line[:60].encode("utf-8", "replace").decode()
        raise ParseError(f"Not a SIP message: the start line is {shown!r}", line=line)
    return match[1], match[2], match[3]


def _response(data: bytes, line: str, text: str, body: bytes) -> Response:
    match = _STATUS_LINE.match(line)
    if not match or match[2] < "100":
        shown = line[:60].encode("utf-8", "replace").decode()
        raise ParseError(f"Not a SIP response: the status line is {shown!r}", line=line)
    response = Response.__new__(Response)
    response._read(data, match[1], text, body)
    response.status, response.reason = int(match[2]), match[3] or ""
    return response


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Split head and body at the first empty line, whatever its line ends."""
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    after_cr, after_lf = data.find(b"\n\r\n"), data.find(b"\n\n")
    if after_cr < 0 and after_lf < 0:
        return data[:_MAX_HEAD_BYTES], b""
    if after_lf < 0 or 0 <= after_cr < after_lf:
        return data[:after_cr], data[after_cr + 3 :]
    return data[:after_lf], data[after_lf + 2 :]


def _rows_of(text: str) -> tuple[Row, ...]:
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    parts = [line.partition(":") for line in text.split("\n")]
    return tuple([(canonical(name), value.strip()) for name, _, value in parts if name and name != "\r"])


def replaced(rows: Sequence[Row], name: str, value: str | None) -> list[Row]:
    """Give rows with a header set to one value at its first place (at the end if new), or dropped for None."""
    out: list[Row] = []
    for row in rows:
        if row[0] != name:
            out.append(row)
        elif value is not None:
            out.append((name, value))
            value = None
    return out if value is None else [*out, (name, value)]


@lru_cache(maxsize=256)
def reason_phrase(status: int) -> str:
    """Give the usual reason phrase of a status code (RFC 3261 section 21 and the IANA registry)."""
    return REASONS.get(status) or REASONS.get(status // 100 * 100, "Unknown")


REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    305: "Use Proxy", 380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone", 412: "Conditional Request Failed",
    413: "Request Entity Too Large", 414: "Request-URI Too Long", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
    423: "Interval Too Brief", 428: "Use Identity Header", 433: "Anonymity Disallowed", 436: "Bad Identity-Info",
    437: "Unsupported Certificate", 438: "Invalid Identity Header", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete",
    485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 493: "Undecipherable", 494: "Security Agreement Required", 500: "Server Internal Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out",
    505: "Version Not Supported", 513: "Message Too Large", 580: "Precondition Failure", 600: "Busy Everywhere",
    603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip
"""Status code to reason phrase."""
