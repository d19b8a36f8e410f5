"""The router's NAT and firewall rules, made to count for flows that go on as well."""

from __future__ import annotations

from labkit.runtime.base import Runtime
from labkit.scenario.values import nft_definitions

FORGET_FLOWS = """
import socket, struct
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as line:
    line.send(struct.pack("=IHHIIBBH", 20, 0x102, 5, 1, 0, socket.AF_INET, 0, 0))
    line.recv(64)
"""
"""Makes the router forget all flows, for one that it knows never meets new rules.

IPCTNL_MSG_CT_DELETE of linux/netfilter/nfnetlink_conntrack.h.
"""


def load(runtime: Runtime, rules: str) -> None:
    """Load rules in nft syntax, which may name the lab's addresses."""
    runtime.filter(nft_definitions(runtime.topology) + rules)
    runtime.run("router", ["python3", "-c", FORGET_FLOWS])
