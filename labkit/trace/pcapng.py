"""The newer capture file: sections of blocks, several interfaces (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from labkit.trace.walk import Chain, Columns, Offsets, Raw, taken

_SECTION, _INTERFACE, _OBSOLETE, _SIMPLE, _ENHANCED, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 10
_BYTE_ORDER = 0x1A2B3C4D
_LARGEST_BLOCK = 8 << 20
_TSRESOL, _TSOFFSET = 9, 14
_TRIES = 16
_HEAD = 28
"""Bytes in front of the packet in an enhanced or obsolete packet block; in a simple one they are 12."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface description block says."""

    link: int = 1
    """LINKTYPE_ of its packets."""
    ticks_per_s: int = 1_000_000
    """Units of its timestamps in a second (option if_tsresol)."""
    offset_s: int = 0
    """Seconds to add to its timestamps (option if_tsoffset)."""
    snapshot: int = 0
    """Most bytes captured of a packet; 0 is without limit."""


class Sections:
    """The state of a file while it is read: byte order of the current section, and its interfaces."""

    begins = 0

    def __init__(self, order: str) -> None:
        """Begin a file whose first section has a byte order."""
        self._interfaces: list[Interface] = []
        self.chain = _chain(order)
        self.secrets: list[bytes] = []
        """Decryption secrets blocks of little-endian sections, as they stand in the file."""

    @classmethod
    def of(cls, head: bytes) -> Sections | None:
        """Read a file's first bytes; None if they are not those of a pcapng file."""
        order = _section_order(head)
        return cls(order) if order else None

    def turns(self, raw: Raw, at: int) -> bool:
        """Whether a section of the other byte order begins at an offset; if so, records are read in it from now on."""
        order = _section_order(raw[at : at + 12])
        if order is None or order == self.chain.order:
            return False
        self.chain = _chain(order)
        return True

    def columns(self, raw: Raw, starts: Offsets) -> Columns:
        """Time in ns, offset, captured bytes and link type of the packets among blocks that begin at some offsets."""
        head = _heads(raw, starts, self.chain.order)
        changes = np.flatnonzero(np.isin(head["kind"], (_SECTION, _INTERFACE, _SECRETS))).tolist()
        parts, begin = [], 0
        for change in [*changes, len(starts)]:
            parts.append(self._packets(starts[begin:change], head[begin:change]))
            if change < len(starts):
                at = int(starts[change])
                self._describe(raw[at : at + int(head["size"][change])])
            begin = change + 1
        time_ns, start, size, link = (np.concatenate(column) for column in zip(*parts, strict=True))
        return time_ns, start, size, link

    def _describe(self, block: bytes) -> None:
        """Take note of a section header, an interface description or secrets."""
        kind, size = struct.unpack_from(self.chain.order + "II", block)
        if kind == _SECTION:
            self._interfaces = []
        elif kind == _SECRETS:
            self.secrets += [block] if self.chain.order == "<" else []
        elif size >= 20:
            self._interfaces.append(_interface(block, self.chain.order))

    def _packets(self, starts: Offsets, head: npt.NDArray[np.void]) -> Columns:
        kind = head["kind"]
        owner = np.where(kind == _OBSOLETE, _upper_half(head["interface"], self.chain.order), head["interface"])
        owner = np.where(kind == _SIMPLE, 0, owner)
        known = self._interfaces
        timed = (kind == _ENHANCED) | (kind == _OBSOLETE)
        keep = (timed | (kind == _SIMPLE)) & (owner < len(known)) & (head["size"] >= np.where(timed, _HEAD + 4, 16))
        starts, head, owner, timed = starts[keep], head[keep], owner[keep].astype(np.intp), timed[keep]
        size = np.where(timed, head["captured"], self._simple_sizes(head)).astype(np.int64)
        size = np.minimum(size, head["size"].astype(np.int64) - np.where(timed, _HEAD + 4, 16))
        ticks = (head["high"].astype(np.uint64) << np.uint64(32)) | head["low"]
        time_ns = np.where(timed, self._times(ticks, owner), 0)
        link = np.array([each.link for each in known] or [0], np.uint16)[owner]
        return time_ns, starts + np.where(timed, _HEAD, 12), size, link

    def _simple_sizes(self, head: npt.NDArray[np.void]) -> npt.NDArray[np.uint32]:
        snapshot = self._interfaces[0].snapshot if self._interfaces else 0
        original: npt.NDArray[np.uint32] = head["interface"]
        return np.minimum(original, np.uint32(snapshot)) if snapshot else original

    def _times(self, ticks: npt.NDArray[np.uint64], owner: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        times = np.zeros(len(ticks), np.int64)
        for number, interface in enumerate(self._interfaces):
            mine = slice(None) if len(self._interfaces) == 1 else owner == number
            times[mine] = _nanoseconds(ticks[mine], interface)
        return times


def _chain(order: str) -> Chain:
    return Chain(order, 4, 0, 12, _LARGEST_BLOCK, partial(_guess, order=order))


def _section_order(head: bytes) -> str | None:
    """Byte order of the section whose header this is; None if it is no section header."""
    if len(head) < 12 or struct.unpack_from("<I", head)[0] != _SECTION:
        return None
    return next((order for order in "<>" if struct.unpack_from(order + "I", head, 8)[0] == _BYTE_ORDER), None)


def _heads(raw: Raw, starts: Offsets, order: str) -> npt.NDArray[np.void]:
    """The first words of blocks; which of them mean anything depends on the kind of block."""
    names = ("kind", "size", "interface", "high", "low", "captured")
    layout = np.dtype([(name, order + "u4") for name in names])
    return taken(raw, layout, starts)


def _upper_half(word: npt.NDArray[np.uint32], order: str) -> npt.NDArray[np.uint32]:
    """The 16-bit interface number that comes first in an obsolete packet block."""
    return word & np.uint32(0xFFFF) if order == "<" else word >> np.uint32(16)


def _interface(block: bytes, order: str) -> Interface:
    link, _, snapshot = struct.unpack_from(order + "HHI", block, 8)
    options = dict(_options(block[16:-4], order))
    resolution = (options.get(_TSRESOL) or b"\x06")[0]
    ticks = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    offset = options.get(_TSOFFSET, b"")
    offset_s = struct.unpack(order + "q", offset)[0] if len(offset) == 8 else 0
    return Interface(link, ticks, offset_s, snapshot)


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4


def _nanoseconds(ticks: npt.NDArray[np.uint64], interface: Interface) -> npt.NDArray[np.int64]:
    per_s = interface.ticks_per_s
    if per_s > 2**63:
        return np.zeros(len(ticks), np.int64)
    seconds, rest = np.divmod(ticks, np.uint64(per_s))
    if 1_000_000_000 % per_s == 0:
        fraction = (rest * np.uint64(1_000_000_000 // per_s)).astype(np.int64)
    else:
        fraction = (rest * (1e9 / per_s)).astype(np.int64)
    whole = seconds.astype(np.int64) + np.int64(max(min(interface.offset_s, 2**40), -(2**40)))
    return whole * 1_000_000_000 + fraction


def _guess(raw: Raw, near: int, order: str) -> int | None:
    """A likely beginning of a block: two enhanced packet blocks in a row that repeat their size at their end."""
    mark = struct.pack(order + "I", _ENHANCED)
    at = near - 1
    for _ in range(_TRIES):
        at = raw.find(mark, at + 1, near + 4096)
        if at < 0:
            return None
        behind = _whole_block(raw, at, order)
        if behind and _whole_block(raw, behind, order):
            return at
    return None


def _whole_block(raw: Raw, at: int, order: str) -> int | None:
    """Offset behind a block; None if this is none."""
    if at + 12 > len(raw):
        return None
    size = struct.unpack_from(order + "I", raw, at + 4)[0]
    behind = int(at + size)
    if not 12 <= size <= 1 << 18 or behind > len(raw) or struct.unpack_from(order + "I", raw, behind - 4)[0] != size:
        return None
    return behind
