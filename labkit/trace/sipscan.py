"""SIP messages found in datagrams: start line, CSeq and Call-ID only, for speed; labkit.sip reads the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from labkit.sip.message import Request, Response, parse
from labkit.trace.scan import Datagram

_START = re.compile(r"SIP/2\.0 +(\d{3}) ?([^\r\n]*)|(\S+) +([^\r\n]*?) +SIP/2\.0\s*[\r\n]")
_VALUE = r"[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)"
_CALL_ID = re.compile(r"[\r\n](?:call-id|i)" + _VALUE, re.IGNORECASE)
_CSEQ = re.compile(r"[\r\n]cseq" + _VALUE, re.IGNORECASE)
_USUAL = re.compile(r"\nCall-ID: (\S+)\r\nCSeq: (\d+ [A-Z]+)(?=\r\n\S|\Z)")
"""Both as they are mostly written; looked for first, because this is five times as fast."""

Start = tuple[str | None, int | None, str | None]
"""Method, or code and reason phrase."""


class Message(NamedTuple):
    """One SIP message as it was seen at one point."""

    point: str
    """Name of the point of capture."""
    frame: int
    """Number of the frame in that point's file, from 1; of the last frame where the message was spread over several."""
    time_s: float
    """Seconds since the first frame of the trace."""
    src: str
    """Address it came from."""
    src_port: int
    """Port it came from."""
    dst: str
    """Address it went to."""
    dst_port: int
    """Port it went to."""
    transport: str
    """UDP, TCP, TLS, WS, WSS; ICMP for a message quoted by an ICMP error, with the addresses it was sent with."""
    method: str | None
    """Method of a request; None for a response."""
    code: int | None
    """Status code of a response; None for a request."""
    reason: str | None
    """Reason phrase of a response; None for a request."""
    cseq: str
    """CSeq as written, such as "102 INVITE"; empty if missing."""
    call_id: str
    """Call-ID; empty if missing."""
    data: bytes
    """The message, byte for byte."""

    @property
    def sip(self) -> Request | Response:
        """The whole message; ParseError if its start line is beyond repair."""
        return parse(self.data)

    @property
    def cseq_method(self) -> str:
        """Method that the CSeq names; empty if it has none."""
        return self.cseq.partition(" ")[2].strip()

    @property
    def start(self) -> str:
        """Method, or code and reason: what an arrow of a ladder says."""
        return self.method if self.method is not None else f"{self.code} {self.reason}".rstrip()


def messages(datagrams: Iterable[Datagram], point: str, first_ns: int) -> Iterator[Message]:
    """The messages among datagrams that look like SIP, in their order."""
    responses: dict[str, Start | None] = {}
    for frame, time_ns, flow, data, transport in datagrams:
        text = data.decode("utf-8", "replace")
        if text[0] <= " ":
            text = text.lstrip()
        line = text[: text.find("\n")]
        if (start := responses.get(line)) is None:
            start = _start(line, text)
            if line.startswith("SIP/2.0 "):
                responses[line] = start
        if start is not None:
            end = text.find("\r\n\r\n")
            usual = _USUAL.search(text, 0, end if end >= 0 else len(text))
            call_id, cseq = usual.groups() if usual else (_header(text, _CALL_ID, end), _header(text, _CSEQ, end))
            yield Message(point, frame, (time_ns - first_ns) / 1e9, *flow, transport, *start, cseq, call_id, data)


def _start(line: str, text: str) -> Start | None:
    """Read a start line; None if it is not SIP."""
    line = line.rstrip()
    if line.startswith("SIP/2.0 ") and (code := line[8:11]).isdecimal() and code.isascii():
        return None, int(code), line[11:].strip()
    if line.endswith(" SIP/2.0") and (end := line.find(" ")) > 0:
        return line[:end], None, None
    match = _START.match(text)
    if match is None:
        return None
    return (match[3], None, None) if match[1] is None else (None, int(match[1]), match[2].rstrip())


def _header(text: str, pattern: re.Pattern[str], end: int) -> str:
    """Value of a header in whatever way it is written; empty if missing."""
    match = pattern.search(text, 0, end if end >= 0 else len(text))
    return " ".join(match[1].split()) if match else ""


def bearer(datagram: Datagram, point: str, first_ns: int) -> Message:
    """A datagram of another protocol in the place of the message that carries a session description."""
    time_s = (datagram.time_ns - first_ns) / 1e9
    return Message(point, datagram.frame, time_s, *datagram.flow, "UDP", None, None, None, "", "", datagram.data)
