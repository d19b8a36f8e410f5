"""How a lab is: registrations and contacts as Asterisk reports them over AMI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import HostError
from labkit.lab.ami import Message
from labkit.lab.asterisk import Asterisk
from labkit.sip.uri import Uri

if TYPE_CHECKING:
    from labkit.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of an AOR (Asterisk, `PJSIPShowEndpoint`)."""

    state: str
    """Reachable, Unreachable, NonQualified, Unknown."""
    address: str
    """IP address or host name of its URI."""
    qualified: bool
    """Whether Asterisk sends it OPTIONS (`qualify_frequency`), and so can know."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the lab is, in short."""

    name: str
    runtime: str
    capabilities: tuple[str, ...]
    """What the runtime can do, of: capture, firewall, impairment, nat."""
    running: bool
    asterisk: str = ""
    """Asterisk's version, empty where it does not run."""
    registrations: Mapping[str, str] | None = None
    """State of each outbound registration: Registered, Rejected, Unregistered, ..."""
    contacts: Mapping[str, str] | None = None
    """State of each contact by its AOR."""
    changed: tuple[str, ...] = ()
    """Configuration files that differ from the healthy lab's."""


def of(lab: Lab) -> Status:
    """How a lab is now."""
    capabilities = tuple(sorted(lab.runtime.capabilities))
    if not lab.ready:
        return Status(lab.name, lab.runtime.name, capabilities, running=False)
    return Status(
        lab.name,
        lab.runtime.name,
        capabilities,
        running=True,
        asterisk=lab.asterisk("core show version").split()[1].split("+")[0],
        registrations=registrations(lab.pbx),
        contacts={name: contact.state for name, contact in contacts(lab.pbx).items()},
        changed=tuple(lab.config.changed()),
    )


def registrations(pbx: Asterisk) -> dict[str, str]:
    """State of each outbound registration."""
    events = listed(pbx, "PJSIPShowRegistrationsOutbound")
    return {event["ObjectName"]: event["Status"] for event in events if event["Event"] == "OutboundRegistrationDetail"}


def contacts(pbx: Asterisk) -> dict[str, Contact]:
    """Each contact by its AOR."""
    found: dict[str, Contact] = {}
    for endpoint in listed(pbx, "PJSIPShowEndpoints"):
        events = pbx.action("PJSIPShowEndpoint", Endpoint=endpoint["ObjectName"]).events
        qualified = {event["ObjectName"] for event in events if event.get("QualifyFrequency", "0") != "0"}
        for event in events:
            if event["Event"] == "ContactStatusDetail":
                address = Uri.parse(event["URI"]).host
                found[event["AOR"]] = Contact(event["Status"], address, event["AOR"] in qualified)
    return found


def qualify(pbx: Asterisk, reachable: bool = False) -> None:
    """Have Asterisk ask its contacts now, not at their next turn: those it has not reached, or the `reachable` too."""
    for name, contact in contacts(pbx).items():
        if contact.qualified and (reachable or contact.state != "Reachable"):
            pbx.command(f"pjsip qualify {name}")


def waiting(pbx: Asterisk) -> list[str]:
    """What is not yet as it is in a healthy lab, in words; empty when all is ready."""
    found = [f"registration {name} is {state}" for name, state in registrations(pbx).items() if state != "Registered"]
    for name, contact in contacts(pbx).items():
        if contact.qualified and contact.state != "Reachable":
            found.append(f"contact of {name} is {contact.state}")
    return found


def listed(pbx: Asterisk, action: str) -> list[Message]:
    """Events of a list action, none where Asterisk has nothing to list."""
    try:
        return pbx.action(action).events
    except HostError as why:
        if "refused" in why.facts:  # AMI answers an empty list with an error
            return []
        raise
