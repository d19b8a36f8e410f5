"""One pass over a capture file that keeps what matters for SIP and RTP, and drops the rest."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labkit.errors import CaptureError
from labkit.trace.intern import Ids, Interner, Words
from labkit.trace.packets import TCP, Int, Layers, View, foreign, layers, quoted
from labkit.trace.records import Block, Reader, ahead, opened

_MIN_SIP = 16
_SIX = np.uint64(1 << 32)
"""Marks the key of a flow whose addresses are IPv6."""
_LETTERS = np.zeros(256, np.bool_)
_LETTERS[[*b"\t\r\n ", *range(48, 58), *range(65, 91), *range(97, 123)]] = True
"""First bytes that a SIP message may have, line ends before it (RFC 3261 section 7.5), and those of MGCP."""
_WEBSOCKET = re.compile(rb"sec-websocket-protocol:[^\r\n]*\bsip\b", re.IGNORECASE)
_UDP_HEADER: np.dtype[np.void] = np.dtype([
    ("ports", ">u4"), ("length", ">u2"), ("sum", ">u2"),
    ("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4"),
])  # fmt: skip
"""RFC 768, followed by RFC 3550 section 5.1."""
Rows = npt.NDArray[np.intp] | slice
TEXT = re.compile(rb"\s*(?:SIP/2\.0 \d{3}|[A-Za-z][!%'*+\-.0-9A-Z_`a-z~]* \S+ SIP/2\.0\s*[\r\n])")


class Flow(NamedTuple):
    """From where to where: addresses as text, ports as numbers."""

    src: str
    src_port: int
    dst: str
    dst_port: int


class Datagram(NamedTuple):
    """One payload that is looked at by itself: a SIP message or a packet of RTCP."""

    frame: int
    time_ns: int
    flow: Flow
    data: bytes
    transport: str = "UDP"


@dataclass(frozen=True, slots=True)
class Datagrams:
    """The UDP datagrams of a block; one element per datagram in each array."""

    frame: npt.NDArray[np.uint32]
    """Number of the packet in the file, from 1."""
    time_ns: npt.NDArray[np.int64]
    """Time of capture since 1970."""
    begin: Int
    """Offset in the block of the payload."""
    size: Int
    """Bytes of the payload that were captured."""
    addresses: Words
    """Source and destination in one number."""
    ports: Words
    """Source and destination port in one number; that of IPv6 is above all of IPv4."""
    head: npt.NDArray[np.void]
    """The UDP header, and the payload's first bytes read as RTP."""


@dataclass(frozen=True, slots=True)
class Media:
    """All packets that may be RTP, in order of arrival; one element per packet in each array."""

    frame: npt.NDArray[np.uint32]
    """Number of the packet in the file, from 1."""
    time_ns: npt.NDArray[np.int64]
    """Time of capture since 1970."""
    stream: npt.NDArray[np.int32]
    """Number of its stream, an index into `Scan.streams`."""
    sequence: npt.NDArray[np.uint16]
    """RTP sequence number."""
    timestamp: npt.NDArray[np.uint32]
    """RTP timestamp."""
    marked: npt.NDArray[np.uint8]
    """Marker bit (0x80) and payload type."""
    size: npt.NDArray[np.uint16]
    """Bytes of RTP that were captured, header included."""
    at: npt.NDArray[np.int64]
    """Offset in the (unpacked) file of the RTP header; -1 if tshark had to find it."""

    def take(self, rows: npt.NDArray[np.intp]) -> Media:
        """Some of the packets, in the order given."""
        return Media(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Foreign:
    """Packets that only tshark can read; one element per packet in each array."""

    frame: npt.NDArray[np.uint32]
    """Number of the packet in the file, from 1."""
    time_ns: npt.NDArray[np.int64]
    """Time of capture since 1970."""
    link: npt.NDArray[np.uint16]
    """LINKTYPE_ number."""
    at: npt.NDArray[np.int64]
    """Offset of the packet in the (unpacked) file."""
    size: npt.NDArray[np.int64]
    """Bytes captured."""
    flow: npt.NDArray[np.int32]
    """Number of its TCP connection, the same both ways; -1 for other packets."""
    speaks: npt.NDArray[np.bool_]
    """Whether a TCP segment begins like SIP, or like the handshake of a WebSocket for SIP."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one file holds for SIP and RTP."""

    path: Path
    """The file."""
    first_ns: int
    """Time of its first packet since 1970."""
    frames: int
    """Packets in the file."""
    texts: list[Datagram]
    """UDP datagrams that look like SIP."""
    described: list[Datagram]
    """Datagrams of other protocols, such as MGCP, that carry a session description."""
    control: list[Datagram]
    """UDP datagrams that look like RTCP."""
    media: Media
    """UDP datagrams that look like RTP, each in a stream of its own flow and SSRC."""
    streams: list[tuple[Flow, int]]
    """Flow and SSRC of each stream."""
    foreign: Foreign
    """What tshark has to read."""
    secrets: list[bytes]
    """Blocks with keys of TLS connections."""
    notes: list[str]
    """What is wrong with the file itself."""
    payloads: Mapping[int, bytes] = field(default_factory=dict)
    """RTP packets that tshark found, by frame number."""


def scan(path: Path) -> Scan:
    """Read a whole capture file; CaptureError if it cannot be opened or is no capture."""
    with opened(path) as reader:
        scanner = Scanner(reader)
        scanner.read()
        if reader.form is None:
            raise CaptureError(f"{path} is not a capture file: it is empty or cut off in its header", path=path)
        return scanner.result()


class Scanner:
    """Collects from the blocks of one reader; `read` may be called again when the file has grown."""

    def __init__(self, reader: Reader) -> None:
        """Collect from a reader that has not read yet."""
        self._reader = reader
        self._addresses, self._connected, self._streams = Interner(2), Interner(2), Interner(3)
        self._flows: dict[tuple[int, int], Flow] = {}
        self._first_ns: int | None = None
        self._frames = 0
        self._texts: list[Datagram] = []
        self._described: list[Datagram] = []
        self._control: list[Datagram] = []
        self._media: list[tuple[npt.NDArray[np.generic], ...]] = []
        self._foreign: list[tuple[npt.NDArray[np.generic], ...]] = []

    def read(self) -> None:
        """Take all packets that are there now."""
        for block in ahead(self._reader.blocks()):
            if len(block.frame):
                self._take(block)

    def texts_from(self, number: int) -> tuple[list[Datagram], int]:
        """The datagrams that look like SIP from a number on, and the time of the first packet of the file in ns."""
        return self._texts[number:], self._first_ns or 0

    def result(self) -> Scan:
        """All that was collected so far."""
        reader = self._reader
        notes = [reader.damage] if reader.damage else []
        if reader.unread_bytes and not reader.damage:
            notes.append(f"{reader.path}: cut short, {reader.unread_bytes} bytes of an unfinished packet at its end")
        streams = [(self._flow(high, low), ssrc) for high, low, ssrc in self._streams.keys_from(0)]
        media = Media(*_joined(self._media, "u4 i8 i4 u2 u4 u1 u2 i8"))
        foreign = Foreign(*_joined(self._foreign, "u4 i8 u2 i8 i8 i4 ?"))
        texts, control = sorted(self._texts, key=itemgetter(0)), list(self._control)
        first_ns = self._first_ns or 0
        secrets = list(reader.form.secrets) if reader.form else []
        return Scan(
            reader.path, first_ns, self._frames, texts, list(self._described), control, media, streams, foreign,
            secrets, notes,
        )  # fmt: skip

    def _take(self, block: Block) -> None:
        self._frames += len(block.frame)
        if self._first_ns is None:
            self._first_ns = int(block.time_ns[0])
        view = View.of(block.data)
        found = layers(block, view)
        self._take_datagrams(block, self._datagrams(block, found, view))
        self._take_foreign(block, found, view)
        self._take_quotes(block, found, view)

    def _take_quotes(self, block: Block, found: Layers, view: View) -> None:
        """SIP messages that ICMP errors send back, with the addresses that they had been sent with."""
        rows, inner = quoted(found, view)
        if rows.size:
            block = block.take(rows)
            datagrams = self._datagrams(block, inner, view)
            quotes = self._cut(block, datagrams, np.arange(len(datagrams.size)))
            self._texts += [each._replace(transport="ICMP") for each in quotes if TEXT.match(each.data)]

    def _datagrams(self, block: Block, found: Layers, view: View) -> Datagrams:
        rows = _rows(found.datagrams)
        transport = found.transport[rows]
        head = view.take(_UDP_HEADER, transport)
        begin = transport + 8
        size = np.minimum(found.end[rows] - begin, np.maximum(head["length"].astype(np.int64) - 8, 0))
        addresses, ports = found.addresses[rows], head["ports"].astype(np.uint64)
        if (six := np.flatnonzero(found.six[rows])).size:
            network, addresses = found.network[rows][six], addresses.copy()
            src, dst = (self._address_numbers(network + at, view) for at in (8, 24))
            addresses[six] = (src.astype(np.uint64) << np.uint64(32)) | dst.astype(np.uint64)
            ports[six] |= _SIX
        return Datagrams(block.frame[rows], block.time_ns[rows], begin, size, addresses, ports, head)

    def _take_datagrams(self, block: Block, datagrams: Datagrams) -> None:
        first, second, size = datagrams.head["first"], datagrams.head["second"], datagrams.size
        versioned = (first >= 0x80) & (first < 0xC0) & (size >= 8)
        control = versioned & (second >= 192) & (second <= 223)
        self._take_media(block, datagrams, versioned & ~control & (size >= 12))
        self._control += self._cut(block, datagrams, np.flatnonzero(control))
        for each in self._cut(block, datagrams, np.flatnonzero(_LETTERS[first] & (size >= _MIN_SIP))):
            if each.data.startswith(b"SIP/2.0 ") or TEXT.match(each.data):
                self._texts.append(each)
            elif b"v=0" in each.data and b"\nm=" in each.data:
                self._described.append(each)

    def _cut(self, block: Block, datagrams: Datagrams, which: npt.NDArray[np.intp]) -> Iterator[Datagram]:
        """Some datagrams, one by one, with a copy of their payload."""
        names = ("frame", "time_ns", "addresses", "ports", "begin", "size")
        columns = (getattr(datagrams, name)[which].tolist() for name in names)
        raw, flows = block.data.data, self._flows
        for frame, time_ns, addresses, ports, begin, size in zip(*columns, strict=True):
            flow = flows.get((addresses, ports)) or self._flow(addresses, ports)
            yield Datagram(frame, time_ns, flow, bytes(raw[begin : begin + size]))

    def _take_media(self, block: Block, datagrams: Datagrams, mask: npt.NDArray[np.bool_]) -> None:
        rows = _rows(mask)
        head = datagrams.head[rows]
        ssrc = head["ssrc"].astype(np.uint64)
        self._media.append((
            datagrams.frame[rows], datagrams.time_ns[rows],
            self._streams.ids(datagrams.addresses[rows], datagrams.ports[rows], ssrc),
            head["sequence"].astype(np.uint16), head["timestamp"].astype(np.uint32), head["second"].copy(),
            datagrams.size[rows].astype(np.uint16), datagrams.begin[rows] + block.base,
        ))  # fmt: skip

    def _address_numbers(self, at: Int, view: View) -> Ids:
        return self._addresses.ids(view.u64[at].astype(np.uint64), view.u64[at + 8].astype(np.uint64))

    def _flow(self, addresses: int, ports: int) -> Flow:
        """The flow of a pair of addresses and ports."""
        text = self._six if ports & int(_SIX) else _four
        flow = Flow(text(addresses >> 32), ports >> 16 & 0xFFFF, text(addresses & 0xFFFF_FFFF), ports & 0xFFFF)
        self._flows[addresses, ports] = flow
        return flow

    def _six(self, number: int) -> str:
        return socket.inet_ntop(socket.AF_INET6, struct.pack(">QQ", *self._addresses.key(number)))

    def _take_foreign(self, block: Block, found: Layers, view: View) -> None:
        tcp = (found.protocol == TCP) & ~found.fragment & (found.transport + 20 <= found.end)
        need = foreign(found, view)
        rows = np.flatnonzero(need | tcp)
        if not rows.size:
            return
        flow, speaks = np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.bool_)
        segments = np.flatnonzero(tcp[rows])
        flow[segments] = self._connections(found, rows[segments], view)
        for which in segments:
            speaks[which] = _speaks_sip(block.data, int(found.transport[rows[which]]), int(found.end[rows[which]]))
        self._foreign.append((
            block.frame[rows], block.time_ns[rows], block.link[rows],
            block.start[rows] + block.base, block.size[rows], flow, speaks,
        ))  # fmt: skip

    def _connections(self, found: Layers, rows: Int, view: View) -> Ids:
        """One number for both directions of a TCP connection."""
        network, ports = found.network[rows], view.u32[found.transport[rows]].astype(np.uint64)
        half, low = np.uint64(16), np.uint64(0xFFFF)
        one = (self._ends(found, rows, network, 12, 8, view) << half) | (ports >> half)
        two = (self._ends(found, rows, network, 16, 24, view) << half) | (ports & low)
        return self._connected.ids(np.minimum(one, two), np.maximum(one, two))

    def _ends(self, found: Layers, rows: Int, network: Int, four_at: int, six_at: int, view: View) -> Words:
        """One address of each packet as a number; those of IPv6 are above all of IPv4."""
        ends = view.u32[network + four_at].astype(np.uint64)
        six = np.flatnonzero(found.six[rows])
        if six.size:
            ends[six] = self._address_numbers(network[six] + six_at, view).astype(np.uint64) | _SIX
        return ends


def _four(number: int) -> str:
    return socket.inet_ntoa(struct.pack(">I", number))


def _rows(mask: npt.NDArray[np.bool_]) -> Rows:
    """Where a mask is true; a slice if it is so everywhere, which saves copies."""
    return slice(None) if mask.all() else np.flatnonzero(mask)


def _joined(parts: list[tuple[npt.NDArray[np.generic], ...]], types: str) -> list[Any]:
    """Columns of all parts, one after the other, each of the type named."""
    kinds = types.split()
    if not parts:
        return [np.empty(0, kind) for kind in kinds]
    columns = zip(*parts, strict=True)
    return [np.concatenate(column).astype(kind, copy=False) for column, kind in zip(columns, kinds, strict=True)]


def _speaks_sip(data: npt.NDArray[np.uint8], transport: int, end: int) -> bool:
    begin = transport + (int(data[transport + 12]) >> 4) * 4
    if begin >= end or not _LETTERS[data[begin]]:
        return False
    text = data[begin : min(end, begin + 1500)].tobytes()
    return bool(TEXT.match(text) or _WEBSOCKET.search(text))
