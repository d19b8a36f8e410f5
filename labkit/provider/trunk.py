"""A customer trunk as data: what it may do, what is demanded of it, how calls are sent to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from labkit.provider.numbering import Form
from labkit.sip.offer import Security

Treatment = Literal["accept", "ignore", "refuse"]
DidHeader = Literal["request-uri", "to", "p-called-party-id", "diversion"]


@dataclass(frozen=True, slots=True)
class Registration:
    """How REGISTER is treated (RFC 3261 section 10.3)."""

    treatment: Treatment = "accept"
    """accept checks the digest; ignore is an outage; refuse answers `status`."""
    status: int = 403
    """Answer of `refuse`."""
    reason: str = ""
    """Reason phrase of `refuse`; the usual one where empty."""
    min_expires_s: int = 60
    """Shorter wishes are answered by 423."""
    max_expires_s: int = 3600
    """Longer wishes are cut to this."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How credentials are asked for (RFC 7616)."""

    algorithms: tuple[str, ...] = ("MD5",)
    """Offered in this order: MD5, SHA-256, SHA-512-256."""
    realm: str = ""
    """Realm of challenges; the provider's domain where empty."""
    qop: tuple[str, ...] = ("auth",)
    """Empty for the form of RFC 2069."""
    nonce_life_s: float = 300.0
    """Older nonces are stale."""
    invite_status: Literal[401, 407] = 407
    """How an INVITE is challenged."""
    more_realms: tuple[str, ...] = ()
    """Further realms challenged beside ours, which nobody can answer."""


@dataclass(frozen=True, slots=True)
class Options:
    """How OPTIONS is treated (the customer's qualify)."""

    treatment: Treatment = "accept"
    """accept answers 200, ignore stays silent, refuse answers `status`."""
    status: int = 403
    """Answer of `refuse`."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """Which caller ID is believed, and what becomes of a foreign one (RFC 3325, RFC 3323)."""

    precedence: tuple[str, ...] = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "From")
    """Header names; the first that is there counts."""
    foreign: Literal["reject", "replace", "pass"] = "replace"
    """What happens to a number that is neither a DID of the trunk nor verified."""
    forms: tuple[Form, ...] = ("+e164", "e164")
    """Forms that are understood; any other is foreign."""
    verified: tuple[str, ...] = ()
    """Numbers in +E.164 that the customer proved to own."""
    default: str = ""
    """Number shown when replacing; the first DID where empty."""
    status: int = 403
    """Answer of `reject`."""
    reason: str = "Caller ID not allowed"
    """Reason phrase of `reject`."""
    withheld: Literal["pass", "reject"] = "pass"
    """An anonymous From without an identity of the trunk: shown as withheld, or 433 (RFC 5079)."""
    forwarded_needs: str = ""
    """Header that makes a foreign number acceptable (Diversion, History-Info); empty for none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the customer pays for."""

    channels: int = 30
    """Concurrent calls."""
    channel_status: int = 403
    """Answer above it."""
    channel_reason: str = "Channel limit exceeded"
    """Its reason phrase."""
    cps: float = 10.0
    """New calls per second."""
    cps_status: int = 503
    """Answer above it."""
    cps_reason: str = "Call rate exceeded"
    """Its reason phrase."""


@dataclass(frozen=True, slots=True)
class SessionTimers:
    """Wishes about RFC 4028."""

    expires_s: int = 1800
    """Wished interval; 0 asks for none."""
    min_se_s: int = 90
    """Shorter ones are answered by 422."""
    refresher: Literal["", "uac", "uas"] = ""
    """Who must refresh; empty leaves it open."""
    refresh_s: float = 0.0
    """Refresh so early, where it is the provider's turn, and not at half of the interval."""
    enabled: bool = True
    """False: no Supported: timer, no Session-Expires."""


@dataclass(frozen=True, slots=True)
class Sdp:
    """What is offered and accepted as audio (RFC 3264)."""

    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    """PCMA, PCMU, G722, G729, GSM ... in order of preference; those the lab cannot speak are only offered."""
    ptime_ms: int = 20
    """Wished packet time."""
    events_hz: tuple[int, ...] = (8000,)
    """Clock rates of telephone-event; empty offers none."""
    event_payload_types: tuple[int, ...] = (101, 96, 97)
    """Their payload types, in the order of the rates."""
    security: Security = "none"
    """SRTP by SDES: none, optional, required."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """How calls to the customer's numbers are sent."""

    did_in: DidHeader = "request-uri"
    """Where the called number stands; elsewhere stands the account or contact."""
    did_form: Form = "+e164"
    """How it is written."""
    caller_in: tuple[str, ...] = ("From", "P-Asserted-Identity")
    """Headers that carry the caller's number; with no From in here, From shows the account."""
    caller_form: Form = "+e164"
    """How it is written."""
    sbc: str = ""
    """Send from this SBC (first, second) instead of the trunk's own."""
    next_hop: Literal["source", "contact"] = "source"
    """Call a registered PBX where its REGISTER came from (as SBCs do), or at its Contact (RFC 3261 section 16.6)."""
    reliable: Literal["", "supported", "required"] = ""
    """100rel in the INVITE (RFC 3262)."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers of the INVITE, such as Identity or Diversion."""
    with_offer: bool = True
    """False sends the INVITE without SDP."""
    multipart: bool = False
    """Put the SDP beside an ISUP part that demands handling (RFC 3204, RFC 5621)."""
    caller_name: str = ""
    """Display name of the caller; none where empty."""
    cancel_after_s: float = 0.0
    """Cancel an unanswered call after this; 0 waits for 60 s."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """What is demanded of calls from the customer."""

    number_forms: tuple[Form, ...] = ("+e164", "e164", "international")
    """Accepted forms of the called number."""
    number_status: int = 404
    """Answer to another form or an unknown number."""
    uri_host: Literal["any", "domain", "address"] = "any"
    """What the Request-URI's host must be; a wrong one is `host_treatment`."""
    host_treatment: Treatment = "refuse"
    """What happens to a wrong host: refuse answers 404, ignore stays silent."""
    from_host: Literal["any", "domain"] = "any"
    """What the From's host must be; a wrong one is refused by 403."""
    from_user: Literal["any", "account"] = "any"
    """What the From's user must be; a wrong one is refused by 403."""
    blocked_prefixes: tuple[str, ...] = ()
    """Destinations that are not enabled (+E.164 prefixes)."""
    blocked_status: int = 403
    """Answer to those."""
    identity: Literal["", "required"] = ""
    """Demand an Identity header (RFC 8224); without one 428."""
    require: tuple[str, ...] = ()
    """Option tags a request must support (Supported or Require), else 421."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """One customer trunk."""

    name: str
    """How labkit names it."""
    kind: Literal["registration", "address"] = "registration"
    """By account and password, or by source address."""
    account: str = ""
    """Account name of a registration trunk."""
    password: str = ""
    """Its secret."""
    dids: tuple[str, ...] = ()
    """Numbers in +E.164 that are routed to this trunk."""
    sbc: str = "first"
    """The SBC that serves it: first or second."""
    allow: tuple[str, ...] = ()
    """Source addresses: names given by --host, or addresses; empty allows any (registration trunks)."""
    peer: str = ""
    """Where an address trunk's inbound calls go: a name or address, with :port where not 5060."""
    transports: tuple[str, ...] = ("udp", "tcp", "tls")
    """Accepted transports; on others nothing is answered."""
    suspended: bool = False
    """Every call is refused by 403."""
    challenge_invite: bool = True
    """Whether a registration trunk's INVITE needs credentials."""
    registration: Registration = field(default_factory=Registration)
    """REGISTER."""
    digest: Digest = field(default_factory=Digest)
    """Challenges."""
    options: Options = field(default_factory=Options)
    """OPTIONS."""
    caller_id: CallerId = field(default_factory=CallerId)
    """Caller ID of outbound calls."""
    limits: Limits = field(default_factory=Limits)
    """Caps."""
    timers: SessionTimers = field(default_factory=SessionTimers)
    """Session timers."""
    sdp: Sdp = field(default_factory=Sdp)
    """Media."""
    inbound: Inbound = field(default_factory=Inbound)
    """Calls to the customer."""
    outbound: Outbound = field(default_factory=Outbound)
    """Calls from the customer."""

    @property
    def main_number(self) -> str:
        """The number shown when a caller ID is replaced."""
        return self.caller_id.default or next(iter(self.dids), "")
