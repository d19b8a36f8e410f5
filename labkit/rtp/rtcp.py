"""The RTP control protocol: SR, RR, SDES, BYE as values, read from and written to compound packets (RFC 3550, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar

from labkit.errors import ParseError
from labkit.rtp.packet import VERSION

SR, RR, SDES, BYE = 200, 201, 202, 203
"""Packet types (RFC 3550, section 12.1)."""

CNAME = 1
"""The SDES item that names an endpoint (RFC 3550, section 6.5.1)."""

_HEAD = Struct("!BBH")
_SENDER = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_NTP_EPOCH_S = 2208988800
"""Seconds from 1900, where NTP begins, to 1970."""


def ntp_time(now_s: float) -> int:
    """The 64-bit NTP timestamp of a time in seconds since 1970 (RFC 3550, section 4)."""
    return int((now_s + _NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle_bits(ntp: int) -> int:
    """The middle 32 of the 64 bits, in units of 1/65536 s: what LSR holds (RFC 3550, section 6.4.1)."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip_s(arrival: int, last_sr: int, delay_since_last_sr: int) -> float:
    """The round trip by a report block: A - LSR - DLSR, all in 1/65536 s (RFC 3550, section 6.4.1, figure 2)."""
    return (arrival - last_sr - delay_since_last_sr & 0xFFFFFFFF) / 65536


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source is received (RFC 3550, section 6.4.1)."""

    ssrc: int
    """The source that the block is about."""
    fraction_lost: int
    """Loss since the last report, in 256ths."""
    cumulative_lost: int
    """Expected less received since the beginning; negative when duplicates came (24 bits, signed)."""
    highest_sequence: int
    """Cycles in the upper 16 bits, highest sequence number in the lower."""
    jitter: int
    """Interarrival jitter in ticks of the media clock."""
    last_sr: int = 0
    """The middle bits of the last SR's NTP time from that source; 0 for none."""
    delay_since_last_sr: int = 0
    """Time since that SR came, in 1/65536 s."""

    @classmethod
    def parse(cls, data: bytes) -> ReportBlock:
        """Read 24 octets."""
        ssrc, loss, highest, jitter, last_sr, delay = _BLOCK.unpack(data)
        cumulative = (loss + 0x800000 & 0xFFFFFF) - 0x800000
        return cls(ssrc, loss >> 24, cumulative, highest, jitter, last_sr, delay)

    def __bytes__(self) -> bytes:
        cumulative = max(-0x800000, min(0x7FFFFF, self.cumulative_lost)) & 0xFFFFFF
        loss = self.fraction_lost << 24 | cumulative
        return _BLOCK.pack(self.ssrc, loss, self.highest_sequence, self.jitter, self.last_sr, self.delay_since_last_sr)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a source has sent, and how it receives others (RFC 3550, section 6.4.1)."""

    packet_type: ClassVar[int] = SR
    ssrc: int
    """The source that reports."""
    ntp: int
    """When, as a 64-bit NTP timestamp."""
    rtp_timestamp: int
    """The same instant on the media clock."""
    packets: int
    """Packets sent since the beginning."""
    octets: int
    """Octets of payload sent since the beginning."""
    blocks: tuple[ReportBlock, ...] = ()
    """How it receives others."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> SenderReport:
        """Read the body of an SR with `count` report blocks."""
        _need(body, _SENDER.size + count * _BLOCK.size, "SR")
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        return cls(ssrc, ntp, timestamp, packets, octets, _blocks(body, _SENDER.size, count))

    def __bytes__(self) -> bytes:
        head = _SENDER.pack(self.ssrc, self.ntp, self.rtp_timestamp, self.packets, self.octets)
        return _packet(SR, len(self.blocks), head + b"".join(map(bytes, self.blocks)))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """How somebody who sends nothing receives others (RFC 3550, section 6.4.2)."""

    packet_type: ClassVar[int] = RR
    ssrc: int
    """Who reports."""
    blocks: tuple[ReportBlock, ...] = ()
    """How it receives others."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> ReceiverReport:
        """Read the body of an RR with `count` report blocks."""
        _need(body, 4 + count * _BLOCK.size, "RR")
        return cls(int.from_bytes(body[:4], "big"), _blocks(body, 4, count))

    def __bytes__(self) -> bytes:
        return _packet(RR, len(self.blocks), self.ssrc.to_bytes(4, "big") + b"".join(map(bytes, self.blocks)))


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """Who sources are (RFC 3550, section 6.5)."""

    packet_type: ClassVar[int] = SDES
    chunks: tuple[tuple[int, tuple[tuple[int, bytes], ...]], ...]
    """Per source its SSRC and its items as (type, text in UTF-8)."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> SourceDescription:
        """Read the body of an SDES packet with `count` chunks."""
        chunks, at = [], 0
        for _ in range(count):
            _need(body, at + 4, "SDES")
            items, end = _items(body, at + 4)
            chunks.append((int.from_bytes(body[at : at + 4], "big"), items))
            at = end
        return cls(tuple(chunks))

    def __bytes__(self) -> bytes:
        body = b""
        for ssrc, items in self.chunks:
            texts = b"".join(bytes([kind, len(text)]) + text for kind, text in items)
            body += ssrc.to_bytes(4, "big") + texts + bytes(4 - len(texts) % 4)
        return _packet(SDES, len(self.chunks), body)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Sources that are over (RFC 3550, section 6.6)."""

    packet_type: ClassVar[int] = BYE
    ssrcs: tuple[int, ...]
    """Which."""
    reason: bytes = b""
    """Why, in UTF-8."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> Goodbye:
        """Read the body of a BYE with `count` sources."""
        _need(body, 4 * count, "BYE")
        ssrcs = tuple(int.from_bytes(body[at : at + 4], "big") for at in range(0, 4 * count, 4))
        text = body[4 * count :]
        return cls(ssrcs, text[1 : 1 + text[0]] if text else b"")

    def __bytes__(self) -> bytes:
        text = bytes([len(self.reason)]) + self.reason if self.reason else b""
        return _packet(BYE, len(self.ssrcs), b"".join(s.to_bytes(4, "big") for s in self.ssrcs) + text)


@dataclass(frozen=True, slots=True)
class OtherPacket:
    """An RTCP packet of a kind that the lab carries no meaning for (APP, feedback, XR)."""

    packet_type: int
    """Its type."""
    count: int
    """The five bits after the padding bit."""
    body: bytes
    """What follows the first four octets."""

    def __bytes__(self) -> bytes:
        return _packet(self.packet_type, self.count, self.body)


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | OtherPacket
"""Any packet of a compound."""

_KINDS = {kind.packet_type: kind for kind in (SenderReport, ReceiverReport, SourceDescription, Goodbye)}


def parse_compound(data: bytes) -> tuple[RtcpPacket, ...]:
    """Read the packets of one datagram; ParseError when any of them is broken.

    Lenient where RFC 5506 is: the first packet need not be a report.
    """
    packets: list[RtcpPacket] = []
    at = 0
    while at < len(data) or not packets:
        count, kind, body, at = _cut(data, at)
        known = _KINDS.get(kind)
        packets.append(known.parse(count, body) if known else OtherPacket(kind, count, body))
    return tuple(packets)


def _cut(data: bytes, at: int) -> tuple[int, int, bytes, int]:
    """Count, type and body of the packet that begins at `at`, and where it ends."""
    if len(data) < at + _HEAD.size:
        raise ParseError(f"RTCP of {len(data)} octets: a packet's head at octet {at} is cut off", at=at)
    flags, kind, words = _HEAD.unpack_from(data, at)
    end = at + 4 * (words + 1)
    if flags >> 6 != VERSION:
        raise ParseError(f"RTCP packet at octet {at} is of version {flags >> 6}: only 2 is known", at=at)
    if end > len(data):
        raise ParseError(f"RTCP packet at octet {at} claims to end at {end} of {len(data)}", at=at, end=end)
    body = bytes(data[at + _HEAD.size : end])
    if flags & 0x20:
        padding = body[-1] if body else 0
        if not 0 < padding <= len(body):
            raise ParseError(f"RTCP packet at octet {at} claims {padding} octets of padding", at=at)
        body = body[:-padding]
    return flags & 0x1F, kind, body, end


def _items(body: bytes, at: int) -> tuple[tuple[tuple[int, bytes], ...], int]:
    """The items of an SDES chunk, and where the next chunk begins (RFC 3550, section 6.5)."""
    items = []
    while at < len(body) and body[at]:
        _need(body, at + 2, "SDES")
        end = at + 2 + body[at + 1]
        _need(body, end, "SDES")
        items.append((body[at], body[at + 2 : end]))
        at = end
    return tuple(items), (at // 4 + 1) * 4


def _blocks(body: bytes, begin: int, count: int) -> tuple[ReportBlock, ...]:
    ends = range(begin + _BLOCK.size, begin + count * _BLOCK.size + 1, _BLOCK.size)
    return tuple(ReportBlock.parse(body[end - _BLOCK.size : end]) for end in ends)


def _need(body: bytes, size: int, name: str) -> None:
    if len(body) < size:
        raise ParseError(f"RTCP {name} of {len(body)} octets needs {size}", name=name, size_bytes=len(body))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    """A packet with its head; its body filled up to whole words."""
    body += bytes(-len(body) % 4)
    return _HEAD.pack(VERSION << 6 | count, kind, len(body) // 4) + body
