"""Captures of one call between a PBX and a provider."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from pathlib import Path

PBX, PROVIDER, PUBLIC = "10.0.0.5", "198.51.100.20", "203.0.113.1"


class Wire:
    """Packets in their order, then a file of them."""

    def __init__(self, folder: Path) -> None:
        """Begin an empty capture."""
        self.folder = folder
        self._packets: list[tuple[float, bytes]] = []

    def inbound(self, reply: str, headers: str = "") -> None:
        """The provider calls, the PBX replies."""
        self._exchange(PROVIDER, PBX, "INVITE", "+442079460000", reply, headers=headers)

    def outbound(self, reply: str, headers: str = "", media: str = PUBLIC) -> None:
        """The PBX calls, the provider replies; a call that is answered has RTP both ways for 2 s."""
        self._exchange(PBX, PROVIDER, "INVITE", "+15550100", reply, headers, media)
        if reply.startswith("200"):
            for number in range(100):
                self._rtp(PBX, 10_000, PROVIDER, 20_000, number)
                self._rtp(PROVIDER, 20_000, PBX, 10_000, number)
            self._exchange(PBX, PROVIDER, "BYE", "+15550100", "200 OK")

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
        self, src: str, dst: str, method: str, user: str, reply: str, headers: str = "", media: str = PUBLIC
    ) -> None:
        number = 2 if method == "BYE" else 1
        told = {PBX: (media, 10_000), PROVIDER: (PROVIDER, 20_000)}
        sdp = _sdp(*told[src]) if method == "INVITE" else ""
        request = f"{method} sip:{user}@{dst}:5060 SIP/2.0"
        self._sip(src, dst, _message(request, src, dst, user, f"{number} {method}", body=sdp))
        answer = _sdp(*told[dst]) if method == "INVITE" and reply.startswith("200") else ""
        response = _message(f"SIP/2.0 {reply}", src, dst, user, f"{number} {method}", headers, answer)
        self._sip(dst, src, response)
        if method == "INVITE":
            self._sip(src, dst, _message(f"ACK sip:{user}@{dst} SIP/2.0", src, dst, user, "1 ACK"))

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


def _message(start: str, src: str, dst: str, user: str, cseq: str, headers: str = "", body: str = "") -> bytes:
    """A message of the one call, with the headers that matter."""
    tag = "" if cseq == "1 INVITE" and not start.startswith("SIP") else ";tag=b"
    lines = [
        start,
        f"Via: SIP/2.0/UDP {src}:5060;branch=z9hG4bK{cseq.replace(' ', '')}",
        f"From: <sip:+442079460001@{src if src != PBX else PUBLIC}>;tag=a",
        f"To: <sip:{user}@{dst}>{tag}",
        "Call-ID: one-call-id-for-all",
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
