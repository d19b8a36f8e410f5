"""SIP messages found in datagrams: start line, CSeq and Call-ID only, for speed; labkit.sip reads the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from labkit.sip.message import Request, Response, parse
from labkit.trace.scan import Datagram

_SPACE = 32
_START = re.compile(rb"\s*(?:SIP/2\.0 +(\d{3}) ?([^\r\n]*)|(\S+) +([^\r\n]*?) +SIP/2\.0)\s*[\r\n]")
_HEADER_CALL_ID = re.compile(rb"[\r\n](?:call-id|i)[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE)
_HEADER_CSEQ = re.compile(rb"[\r\n]cseq[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE)


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
    for frame, time_ns, flow, data, transport in datagrams:
        text = data.lstrip() if data[0] <= _SPACE else data
        start = _start(text)
        if start is None:
            continue
        head = text.find(b"\r\n\r\n")
        end = head if head >= 0 else len(text)
        call_id, cseq = _header(text, b"\nCall-ID:", _HEADER_CALL_ID, end), _header(text, b"\nCSeq:", _HEADER_CSEQ, end)
        yield Message(
            point, frame, (time_ns - first_ns) / 1e9, *flow, transport,
            *start, cseq if "  " not in cseq and "\t" not in cseq else " ".join(cseq.split()), call_id, data,
        )  # fmt: skip


def _start(data: bytes) -> tuple[str | None, int | None, str | None] | None:
    """Method, or code and reason phrase; None if the start line is not SIP."""
    line = data[: data.find(b"\n")].rstrip()
    if line[:8] == b"SIP/2.0 " and line[8:11].isdigit():
        return None, int(line[8:11]), _text(line[11:].strip())
    if line[-8:] == b" SIP/2.0" and (end := line.find(b" ")) > 0:
        return _text(line[:end]), None, None
    match = _START.match(data)
    if match is None:
        return None
    code, reason, method, _ = match.groups()
    return (_text(method), None, None) if code is None else (None, int(code), _text(reason.rstrip()))


def bearer(datagram: Datagram, point: str, first_ns: int) -> Message:
    """A datagram of another protocol in the place of the message that carries a session description."""
    time_s = (datagram.time_ns - first_ns) / 1e9
    return Message(point, datagram.frame, time_s, *datagram.flow, "UDP", None, None, None, "", "", datagram.data)


def _header(data: bytes, usual: bytes, pattern: re.Pattern[bytes], end: int) -> str:
    """Value of a header: looked for as it is usually written, then in every way it may be."""
    at = data.find(usual, 0, end)
    if at >= 0:
        begin = at + len(usual)
        stop = data.find(b"\n", begin, end)
        if stop < 0 or data[stop + 1 : stop + 2] not in (b" ", b"\t"):
            return _text(data[begin : stop if stop >= 0 else end].strip())
    match = pattern.search(data, 0, end)
    return _text(b" ".join(match[1].split())) if match else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
