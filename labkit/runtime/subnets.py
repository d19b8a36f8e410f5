"""Networks for a lab in containers that collide with no other network of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path

from labkit.errors import HostError, RuntimeUnavailable
from labkit.runtime import engine, topology

_OTHERS = {
    "lan": ("10.10.{}.0/24", "172.30.{}.0/24", "192.168.{}.0/24"),
    "wan": ("198.18.{}.0/24", "198.19.{}.0/24"),
}
"""Where else each network may be: private addresses (RFC 1918), addresses for tests (RFC 2544)."""


def choose(taken: Sequence[IPv4Network], place: int = 0) -> dict[str, IPv4Network]:
    """A free network for each of the topology's; its own where nothing collides.

    Who chooses at the same time as others takes another place in the list of the free ones than they.
    """
    return {name: _free(name, own, taken, place) for name, own in topology.load().networks.items()}


def _free(name: str, own: IPv4Network, taken: Sequence[IPv4Network], place: int) -> IPv4Network:
    free = (each for each in _candidates(name, own) if not any(each.overlaps(other) for other in taken))
    for network in islice(free, place, None):
        return network
    if place:
        return _free(name, own, taken, 0)
    other = next(other for other in taken if own.overlaps(other))
    raise RuntimeUnavailable(
        f"Every network that the lab could use for its {name} collides with one of this machine's,\n"
        f"such as {own} with {other}. Look at: docker network ls; ip route"
    )


def _candidates(name: str, own: IPv4Network) -> Iterator[IPv4Network]:
    yield own
    for pattern in _OTHERS[name]:
        yield from (IPv4Network(pattern.format(number)) for number in range(1, 255))


def taken() -> list[IPv4Network]:
    """The networks of the engine and, on Linux, the routes of this machine."""
    return [*_of_engine(), *_of_routes()]


def _of_engine() -> Iterator[IPv4Network]:
    for network in json.loads(_inspected()):
        for entry in network["IPAM"]["Config"] or []:
            if "." in entry.get("Subnet", ""):
                yield IPv4Network(entry["Subnet"])


def _inspected(tries_left: int = 9) -> str:
    names = engine.docker("list its networks", ["network", "ls", "--quiet", "--no-trunc"]).split()
    try:
        return engine.docker("look at its networks", ["network", "inspect", *names]) if names else "[]"
    except HostError as why:
        if not tries_left or "not found" not in str(why):
            raise
        return _inspected(tries_left - 1)  # a lab that was listed has ended since


def _of_routes() -> Iterator[IPv4Network]:
    if sys.platform == "linux":
        yield from routes(Path("/proc/net/route").read_text().splitlines()[1:])


def routes(lines: Iterable[str]) -> Iterator[IPv4Network]:
    """Networks that lines of /proc/net/route lead to; the default route is none."""
    for fields in map(str.split, lines):
        address, mask = (int.from_bytes(bytes.fromhex(fields[at]), "little") for at in (1, 7))
        if mask:
            yield IPv4Network((address & mask, mask.bit_count()))
