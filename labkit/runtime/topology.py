"""Hosts, networks and addresses of the lab, as lab-env/topology.toml says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from labkit.errors import HostError


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the lab."""

    name: str
    title: str
    """What it is, in a few words."""
    addresses: Mapping[str, tuple[str, ...]]
    """Its IPv4 addresses by network, the first one is its own."""
    gateway: str | None
    """Default router, where it has one."""

    @property
    def address(self) -> str:
        """Its first address on its last network: where others find it."""
        return list(self.addresses.values())[-1][0]


@dataclass(frozen=True, slots=True)
class Topology:
    """All hosts, networks and capture points."""

    networks: Mapping[str, IPv4Network]
    hosts: Mapping[str, Host]
    points: Mapping[str, tuple[str, str]]
    """Capture points: name to (host, network)."""

    def host(self, name: str) -> Host:
        """The host of that name; HostError names those there are."""
        if name not in self.hosts:
            raise HostError(f"The lab has no host {name!r}; it has: {', '.join(self.hosts)}.", host=name)
        return self.hosts[name]

    @property
    def names(self) -> dict[str, str]:
        """Alias of every address: the host's name, for ladders."""
        return {
            address: host.name
            for host in self.hosts.values()
            for addresses in host.addresses.values()
            for address in addresses
        }

    def moved(self, networks: Mapping[str, IPv4Network]) -> Topology:
        """The same lab in other networks of the same size: only the front part of every address differs."""

        def move(address: str) -> str:
            old = next(name for name, network in self.networks.items() if IPv4Address(address) in network)
            return str(networks[old][int(IPv4Address(address)) - int(self.networks[old][0])])

        hosts = {
            name: replace(
                host,
                addresses={network: tuple(map(move, addresses)) for network, addresses in host.addresses.items()},
                gateway=host.gateway and move(host.gateway),
            )
            for name, host in self.hosts.items()
        }
        return replace(self, networks=networks, hosts=hosts)

    def prefixed(self, network: str, address: str) -> str:
        """An address with its network's prefix length, such as 10.10.0.10/24."""
        return f"{address}/{self.networks[network].prefixlen}"


def package() -> Path:
    """The folder of labkit itself."""
    return Path(__file__).parent.parent


def lab_env() -> Path:
    """The folder of the lab as data: beside the package in a clone, inside it when installed."""
    installed = package() / "_lab_env"
    return installed if installed.is_dir() else package().parent / "lab-env"


@cache
def load() -> Topology:
    """The lab's topology."""
    data = tomllib.loads((lab_env() / "topology.toml").read_text())
    networks = {name: IPv4Network(entry["subnet"]) for name, entry in data["networks"].items()}
    hosts = {
        name: Host(
            name,
            entry["title"],
            {network: tuple(entry[network]) for network in networks if network in entry},
            entry.get("gateway"),
        )
        for name, entry in data["hosts"].items()
    }
    return Topology(networks, hosts, {name: (host, network) for name, (host, network) in data["points"].items()})
