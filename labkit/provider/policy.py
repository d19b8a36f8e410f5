"""A provider's policy: data read from TOML (lab-env/provider/*.toml), the same words as in the file.

Every field has a default that a good carrier would choose; a file says only what differs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import ScenarioError
from labkit.provider.fault import WireFault
from labkit.provider.reading import read
from labkit.provider.telephone import Telephone
from labkit.provider.trunk import Trunk
from labkit.rtp.fault import MediaFaults


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """Where media lives and what is wrong with it."""

    host: str = "media"
    """Address or name of the media relay: media, first, second, or one of `hosts`."""
    advertised: str = ""
    """Address written into SDP instead (a dead or private one)."""
    ports: tuple[int, int] = (20000, 29999)
    """RTP ports, first and last."""
    latch: bool = False
    """Send to where packets come from, as an SBC that repairs NAT does."""
    faults: MediaFaults = field(default_factory=MediaFaults)
    """What goes wrong in RTP (`labkit.rtp.fault`)."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Where the provider listens."""

    first: str = "127.0.0.1"
    """Address of the first SBC."""
    second: str = ""
    """Address of the second SBC; the first where empty."""
    media: str = ""
    """Address of the media relay; the first SBC's where empty."""
    port: int = 5060
    """SIP port of both SBCs, UDP and TCP."""
    tls_port: int = 5061
    """TLS port of both SBCs."""
    certificate: str = ""
    """PEM file with certificate and key; without one there is no TLS."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One provider."""

    title: str = "provider"
    """One line for people."""
    bind: Bind = field(default_factory=Bind)
    """Addresses; changes need a restart."""
    hosts: dict[str, str] = field(default_factory=dict)
    """Names for addresses, to be used wherever the policy wants an address."""
    domain: str = "sip.provider.example"
    """The provider's SIP domain, realm of its challenges."""
    user_agent: str = "provider-sbc"
    """Server and User-Agent."""
    contact_host: str = ""
    """Host written into Contact instead of the SBC's address (a wrong one on purpose)."""
    record_route: bool = False
    """Whether the SBC puts itself into a Record-Route."""
    t1_s: float = 0.0
    """T1 of the SBC (RFC 3261 section 17.1.1.1): it waits for 64 of them; the usual 0.5 where 0."""
    country_code: str = "44"
    """For national and short forms."""
    trunk: tuple[Trunk, ...] = ()
    """The customer's trunks."""
    number: tuple[Telephone, ...] = ()
    """Telephones behind the provider."""
    fault: tuple[WireFault, ...] = ()
    """Faults on the wire, each message goes through all of them in order."""
    media: MediaPolicy = field(default_factory=MediaPolicy)
    """Media relay."""

    @property
    def sbcs(self) -> dict[str, str]:
        """SBC name to address."""
        return {"first": self.bind.first, "second": self.bind.second or self.bind.first}

    def resolve(self, name: str) -> str:
        """Turn a name of the policy into an address; anything unknown is an address already."""
        if name in self.hosts:
            return self.hosts[name]
        return (self.bind.media or self.bind.first) if name == "media" else self.sbcs.get(name, name)

    def sbc_of(self, address: str) -> str:
        """Give an SBC's name by its address."""
        return "second" if address == self.bind.second != self.bind.first else "first"

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read a file; ScenarioError names what it does not understand."""
        return cls.read(load_table(path), str(path))

    @classmethod
    def read(cls, table: Mapping[str, Any], name: str = "policy") -> Policy:
        """Read a table; ScenarioError names what it does not understand."""
        policy: Policy = read(cls, table, name)
        return policy


def load_table(path: Path) -> dict[str, Any]:
    """Read a TOML file; ScenarioError when it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise ScenarioError(f"policy {path} cannot be read: {why}", path=str(path)) from why


def edited(table: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Give a policy table with one value changed; members of `trunk` and `number` go by their name.

    `trunk.registered.limits.cps`, `number.+15550100.status`, `media.advertised`, `fault`.
    """
    head, _, rest = path.partition(".")
    old = table.get(head)
    if not rest:
        return {**table, head: value}
    if isinstance(old, list):
        name, _, rest = rest.partition(".")
        members = [
            edited(item, rest, value) if name in (item.get("name"), item.get("number")) else item for item in old
        ]
        if members == old and not any(name in (item.get("name"), item.get("number")) for item in old):
            raise ScenarioError(f"policy has no {head} named {name!r}", path=path)
        return {**table, head: members}
    return {**table, head: edited(old or {}, rest, value)}
