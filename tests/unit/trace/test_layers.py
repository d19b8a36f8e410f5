"""Link and network layers: the same SIP message is found in every wrapping."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.trace import open_trace

HERE, THERE = ("192.0.2.10", 5060), ("198.51.100.20", 5060)
SIP = Call().message("INVITE sip:x@y SIP/2.0")
PLAIN = wire.udp(HERE, THERE, SIP)
SIX = wire.udp(("2001:db8::1", 5060), ("2001:db8::2", 5060), SIP)


def hop_by_hop(packet: bytes) -> bytes:
    """An IPv6 packet with one extension header more."""
    extended = bytes([packet[6], 0]) + bytes(6) + packet[40:]
    return packet[:4] + struct.pack(">H", len(extended)) + b"\0" + packet[7:40] + extended


WRAPPED = {
    "ethernet": (1, wire.ethernet(PLAIN)),
    "one VLAN tag": (1, wire.ethernet(PLAIN, [7])),
    "two VLAN tags": (1, wire.ethernet(PLAIN, [7, 8])),
    "PPPoE": (1, bytes(12) + b"\x88\x64\x11\0\0\1" + struct.pack(">H", len(PLAIN) + 2) + b"\0\x21" + PLAIN),
    "SLL": (113, bytes(14) + b"\x08\0" + PLAIN),
    "SLL2": (276, b"\x08\0" + bytes(18) + PLAIN),
    "raw": (101, PLAIN),
    "null": (0, b"\2\0\0\0" + PLAIN),
    "loop": (108, b"\0\0\0\2" + PLAIN),
    "PPP": (9, b"\xff\x03\0\x21" + PLAIN),
    "IPv6": (1, wire.ethernet(SIX)),
    "IPv6 with an extension header": (1, wire.ethernet(hop_by_hop(SIX))),
    "IPv6, raw": (229, SIX),
    "padding behind the packet": (1, wire.ethernet(PLAIN) + bytes(9)),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_message_is_found(tmp_path: Path, name: str) -> None:
    link, packet = WRAPPED[name]
    (message,) = open_trace(wire.pcap(tmp_path / "x.pcap", [(wire.START_S, packet)], link)).sip
    six = "IPv6" in name
    assert ("2001:db8::1" if six else "192.0.2.10", "INVITE", SIP) == (message.src, message.method, message.data)


def test_icmp_error_quotes_a_message_with_its_own_addresses(tmp_path: Path) -> None:
    quote = wire.ethernet(wire.ip(THERE[0], HERE[0], 1, struct.pack(">BBHI", 3, 3, 0, 0) + PLAIN))
    (message,) = open_trace(wire.pcap(tmp_path / "x.pcap", [(wire.START_S, quote)])).sip
    assert ("ICMP", "192.0.2.10", "198.51.100.20") == (message.transport, message.src, message.dst)


@pytest.mark.parametrize(
    "text",
    [
        b"\r\n\r\n" + SIP,
        SIP.replace(b"\r\n", b"\n"),
        SIP.replace(b"Call-ID:", b"i:").replace(b"From:", b"f:"),
        SIP.replace(b"Call-ID:", b"CALL-ID  :"),
        SIP.replace(b"CSeq: 1 INVITE", b"CSeq:\r\n 1   INVITE"),
    ],
)
def test_odd_writing_is_read(tmp_path: Path, text: bytes) -> None:
    frame = wire.START_S, wire.ethernet(wire.udp(HERE, THERE, text))
    (message,) = open_trace(wire.pcap(tmp_path / "x.pcap", [frame])).sip
    assert ("call-1@192.0.2.10", "1 INVITE") == (message.call_id, message.cseq)


def test_what_is_no_sip_is_not_taken_for_it(tmp_path: Path) -> None:
    others = [b"GET / HTTP/1.1\r\n\r\n", b"hello there, this is text", b"\0" * 40, b"SIP/2.1 200 OK\r\n"]
    frames = [(wire.START_S, wire.ethernet(wire.udp(HERE, THERE, text))) for text in others]
    assert [] == open_trace(wire.pcap(tmp_path / "x.pcap", frames)).sip


def test_tcp_connections_do_not_disturb_the_flows_beside_them(tmp_path: Path) -> None:
    frames = [(wire.START_S, wire.ethernet(PLAIN))]
    for n in range(2000):
        header = struct.pack(">HHIIBBHHH", 1024 + n, 443, 0, 0, 0x50, 0x10, 1, 0, 0)
        for src, dst in ((f"192.0.{n % 250}.1", "198.51.100.1"), (f"2001:db8::{n:x}", "2001:db8::1")):
            frames.append((wire.START_S + n, wire.ethernet(wire.ip(src, dst, 6, header))))
    frames.append((wire.START_S + 3000, wire.ethernet(SIX)))
    assert ["192.0.2.10", "2001:db8::1"] == [
        each.src for each in open_trace(wire.pcap(tmp_path / "x.pcap", frames)).sip
    ]
