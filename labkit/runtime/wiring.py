"""What a lab is wired from: mounts, and network namespaces joined by veth pairs and bridges (ip-netns(8), veth(4))."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from labkit.runtime import kernel
from labkit.runtime.topology import Host, Topology

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def mounts(rootfs: Path, state: Path) -> None:
    """Mount the rootfs read-only for its programs, with /proc, /dev, /run, /tmp and the lab's own folder as /lab."""
    kernel.mount(rootfs, rootfs, flags=kernel.MS_BIND | kernel.MS_REC)
    os.chdir("/")
    kernel.mount("proc", "/proc", "proc")
    kernel.mount("proc", rootfs / "proc", "proc")
    kernel.mount("tmpfs", rootfs / "run", "tmpfs")
    kernel.mount("tmpfs", rootfs / "tmp", "tmpfs")
    kernel.mount("tmpfs", rootfs / "var/tmp", "tmpfs")
    kernel.mount("tmpfs", rootfs / "dev", "tmpfs")
    for name in _DEVICES:
        (rootfs / "dev" / name).touch()
        kernel.mount(f"/dev/{name}", rootfs / "dev" / name, flags=kernel.MS_BIND)
    (rootfs / "run/netns").mkdir()
    kernel.mount(state, rootfs / "lab", flags=kernel.MS_BIND)
    kernel.mount("none", rootfs, flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)


def wire(rootfs: Path, topology: Topology) -> None:
    """Make a bridge for each network and a namespace for each host, with its addresses and routes."""
    _ip(rootfs, "", fabric(topology))
    for host in topology.hosts.values():
        _ip(rootfs, host.name, inside(host, topology))


def fabric(topology: Topology) -> Iterator[str]:
    """The `ip -batch` lines that make bridges, hosts and the links between them."""
    yield "link set lo up"
    for network in topology.networks:
        yield f"link add br-{network} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
        yield f"link set br-{network} up"
    for number, host in enumerate(topology.hosts.values()):
        yield f"netns add {host.name}"
        for network in host.addresses:
            port = port_name(number, network)
            yield f"link add {port} type veth peer name {network} netns {host.name}"
            yield f"link set {port} master br-{network} up"


def port_name(number: int, network: str) -> str:
    """The bridge's end of the link of the host with that number (an interface's name has at most 15 letters)."""
    return f"p{number}-{network}"


def inside(host: Host, topology: Topology) -> Iterator[str]:
    """The `ip -batch` lines for one host: interfaces are called like their network."""
    yield "link set lo up"
    for network, addresses in host.addresses.items():
        for address in addresses:
            yield f"addr add {topology.prefixed(network, address)} dev {network}"
        yield f"link set {network} up"
    if host.gateway:
        yield f"route add default via {host.gateway}"


def _ip(rootfs: Path, host: str, lines: Iterator[str]) -> None:
    def enter() -> None:
        if host:
            kernel.enter_network(rootfs / "run/netns" / host)
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        if host == "router":
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        os.chroot(rootfs)

    subprocess.run(
        ["/usr/sbin/ip", "-batch", "-"],
        input="\n".join(lines) + "\n",
        text=True,
        check=True,
        capture_output=True,
        preexec_fn=enter,
    )
