"""From frames to UDP datagrams, for all packets of a block at once.

Link layers: Ethernet with VLAN tags and PPPoE, Linux cooked (SLL and SLL2), raw IP, null and loop, PPP.
Network layers: IPv4 and IPv6. What needs reassembly or decryption is only sorted out here; tshark reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labkit.trace.records import Block
from labkit.trace.walk import taken

Int = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_IPV4, _IPV6, _PPPOE, _MPLS = 0x0800, 0x86DD, 0x8864, 0x8847
_VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
_PPP_PROTOCOLS = {0x0021: _IPV4, 0x0057: _IPV6}
_ETHERNET, _PPP_LINKS, _SLL, _SLL2 = 1, (9, 50), 113, 276
_FAMILY_FIRST = (0, 108)
"""Null and loop: four bytes of address family in front of IP."""
_BARE_IP = (12, 14, 101, 228, 229)
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
_IP4_HEADER: np.dtype[np.void] = np.dtype([
    ("head", "u1"), ("service", "u1"), ("total", ">u2"), ("identification", ">u2"), ("fragment", ">u2"),
    ("life", "u1"), ("protocol", "u1"), ("sum", ">u2"), ("addresses", ">u8"),
])  # fmt: skip
"""RFC 791 section 3.1, without options."""
_ICMP_ERRORS = (3, 4, 5, 11, 12)
_ENCAPSULATIONS = (4, 41, 47, 132)
"""IP in IP, IPv6 in IP, GRE, SCTP."""
_EXTENSIONS = (0, 43, 60)
"""Hop-by-hop options, routing, destination options of IPv6 (RFC 8200 section 4)."""
_FRAGMENT = 44
_TUNNEL = np.zeros(1 << 16, np.bool_)
_TUNNEL[[1701, 2152, 3544, 4789, 5246, 5247, 6081, 8472]] = True
"""Ports of L2TP, GTP-U, Teredo, VXLAN, CAPWAP, GENEVE and the older one of VXLAN."""


@dataclass(frozen=True, slots=True)
class View:
    """Numbers of a byte array by offset, in network byte order, whatever the alignment."""

    u8: npt.NDArray[np.uint8]
    u16: npt.NDArray[np.uint16]
    u32: npt.NDArray[np.uint32]
    u64: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, data: npt.NDArray[np.uint8]) -> View:
        """Look at an array of bytes."""
        arrays = [np.ndarray((len(data) - size + 1,), f">u{size}", data, 0, (1,)) for size in (2, 4, 8)]
        return cls(data, *arrays)

    def take(self, layout: np.dtype[np.void], at: Int) -> npt.NDArray[np.void]:
        """Headers that begin at some offsets."""
        return taken(self.u8, layout, at)


@dataclass(frozen=True, slots=True)
class Layers:
    """Where the layers of the packets of a block begin; all arrays have one element per packet."""

    network: Int
    """Offset of the IP header."""
    addresses: npt.NDArray[np.uint64]
    """Source and destination of IPv4, in one number."""
    end: Int
    """Offset behind the last byte that was captured and that IP counts as its own."""
    transport: Int
    """Offset of the transport header."""
    protocol: Int
    """IP protocol number; -1 where there is no IP or the packet is too short."""
    six: Mask
    """Whether IP is version 6."""
    fragment: Mask
    """Whether the packet is a fragment of a larger one."""
    known: Mask
    """Whether the link layer could be read, be there IP behind it or not."""

    @property
    def datagrams(self) -> Mask:
        """Packets that hold a whole UDP header and are not fragments."""
        whole: Mask = (self.protocol == UDP) & ~self.fragment & (self.transport + 8 <= self.end)
        return whole


def layers(block: Block, view: View) -> Layers:
    """Find IP and the transport in every packet of a block."""
    network, ethertype, known = _link(block, view)
    end = block.start + block.size
    four = (ethertype == _IPV4) & (network + 20 <= end)
    six = (ethertype == _IPV6) & (network + 40 <= end)
    safe = network if four.all() else np.where(four | six, network, 0)
    head = view.take(_IP4_HEADER, safe)
    header = (head["head"] & np.uint8(15)).astype(np.int64) * 4
    total = head["total"].astype(np.int64)
    protocol = np.where(four & (header >= 20), head["protocol"], -1).astype(np.int64)
    bound = np.where(four & (total >= header), np.minimum(end, safe + total), end)
    fragment = four & ((head["fragment"] & np.uint16(0x3FFF)) != 0)
    addresses = head["addresses"].astype(np.uint64)
    found = Layers(safe, addresses, bound, safe + header, protocol, six, fragment, known)
    return _with_six(found, view) if six.any() else found


def _link(block: Block, view: View) -> tuple[Int, Int, Mask]:
    """Offset of the network layer, its EtherType, and whether the link layer is one that we know."""
    kinds = np.unique(block.link) if len(block.link) and (block.link != block.link[0]).any() else block.link[:1]
    if len(kinds) == 1:
        return _one_link(int(kinds[0]), block.start, view)
    network, ethertype = block.start.copy(), np.zeros(len(block.start), np.int64)
    known = np.zeros(len(block.start), np.bool_)
    for kind in kinds:
        mine = np.flatnonzero(block.link == kind)
        network[mine], ethertype[mine], known[mine] = _one_link(int(kind), block.start[mine], view)
    return network, ethertype, known


def _one_link(kind: int, start: Int, view: View) -> tuple[Int, Int, Mask]:
    known = np.ones(len(start), np.bool_)
    if kind == _ETHERNET:
        network, ethertype = _untagged(start + 14, view.u16[start + 12].astype(np.int64), view)
        return network, ethertype, ethertype != _MPLS
    if kind == _SLL:
        return *_untagged(start + 16, view.u16[start + 14].astype(np.int64), view), known
    if kind == _SLL2:
        return *_untagged(start + 20, view.u16[start].astype(np.int64), view), known
    if kind in _PPP_LINKS:
        begin = start + np.where(view.u16[start] == 0xFF03, 4, 2)
        return begin, _ppp(view.u16[begin - 2]), known
    if kind in _BARE_IP or kind in _FAMILY_FIRST:
        begin = start + (4 if kind in _FAMILY_FIRST else 0)
        version = view.u8[begin] >> 4
        return begin, np.where(version == 4, _IPV4, np.where(version == 6, _IPV6, 0)), known
    return start, np.zeros(len(start), np.int64), ~known


def _untagged(network: Int, ethertype: Int, view: View) -> tuple[Int, Int]:
    """Step over VLAN tags (two at most) and PPPoE."""
    for _ in range(2):
        tagged = np.flatnonzero(np.isin(ethertype, _VLAN_TAGS)) if (ethertype != _IPV4).any() else network[:0]
        if tagged.size:
            ethertype[tagged] = view.u16[network[tagged] + 2]
            network[tagged] += 4
    sessions = np.flatnonzero(ethertype == _PPPOE)
    ethertype[sessions] = _ppp(view.u16[network[sessions] + 6])
    network[sessions] += 8
    return network, ethertype


def _ppp(protocol: npt.NDArray[np.uint16]) -> Int:
    found = np.zeros(len(protocol), np.int64)
    for number, ethertype in _PPP_PROTOCOLS.items():
        found[protocol == number] = ethertype
    return found


def _with_six(found: Layers, view: View) -> Layers:
    """Add the IPv6 packets, stepping over up to four extension headers."""
    rows = np.flatnonzero(found.six)
    network, end = found.network[rows], found.end[rows]
    end = np.minimum(end, network + 40 + view.u16[network + 4])
    protocol, here = view.u8[network + 6].astype(np.int64), network + 40
    fragment = np.zeros(len(rows), np.bool_)
    for _ in range(4):
        inside = here + 8 <= end
        split = (protocol == _FRAGMENT) & inside
        fragment |= split & ((view.u16[here + 2] & 0xFFF9) != 0)
        extended = inside & (np.isin(protocol, _EXTENSIONS) | split)
        size = np.where(split, 8, (view.u8[here + 1].astype(np.int64) + 1) * 8)
        protocol = np.where(extended, view.u8[here], protocol)
        here = np.minimum(np.where(extended, here + size, here), end)
    for column, values in (
        (found.end, end), (found.transport, here), (found.protocol, protocol), (found.fragment, fragment)
    ):  # fmt: skip
        column[rows] = values
    return found


def quoted(found: Layers, view: View) -> tuple[npt.NDArray[np.intp], Layers]:
    """Which packets are ICMP errors that quote one, and the layers of what they quote (RFC 792, RFC 4443)."""
    rows = np.flatnonzero((found.protocol == ICMP) | (found.protocol == ICMP6))
    kind, end = view.u8[found.transport[rows]], found.end[rows]
    error = np.where(found.protocol[rows] == ICMP6, kind < 128, np.isin(kind, _ICMP_ERRORS))
    rows = rows[error & (found.transport[rows] + 36 <= end)]
    network, end = found.transport[rows] + 8, found.end[rows]
    six = view.u8[network] >> 4 == 6
    transport = network + np.where(six, 40, (view.u8[network] & 15).astype(np.int64) * 4)
    protocol = view.u8[network + np.where(six, 6, 9)].astype(np.int64)
    addresses = view.u64[network + 12].astype(np.uint64)
    return rows, Layers(network, addresses, end, transport, protocol, six, np.zeros_like(six), np.ones_like(six))


def foreign(found: Layers, view: View) -> Mask:
    """Packets that may hold SIP or RTP but need tshark: fragments, tunnels, link layers that are not ours."""
    need: Mask = (found.fragment & ((found.protocol == UDP) | (found.protocol == TCP))) | ~found.known
    need |= np.isin(found.protocol, _ENCAPSULATIONS)
    whole = np.flatnonzero(found.datagrams)
    need[whole[_TUNNEL[view.u16[found.transport[whole] + 2]]]] = True
    return need
