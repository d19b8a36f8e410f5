"""Packets and capture files made by hand, byte by byte, so that tests know what is in them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from pathlib import Path

Frame = tuple[float, bytes]
"""Time in seconds since 1970, and the packet."""

START_S = 1_700_000_000.0


def udp(src: tuple[str, int], dst: tuple[str, int], payload: bytes) -> bytes:
    """An IP packet, of the version of its addresses, with one UDP datagram."""
    header = struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0)
    return ip(src[0], dst[0], 17, header + payload)


def ip(src: str, dst: str, protocol: int, payload: bytes, fragment: int = 0) -> bytes:
    """An IP packet with a payload."""
    one, two = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    if len(one) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + one + two + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0) + one + two + payload


def ethernet(packet: bytes, tags: Iterable[int] = ()) -> bytes:
    """An Ethernet frame around an IP packet, with VLAN tags."""
    vlans = b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(12) + vlans + struct.pack(">H", kind) + packet


def rtp(
    sequence: int, timestamp: int, ssrc: int, payload: bytes = bytes(160), kind: int = 8, mark: bool = False
) -> bytes:
    """An RTP packet (RFC 3550 section 5.1)."""
    head = struct.pack(">BBHII", 0x80, mark << 7 | kind, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc)
    return head + payload


def pcap(path: Path, frames: Iterable[Frame], link: int = 1, order: str = "<", nano: bool = False) -> Path:
    """Write a classic capture file."""
    magic, units = (0xA1B23C4D, 1_000_000_000) if nano else (0xA1B2C3D4, 1_000_000)
    data = bytearray(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link))
    for time_s, packet in frames:
        seconds = int(time_s)
        fraction = round((time_s - seconds) * units)
        data += struct.pack(order + "IIII", seconds, fraction, len(packet), len(packet)) + packet
    path.write_bytes(data)
    return path


def section(order: str = "<") -> bytes:
    """A section header block."""
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str = "<", link: int = 1, resolution: int | None = None) -> bytes:
    """An interface description block, with if_tsresol if given."""
    options = b"" if resolution is None else struct.pack(order + "HHB3xI", 9, 1, resolution, 0)
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)


def enhanced(packet: bytes, ticks: int, order: str = "<", number: int = 0) -> bytes:
    """An enhanced packet block."""
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(packet), len(packet))
    return block(order, 6, head + packet)


def block(order: str, kind: int, body: bytes) -> bytes:
    """Any pcapng block."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size
