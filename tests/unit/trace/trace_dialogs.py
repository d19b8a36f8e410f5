"""SIP messages and whole calls for tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from trace_wire import START_S, Frame, ethernet, udp

End = tuple[str, int]


@dataclass(frozen=True)
class Call:
    """One leg as it is played onto the wire."""

    src: End = ("192.0.2.10", 5060)
    dst: End = ("198.51.100.20", 5060)
    call_id: str = "call-1@192.0.2.10"
    caller: str = "1001"
    callee: str = "442079460000"
    start_s: float = 0.0
    media: tuple[End, End] = (("192.0.2.10", 40_000), ("198.51.100.20", 20_000))
    headers: str = ""
    refusal: str = ""
    codecs: str = "8 0 101"

    def message(self, start: str, method: str = "INVITE", number: int = 1, body: str = "", tag: bool = True) -> bytes:
        """One message of this leg."""
        target = f"<sip:{self.callee}@{self.dst[0]}>" + (";tag=b" if tag else "")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{start}\r\nVia: SIP/2.0/UDP {self.src[0]}:{self.src[1]};branch=z9hG4bK{self.call_id}{number}{method}\r\n"
            f"From: <sip:{self.caller}@{self.src[0]}>;tag=a\r\nTo: {target}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {number} {method}\r\n{self.headers}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def sdp(self, side: int, direction: str = "sendrecv", version: int = 1) -> str:
        """The description of the caller (0) or the callee (1)."""
        address, port = self.media[side]
        return (
            f"v=0\r\no=- 1 {version} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {self.codecs}\r\na=rtpmap:101 telephone-event/8000\r\n"
            f"a=ptime:20\r\na={direction}\r\n"
        )

    def frames(self, hold_s: float = 10.0) -> Iterator[Frame]:
        """INVITE, 180, 200, ACK, BYE, 200; or INVITE, refusal, ACK."""
        uri = f"sip:{self.callee}@{self.dst[0]}"
        yield self.there(0.0, self.message(f"INVITE {uri} SIP/2.0", body=self.sdp(0), tag=False))
        if self.refusal:
            yield self.back(0.1, self.message(f"SIP/2.0 {self.refusal}"))
            yield self.there(0.11, self.message(f"ACK {uri} SIP/2.0", "ACK"))
            return
        yield self.back(0.1, self.message("SIP/2.0 180 Ringing"))
        yield self.back(1.0, self.message("SIP/2.0 200 OK", body=self.sdp(1)))
        yield self.there(1.01, self.message(f"ACK {uri} SIP/2.0", "ACK"))
        yield self.there(1.0 + hold_s, self.message(f"BYE {uri} SIP/2.0", "BYE", 2))
        yield self.back(1.01 + hold_s, self.message("SIP/2.0 200 OK", "BYE", 2))

    def there(self, after_s: float, payload: bytes) -> Frame:
        """A packet from caller to callee."""
        return START_S + self.start_s + after_s, ethernet(udp(self.src, self.dst, payload))

    def back(self, after_s: float, payload: bytes) -> Frame:
        """A packet from callee to caller."""
        return START_S + self.start_s + after_s, ethernet(udp(self.dst, self.src, payload))

    def beyond(self, **changes: object) -> Call:
        """The leg that a B2BUA at this leg's far end opens."""
        onward = replace(self, src=self.dst, dst=("203.0.113.30", 5060), call_id="call-2@b2bua", start_s=0.02)
        return replace(onward, **changes)  # type: ignore[arg-type]
