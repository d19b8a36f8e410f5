"""What a carrier's customer sees, in values: registrations, call attempts, trunks, the portal's page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Registered:
    """One binding as the portal shows it."""

    trunk: str
    """Name of the trunk."""
    account: str
    """Account it belongs to."""
    contact: str
    """Contact URI as sent."""
    source: str
    """Address and port the REGISTER came from."""
    transport: str
    """UDP, TCP or TLS."""
    expires_s: float
    """Seconds left."""
    user_agent: str
    """User-Agent of the customer's PBX."""


@dataclass(frozen=True, slots=True)
class CallEntry:
    """One call attempt as the customer's portal lists it."""

    id: str
    """Name of the call: `call-1`."""
    direction: str
    """outbound (from the customer) or inbound (to the customer)."""
    trunk: str
    """Name of the trunk; empty where none matched."""
    caller: str
    """Caller ID as it was shown to the called side; empty for withheld."""
    called: str
    """Called number as dialled."""
    source: str
    """Peer's address."""
    begun_s: float
    """Seconds since the provider started."""
    state: str = "refused"
    """calling, ringing, answered, confirmed, ended or refused."""
    status: int | None = None
    """Final status; None while there is none, 0 when the provider stayed silent."""
    reason: str = ""
    """Its reason phrase or what ended the call."""
    duration_s: float | None = None
    """Seconds from answer to end."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A trunk as its customer sees it; the rules of the carrier's SBC are not shown."""

    name: str
    """Name of the trunk."""
    kind: str
    """registration or address."""
    account: str
    """Account name, empty for an address trunk."""
    server: str
    """Address of the SBC to register at and send calls to."""
    domain: str
    """SIP domain of the provider."""
    numbers: tuple[str, ...]
    """Numbers routed to it."""
    allowed_addresses: tuple[str, ...]
    """Source addresses that may send calls."""
    verified_callers: tuple[str, ...]
    """Caller IDs that the customer proved to own, besides the numbers."""
    channels: int
    """Concurrent calls paid for."""
    calls_up: int
    """Calls that live now."""
    suspended: bool
    """Whether the trunk is blocked."""


@dataclass(frozen=True, slots=True)
class PortalView:
    """One page of the portal."""

    title: str
    """The provider's name."""
    trunks: tuple[TrunkView, ...]
    """The customer's trunks."""
    registrations: tuple[Registered, ...]
    """What is registered now."""
    calls: tuple[CallEntry, ...]
    """Call attempts with final status and reason, the newest last."""
