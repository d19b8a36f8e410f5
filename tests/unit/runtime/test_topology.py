"""The topology file is the only place for addresses."""

import re

import pytest

from labkit.errors import HostError
from labkit.runtime import topology

ADDRESS = re.compile(r"\b(?:10\.10|203\.0)\.\d+\.\d+\b")


def test_every_address_lies_in_its_network() -> None:
    lab = topology.load()
    for host in lab.hosts.values():
        for network, addresses in host.addresses.items():
            assert all(address in {str(a) for a in lab.networks[network].hosts()} for address in addresses)


def test_every_address_has_one_host() -> None:
    lab = topology.load()
    count = sum(len(addresses) for host in lab.hosts.values() for addresses in host.addresses.values())
    assert count == len(lab.names)


HOLDERS = ("topology.toml", "compose.yaml")  # test_compose_file proves that they agree


def test_no_other_file_of_the_lab_holds_an_address() -> None:
    files = [path for path in topology.lab_env().rglob("*") if path.is_file() and path.name not in HOLDERS]
    assert files
    own = set(topology.load().names)
    holding = [str(path) for path in files if own.intersection(ADDRESS.findall(path.read_text(errors="replace")))]
    assert holding == []


def test_an_unknown_host_is_named_with_those_there_are() -> None:
    with pytest.raises(HostError, match=r"no host 'pbx2'; it has: pbx, phone-1001"):
        topology.load().host("pbx2")


def test_the_last_network_is_where_others_find_a_host() -> None:
    lab = topology.load()
    assert lab.host("router").address == lab.host("router").addresses["wan"][0]
