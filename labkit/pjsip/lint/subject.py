"""What lint looks at: the files of a configuration, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network

from labkit.errors import ParseError
from labkit.pjsip import config, dialplan, objects
from labkit.pjsip.config import Config, Option
from labkit.pjsip.dialplan import Dialplan, Extension
from labkit.pjsip.objects import Object, Objects

Network = IPv4Network | IPv6Network
_HOST = re.compile(r"^<?sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;>?]+)", re.IGNORECASE)
_DIALLED = re.compile(r"PJSIP/([^,&)|]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Subject:
    """A configuration, or a piece of one."""

    files: Mapping[str, str]
    pjsip: str = "pjsip.conf"
    """Name of the file with the objects."""
    extensions: str = "extensions.conf"
    """Name of the file with the dialplan."""
    firewall: str = ""
    """Rules of the firewall in front (nft or iptables-save), empty where they are not known."""
    whole: bool = True
    """Whether all files are there, so that a link to nothing is a broken one."""
    refused: list[ParseError] = field(default_factory=list)
    """The files that Asterisk would refuse as a whole."""

    def config(self, name: str) -> Config:
        """A file with what it includes; empty where it is missing or refused."""
        try:
            return config.read(self.files, name) if name in self.files else Config()
        except ParseError as why:
            if str(why) not in map(str, self.refused):
                self.refused.append(why)
            return Config()

    @cached_property
    def objects(self) -> Objects:
        """The PJSIP objects."""
        return objects.made(self.config(self.pjsip), self.config("pjsip_wizard.conf"))

    @cached_property
    def plan(self) -> Dialplan:
        """The dialplan; empty where there is none."""
        return dialplan.made(self.config(self.extensions))

    @property
    def has_plan(self) -> bool:
        """Whether there is a dialplan to look at."""
        return bool(self.plan.contexts)

    @cached_property
    def trunks(self) -> list[Object]:
        """Endpoints that are reached at a fixed address: those whose AOR has a contact."""
        return [each for each in self.objects.endpoints.values() if self.contacts(each)]

    @cached_property
    def phones(self) -> list[Object]:
        """Endpoints that register with us."""
        return [
            each
            for each in self.objects.endpoints.values()
            if not self.contacts(each) and any(aor.value("max_contacts") not in ("", "0") for aor in self.aors(each))
        ]

    def aors(self, endpoint: Object) -> list[Object]:
        """The AORs of an endpoint."""
        return [self.objects.aors[name] for name in endpoint.words("aors") if name in self.objects.aors]

    def contacts(self, endpoint: Object) -> list[Option]:
        """The fixed contacts of an endpoint."""
        named = [option for aor in self.aors(endpoint) for option in aor.options]
        return [option for option in named if option.name.lower() == "contact" and option.value]

    def hosts(self, endpoint: Object) -> list[str]:
        """Hosts of an endpoint's fixed contacts."""
        return [host for option in self.contacts(endpoint) if (host := host_of(option.value))]

    def identifies(self, endpoint: Object) -> list[Object]:
        """What identifies an endpoint."""
        return [each for each in self.objects.identifies.values() if each.value("endpoint") == endpoint.id]

    def registrations(self, endpoint: Object) -> list[Object]:
        """The registrations of a trunk: those at the host of its contact, and those with its line."""
        hosts = self.hosts(endpoint)
        return [
            each
            for each in self.objects.registrations.values()
            if each.value("endpoint") == endpoint.id or host_of(each.value("server_uri")) in hosts
        ]

    def transport(self, endpoint: Object) -> Object | None:
        """The transport of an endpoint: the one it names, else the only one there is."""
        transports = self.objects.transports
        named = transports.get(endpoint.value("transport"))
        return named or (next(iter(transports.values())) if len(transports) == 1 else None)

    def dialled(self, extension: Extension) -> Iterator[tuple[str, int]]:
        """The endpoints that an extension dials by PJSIP, with the priority; those made of variables left out."""
        for step in extension.steps.values():
            if step.application.lower() in ("dial", "queue", "originate"):
                for match in _DIALLED.finditer(step.arguments):
                    name = match[1].partition("/")[0].rpartition("@")[2]
                    if "$" not in name:
                        yield name.strip(), step.priority


def host_of(uri: str) -> str:
    """The host of a SIP URI, without brackets; empty where there is none."""
    match = _HOST.match(uri.strip())
    return match[1].strip("[]") if match else ""


def network_of(text: str) -> Network | None:
    """An address or a network as one; None for a name."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def covers(networks: list[str], host: str) -> bool:
    """Whether an address lies in one of these networks, or a name is one of these names."""
    address = network_of(host)
    if address is None:
        return host.lower() in [each.strip().lower() for each in networks]
    found = [network for each in networks if (network := network_of(each)) and network.version == address.version]
    return any(address.network_address in network for network in found)
