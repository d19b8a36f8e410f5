"""lab-env/compose.yaml agrees with topology.toml, keeps to itself, and networks that collide are passed over."""

import re
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from labkit.errors import RuntimeUnavailable
from labkit.runtime import subnets, topology
from labkit.runtime.compose import Compose

LAB = topology.load()
FILE = topology.lab_env() / "compose.yaml"
NETWORKS = {name: LAB.networks[name] for name in LAB.networks}


def filled(environment: dict[str, str]) -> dict[str, Any]:
    """The file as Compose reads it."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: environment.get(match[1], match[2]), FILE.read_text())
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def addresses(file: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Every address that a service has by service and network."""
    return {
        (name, network): settings["ipv4_address"]
        for name, service in file["services"].items()
        for network, settings in service.get("networks", {}).items()
        if settings
    }


def expected(lab: topology.Topology) -> dict[tuple[str, str], str]:
    """The same by the topology; Docker keeps the router's address in the LAN for the default route."""
    found = {(host.name, network): own[0] for host in lab.hosts.values() for network, own in host.addresses.items()}
    del found["router", "lan"]
    return found


def test_by_hand_the_addresses_are_the_topology_s() -> None:
    file = filled({})
    assert expected(LAB) == addresses(file)
    for name, network in LAB.networks.items():
        assert str(network) == file["networks"][name]["ipam"]["config"][0]["subnet"]
    provider = file["services"]["provider"]["environment"]["LABKIT_ADDRESSES"]
    assert [f"{address}/24" for address in LAB.host("provider").addresses["wan"][1:]] == provider.split()
    assert (
        f"{LAB.host('router').addresses['lan'][0]}/24" == file["services"]["router"]["environment"]["LABKIT_ADDRESSES"]
    )


def test_labkit_can_move_every_address(tmp_path: Path) -> None:
    (tmp_path / "compose.json").write_text('{"networks": {"lan": "10.10.7.0/24", "wan": "198.18.3.0/24"}}')
    compose = Compose(tmp_path)
    file = filled(compose._environment())
    assert expected(compose.topology) == addresses(file)
    text = FILE.read_text()
    for match in re.finditer(r"\$\{(\w+):-[^}]*\}", text):
        assert match[1] in compose._environment(), match[1]
    moved = str(file)
    assert not [old for old in LAB.names if old in moved]


def test_the_services_are_the_topology_s_hosts_and_one_that_captures() -> None:
    assert {*LAB.hosts, "inside"} == set(filled({})["services"])


def test_no_port_is_published_and_few_capabilities_are_given() -> None:
    services = filled({})["services"]
    for service in services.values():
        assert "ports" not in service
        assert "privileged" not in service
        assert ["ALL"] == service["cap_drop"]
        assert service["read_only"]
    powers = {name: service["cap_add"] for name, service in services.items() if "cap_add" in service}
    assert {
        "router": ["NET_ADMIN", "NET_RAW", "DAC_OVERRIDE"],
        "provider": ["NET_ADMIN", "SETUID", "SETGID"],
        "inside": ["NET_RAW"],
    } == powers


def test_the_networks_have_no_door_to_this_machine() -> None:
    for network in filled({})["networks"].values():
        options = network["driver_opts"]
        assert "true" == options["com.docker.network.bridge.inhibit_ipv4"]
        assert "false" == options["com.docker.network.bridge.enable_ip_masquerade"]


def test_the_topology_s_own_networks_are_taken_where_they_are_free() -> None:
    assert NETWORKS == subnets.choose([IPv4Network("172.17.0.0/16"), IPv4Network("10.9.0.0/16")])


@pytest.mark.parametrize("taken", ["10.10.0.0/24", "10.10.0.128/25", "10.0.0.0/8"])
def test_a_network_that_collides_is_passed_over(taken: str) -> None:
    chosen = subnets.choose([IPv4Network(taken)])
    assert not chosen["lan"].overlaps(IPv4Network(taken))
    assert chosen["lan"].is_private
    assert NETWORKS["wan"] == chosen["wan"]


def test_another_place_among_the_free_is_another_network() -> None:
    chosen = [subnets.choose([], place) for place in (0, 1, 100, 10_000)]
    assert NETWORKS == chosen[0] == chosen[3]
    assert 3 == len({each["lan"] for each in chosen}) == len({each["wan"] for each in chosen})


def test_where_everything_collides_it_is_said_with_an_example() -> None:
    with pytest.raises(RuntimeUnavailable, match=r"10\.10\.0\.0/24 with 0\.0\.0\.0/1.*docker network ls"):
        subnets.choose([IPv4Network("0.0.0.0/1"), IPv4Network("128.0.0.0/1")])


def test_routes_are_read_as_the_kernel_writes_them() -> None:
    lines = [
        "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
        "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
        "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
    ]
    assert [IPv4Network("192.168.1.0/24"), IPv4Network("10.0.0.0/8")] == list(subnets.routes(lines))
