"""Small captures made by hand: IPv4 and UDP in raw-IP pcap files, SIP messages and RTP packets."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

Packet = tuple[float, str, int, str, int, bytes]
"""Time in seconds, source, port, destination, port, payload."""


def write(path: Path, packets: Iterable[Packet]) -> Path:
    """A capture file with these packets in order of time."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for time_s, src, src_port, dst, dst_port, payload in sorted(packets):
        udp = struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload
        addresses = IPv4Address(src).packed + IPv4Address(dst).packed
        frame = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + addresses + udp
        micros = round(time_s * 1e6)
        parts.append(struct.pack("<IIII", *divmod(micros, 1_000_000), len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(parts))
    return path


def sdp(address: str, port: int, formats: str = "0 8 101") -> str:
    """A session description for audio."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
    )


def message(
    start: str, call_id: str, cseq: str, via: str, *,
    to_tag: str = "", contact: str = "", body: str = "", extra: str = "",
) -> bytes:  # fmt: skip
    """A SIP message from 1001 to +15550100."""
    lines = [
        start if start.startswith("SIP/") else f"{start} SIP/2.0",
        f"Via: SIP/2.0/UDP {via};branch=z9hG4bK-{call_id}-{cseq.split()[0]};rport",
        f"From: <sip:1001@lab>;tag=f-{call_id}",
        f"To: <sip:+15550100@lab>{f';tag={to_tag}' if to_tag else ''}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq}",
        *([f"Contact: <sip:1001@{contact}>"] if contact else []),
        *([extra] if extra else []),
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def digit(start_s: float, src: str, src_port: int, dst: str, dst_port: int, ssrc: int, event: int) -> list[Packet]:
    """A digit of 100 ms as telephone events of payload type 101 (RFC 4733), its end sent three times."""
    durations = [160, 320, 480, 640, 800, 800, 800]
    return [
        (start_s + 0.02 * n, src, src_port, dst, dst_port,
         struct.pack(">BBHII", 0x80, 101 | (0x80 if n == 0 else 0), 1150 + n, 160 * 150, ssrc)
         + struct.pack(">BBH", event, 0x80 | 10 if n >= 4 else 10, duration))
        for n, duration in enumerate(durations)
    ]  # fmt: skip


def rtp(
    start_s: float, src: str, src_port: int, dst: str, dst_port: int, ssrc: int, numbers: Iterable[int]
) -> list[Packet]:
    """PCMU packets every 20 ms, by sequence number."""
    return [
        (start_s + 0.02 * n, src, src_port, dst, dst_port,
         struct.pack(">BBHII", 0x80, 0, 1000 + n, 160 * n, ssrc) + b"\xff" * 160)
        for n in numbers
    ]  # fmt: skip
