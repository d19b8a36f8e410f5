"""The data of a ladder: columns, arrows and legs, before anybody has thought of ink or characters.

The same sheet is laid out once (`labkit.show.layout`) and drawn as text, picture, Mermaid and HTML.
Arrows are numbered F1, F2, ... as in the call flows of RFC 3665.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an arrow stands for."""

    SIP = "SIP"
    RTP = "RTP"
    RTCP = "RTCP"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Column:
    """One lifeline: a host by its alias, with the addresses that it was seen to use."""

    name: str
    """Alias of the host, or its address where no alias is known."""
    addresses: tuple[str, ...] = ()
    """IP addresses in order of appearance."""
    nat: bool = False
    """True where messages pass through it and leave with another address."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A small line beneath an arrow, with the port kept apart because it differs from run to run."""

    text: str
    """What is said, such as "offer PCMU 10.10.0.21"."""
    port: int | None = None
    """Port of the address that ends the text."""
    alarm: bool = False
    """True where the line names something that will hurt, such as a private address seen outside."""

    def line(self, *, ports: bool) -> str:
        """The line, with or without its port."""
        return f"{self.text}:{self.port}" if ports and self.port is not None else self.text


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of RTP between two columns."""

    codec: str
    """Encoding name, such as PCMU."""
    packets: int
    """Packets received at the capture point."""
    lost: int = 0
    """Packets missing by their sequence numbers (RFC 3550, A.3)."""

    @property
    def expected(self) -> int:
        """Packets that should have come."""
        return self.packets + self.lost

    @property
    def loss(self) -> str:
        """How much was lost, in words."""
        if not self.lost:
            return "none lost"
        return f"{self.lost} lost ({100 * self.lost / self.expected:.1f} %)"

    @property
    def words(self) -> str:
        """Packets and loss."""
        return f"{self.packets} packet{'' if self.packets == 1 else 's'}, {self.loss}"


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message, one pair of RTP flows or one note between two columns."""

    kind: Kind
    """SIP, RTP, RTCP or note."""
    source: str
    """Name of the column that it leaves."""
    target: str
    """Name of the column that it reaches."""
    time_s: float
    """Seconds since the first message of the ladder."""
    label: str
    """Method, or code and reason; for RTP the codec."""
    frame: int | None = None
    """Frame number in the capture file, from 1."""
    code: int | None = None
    """Status code of a response."""
    details: tuple[Detail, ...] = ()
    """Small lines beneath, the SDP summary first."""
    through: str | None = None
    """Name of the NAT column that it passes on its way."""
    changes: tuple[Detail, ...] = ()
    """What the NAT rewrote, and what it left."""
    again: bool = False
    """True for a retransmission."""
    leg: int | None = None
    """Index of its leg in the sheet."""
    call: int | None = None
    """Number of its call, from 1."""
    key: str = ""
    """Identity of the transaction: equal for a request and its responses."""
    end_s: float | None = None
    """When the last packet came (RTP), or the last folded message."""
    forward: Flow | None = None
    """RTP from source to target."""
    backward: Flow | None = None
    """RTP from target to source."""
    raw: bytes = b""
    """The message as it was on the wire."""
    file: str = ""
    """Path of the capture file that the frame is in."""

    @property
    def response_class(self) -> int:
        """First digit of the code; 0 for a request."""
        return (self.code or 0) // 100


@dataclass(frozen=True, slots=True)
class Leg:
    """One dialog of a call, as a B2BUA has at least two of them."""

    name: str
    """Who talks to whom, such as "phone-1001 to pbx"."""
    evidence: str = ""
    """Why it belongs to the same call as the leg before it."""

    def line(self, *, exact: bool = True) -> str:
        """Name and evidence in one line; evidence has times and identities, which differ from run to run."""
        return f"{self.name} ({self.evidence})" if self.evidence and exact else self.name


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a ladder shows, in order of time."""

    columns: tuple[Column, ...]
    """Lifelines in order of first appearance; the layout may reorder them."""
    arrows: tuple[Arrow, ...]
    """In order of time."""
    legs: tuple[Leg, ...] = ()
    """Legs that arrows refer to by index."""
    title: str = ""
    """One line above the ladder."""
    fixed: bool = field(default=False)
    """True where the caller gave the order of the columns."""
