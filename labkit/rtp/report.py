"""What a media session tells about itself: figures per SSRC, the tone heard, the digits heard."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.rtp.datagrams import Address
from labkit.rtp.tone import MeasuredTone


@dataclass(frozen=True, slots=True)
class Digit:
    """A DTMF digit that was received (RFC 4733, section 2.3)."""

    digit: str
    """0 to 9, *, #, A to D, or ! for flash."""
    duration_ms: float
    """How long it sounded, as its last packet says."""
    begin_s: float
    """When its first packet arrived, in seconds since 1970."""
    ended: bool = True
    """Whether a packet with the end bit came; else its duration is a lower bound."""
    inband: bool = False
    """Whether it was heard as two tones in the audio (ITU-T Q.23) instead of RFC 4733 events."""


@dataclass(frozen=True, slots=True)
class ReceivedStream:
    """What came from one SSRC (RFC 3550, section 6.4.1)."""

    ssrc: int
    """The synchronization source."""
    addresses: tuple[Address, ...]
    """Where its packets came from, in order of first sight."""
    packets: int
    """All packets, duplicates and late ones included."""
    expected: int
    """How many the sequence numbers speak of."""
    lost: int
    """How many of those never came."""
    duplicates: int
    """Packets that had come before."""
    reordered: int
    """Packets that came after one with a higher sequence number."""
    restarts: int
    """Jumps of the sequence number too large to be loss (RFC 3550, appendix A.1)."""
    jitter_ms: float
    """Interarrival jitter at the last packet (RFC 3550, section 6.4.1)."""
    octets: int
    """Octets of payload."""
    payload_types: dict[int, int]
    """Packets per payload type, in order of first sight."""
    first_s: float
    """Arrival of the first packet, seconds since 1970."""
    last_s: float
    """Arrival of the last packet, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class FarView:
    """How the far side receives one of our streams, by its last report."""

    lost: int
    """The cumulative number of packets lost."""
    fraction_lost: float
    """The share lost between its last two reports, 0 to 1."""
    jitter: int
    """Interarrival jitter in ticks of the media clock."""
    round_trip_ms: float | None
    """The round trip; None until it has seen a report of ours."""


@dataclass(frozen=True, slots=True)
class SentStream:
    """What was sent under one SSRC, and what the far side said of it by RTCP (RFC 3550, section 6.4)."""

    ssrc: int
    """The synchronization source."""
    packets: int
    """Packets that left."""
    octets: int
    """Octets of payload."""
    payload_types: dict[int, int]
    """Packets per payload type, in order of first use."""
    first_s: float
    """When the first one left, seconds since 1970."""
    last_s: float
    """When the last one left, seconds since 1970."""
    reported_lost: int | None = None
    """The cumulative number of packets lost in the far side's last report."""
    reported_jitter_ms: float | None = None
    """The interarrival jitter in the far side's last report."""
    round_trip_ms: float | None = None
    """The round trip by the far side's last report (RFC 3550, section 6.4.1, LSR and DLSR)."""


@dataclass(frozen=True, slots=True)
class MediaReport:
    """One session's media up to now."""

    local: Address
    """Where RTP is received."""
    sent: tuple[SentStream, ...]
    """By SSRC, in order of first use."""
    received: tuple[ReceivedStream, ...]
    """By SSRC, in order of first sight."""
    tone: MeasuredTone
    """The tone in the newest tenth of a second of received audio."""
    dtmf: tuple[Digit, ...]
    """Digits received, in order."""
    invalid_packets: int
    """Datagrams that are no RTP or RTCP, or that failed SRTP authentication."""
    send_errors: int
    """Packets the system or libsrtp refused to send."""
    rtcp_received: int = 0
    """RTCP datagrams received."""

    @property
    def digits(self) -> str:
        """The digits received as one string."""
        return "".join(digit.digit for digit in self.dtmf)
