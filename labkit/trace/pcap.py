"""The classic capture file: one header, then records of seconds, fraction and bytes (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from labkit.trace.walk import Chain, Columns, Offsets, Raw, taken

LARGEST_PACKET = 262_144
"""Bytes; the largest snapshot length of libpcap for the link types read here."""

_MAGIC = {0xA1B2C3D4: (16, 1000), 0xA1B23C4D: (16, 1), 0xA1B2CD34: (24, 1000)}
"""Magic number to bytes of a record's header and nanoseconds per unit of its fraction."""
_TRIES = 16


@dataclass(frozen=True, slots=True)
class Pcap:
    """What the header of a file says about its records."""

    chain: Chain
    """How records follow each other."""
    tick_ns: int
    """Nanoseconds per unit of a record's fraction of a second."""
    link: int
    """LINKTYPE_ of all packets."""
    begins: int = 24
    """Offset in the file of the first record."""
    secrets: list[bytes] = field(default_factory=list)
    """Always empty: this form of file has no place for keys."""

    @classmethod
    def of(cls, head: bytes) -> Pcap | None:
        """Read a file's first bytes; None if they are not those of a pcap file."""
        for order in "<>":
            header, tick_ns = _MAGIC.get(struct.unpack_from(order + "I", head)[0] if len(head) >= 4 else 0, (0, 0))
            if header and len(head) >= 24:
                (link,) = struct.unpack_from(order + "I", head, 20)
                seconds = head[26:28] if order == "<" else head[24:26]
                guess = partial(_guess, order=order, header=header, seconds=seconds)
                return cls(Chain(order, 8, header, 0, LARGEST_PACKET, guess), tick_ns, link & 0xFFFF)
        return None

    def turns(self, raw: Raw, at: int) -> bool:
        """Whether records are of the other byte order from an offset on: never in a pcap file."""
        return False

    def columns(self, raw: Raw, starts: Offsets) -> Columns:
        """Time in ns, offset, captured bytes and link type of the packets in records that begin at some offsets."""
        word = self.chain.order + "u4"
        layout = np.dtype([("seconds", word), ("fraction", word), ("size", word)])
        head = taken(raw, layout, starts)
        time_ns = head["seconds"].astype(np.int64) * 1_000_000_000 + head["fraction"].astype(np.int64) * self.tick_ns
        link = np.full(len(starts), self.link, np.uint16)
        return time_ns, starts + self.chain.header, head["size"].astype(np.int64), link


def _guess(raw: Raw, near: int, order: str, header: int, seconds: bytes) -> int | None:
    """A likely beginning of a record: four in a row whose time is near that of the file's first packet."""
    shift = 2 if order == "<" else 0
    at = near
    for _ in range(_TRIES):
        at = raw.find(seconds, at + shift, near + 4096) - shift
        if at < 0:
            return None
        if _plausible(raw, at, order, header, seconds):
            return at
        at += 1
    return None


def _plausible(raw: Raw, at: int, order: str, header: int, seconds: bytes) -> bool:
    unpack = struct.Struct(order + "4I").unpack_from
    shift = 2 if order == "<" else 0
    for _ in range(4):
        if at + 16 > len(raw) or raw[at + shift : at + shift + 2] != seconds:
            return False
        _, fraction, size, original = unpack(raw, at)
        if size > original or size > 65_535 or fraction >= 1_000_000_000:
            return False
        at += header + size
    return True
