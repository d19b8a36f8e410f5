"""Captures of a few calls between a PBX, a provider and a phone."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from pathlib import Path

PBX, PHONE, PROVIDER, PUBLIC = "10.0.0.5", "10.0.0.21", "198.51.100.20", "203.0.113.1"


class Wire:
    """Packets in their order, then a file of them."""

    def __init__(self, folder: Path) -> None:
        """Begin an empty capture."""
        self.folder = folder
        self._packets: list[tuple[float, bytes]] = []
        self._calls = 0

    def inbound(
        self,
        reply: str,
        headers: str = "",
        asked: str = "",
        caller: str = PROVIDER,
        number: str = "+442079460000",
    ) -> None:
        """The provider calls, or another host, and the PBX replies."""
        self._exchange(caller, PBX, "INVITE", number, reply, headers=headers, asked=asked)

    def outbound(
        self,
        reply: str,
        headers: str = "",
        media: str = PUBLIC,
        asked: str = "",
        caller: str = "+442079460001",
        ends: bool = True,
    ) -> None:
        """The PBX calls, the provider replies; a call that is answered has RTP both ways for 2 s."""
        self._exchange(PBX, PROVIDER, "INVITE", "+15550100", reply, headers, media, asked, caller)
        if reply.startswith("200"):
            for number in range(100):
                self._rtp(PBX, 10_000, PROVIDER, 20_000, number)
                self._rtp(PROVIDER, 20_000, PBX, 10_000, number)
            self._exchange(PBX, PROVIDER, "BYE", "+15550100", "200 OK" if ends else "")

    def from_phone(self, reply: str) -> None:
        """A phone calls, the PBX takes the call and replies."""
        self._exchange(PHONE, PBX, "INVITE", "+15550100", f"100 Trying\n{reply}")

    def unreachable(self) -> None:
        """The provider calls, and the PBX's host answers by ICMP that nobody listens."""
        self._exchange(PROVIDER, PBX, "INVITE", "+442079460000", "")
        time_s, packet = self._packets[-2]
        icmp = struct.pack(">BBHI", 3, 3, 0, 0) + packet
        addresses = IPv4Address(PBX).packed + IPv4Address(PROVIDER).packed
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + addresses
        self._packets.append((time_s + 0.001, head + icmp))

    def options(self) -> None:
        """The PBX asks, the provider answers."""
        self._exchange(PBX, PROVIDER, "OPTIONS", "ping", "200 OK")

    def write(self) -> Path:
        """The file."""
        path = self.folder / "wire.pcap"
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
        rows = [
            struct.pack("<IIII", *divmod(round(time_s * 1e6), 1_000_000), len(packet), len(packet)) + packet
            for time_s, packet in self._packets
        ]
        path.write_bytes(head + b"".join(rows))
        return path

    def _exchange(
        self,
        src: str,
        dst: str,
        method: str,
        user: str,
        reply: str,
        headers: str = "",
        media: str = PUBLIC,
        asked: str = "",
        caller: str = "+442079460001",
    ) -> None:
        number = 2 if method == "BYE" else 1
        self._calls += method != "BYE"
        names = (src, dst, user, f"{number} {method}", f"call-{self._calls}", caller)
        told = {PBX: (media, 10_000)}
        sdp = _sdp(*told.get(src, (src, 20_000))) if method == "INVITE" else ""
        self._sip(src, dst, _message(f"{method} sip:{user}@{dst}:5060 SIP/2.0", *names, headers=asked, body=sdp))
        for line in reply.splitlines():
            answer = _sdp(*told.get(dst, (dst, 20_000))) if method == "INVITE" and line.startswith("200") else ""
            self._sip(dst, src, _message(f"SIP/2.0 {line}", *names, headers=headers, body=answer))
        if method == "INVITE":
            ack = (src, dst, user, "1 ACK", f"call-{self._calls}", caller)
            self._sip(src, dst, _message(f"ACK sip:{user}@{dst} SIP/2.0", *ack))

    def _sip(self, src: str, dst: str, text: bytes) -> None:
        self._udp(src, 5060, dst, 5060, text, step_s=0.01)

    def _rtp(self, src: str, src_port: int, dst: str, dst_port: int, number: int) -> None:
        ssrc = int(IPv4Address(src))
        packet = struct.pack(">BBHII", 0x80, 8, number, number * 160, ssrc) + bytes(160)
        self._udp(src, src_port, dst, dst_port, packet, step_s=0.01)

    def _udp(self, src: str, src_port: int, dst: str, dst_port: int, payload: bytes, step_s: float) -> None:
        udp = struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload
        addresses = IPv4Address(src).packed + IPv4Address(dst).packed
        packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + addresses + udp
        time_s = self._packets[-1][0] + step_s if self._packets else 1_000_000.0
        self._packets.append((time_s, packet))


def _message(
    start: str,
    src: str,
    dst: str,
    user: str,
    cseq: str,
    call: str,
    caller: str,
    headers: str = "",
    body: str = "",
) -> bytes:
    """A message of a call, with the headers that matter."""
    tag = "" if cseq == "1 INVITE" and not start.startswith("SIP") else ";tag=b"
    lines = [
        start,
        f"Via: SIP/2.0/UDP {src}:5060;branch=z9hG4bK{call}{cseq.replace(' ', '')}",
        f"From: <sip:{caller}@{src if src != PBX else PUBLIC}>;tag=a",
        f"To: <sip:{user}@{dst}>{tag}",
        f"Call-ID: {call}",
        f"CSeq: {cseq}",
        f"Contact: <sip:x@{PUBLIC if src == PBX else src}:5060>",
        *([headers] if headers else []),
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _sdp(address: str, port: int) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
    )
