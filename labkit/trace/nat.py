"""What a NAT does to addresses, as far as captures tell: from both its sides, or from the inside alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

Endpoint = tuple[str, int]
"""Address and port."""
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Addresses that mean nothing beyond a NAT (RFC 1918, RFC 6598, RFC 4193)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One packet, or one stream, at one point of capture."""

    time_s: float
    """When it passed, or began to."""
    source: Endpoint
    """Where it said it came from."""
    target: Endpoint
    """Where it went."""
    data: bytes = b""
    """The message, where it is one."""


@lru_cache(maxsize=1 << 16)
def private(address: str) -> bool:
    """Whether an address means nothing beyond a NAT; False for a name."""
    try:
        return any(ip_address(address) in network for network in PRIVATE)
    except ValueError:
        return False


def along(sightings: Sequence[Sighting]) -> tuple[Sighting, Sighting]:
    """The sightings nearest to the sender and nearest to the receiver."""
    return min(sightings, key=_order), max(sightings, key=_order)


def _order(sighting: Sighting) -> tuple[bool, bool, float]:
    """Inside to outside where the source tells, outside to inside where the target does, else by time."""
    return not private(sighting.source[0]), private(sighting.target[0]), sighting.time_s


def keeps_to(announced: Endpoint, here: Endpoint, other: Endpoint) -> bool:
    """Whether media has the end that was announced for it, a NAT on its way apart.

    `here` is what the point of capture saw, `other` what the other side of the call sees, as far as any point tells.
    Where they differ, the point that is nearer to the other side is the one to judge. Where none tells, a private
    address with the port announced passes for the public one announced: the NAT is beyond.
    """
    beyond = private(here[0]) and not private(announced[0]) and here[1] == announced[1]
    return here != other or here == announced or beyond
