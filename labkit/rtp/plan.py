"""What a media session is told to do: what offer and answer agreed on, what to play, what to do wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from labkit.rtp.codec import PCMU, Codec
from labkit.rtp.datagrams import Address
from labkit.rtp.fault import MediaFaults
from labkit.rtp.source import NOTHING, Source
from labkit.rtp.srtp import Crypto
from labkit.rtp.ticker import TICK_MS

NO_FAULTS = MediaFaults()
"""Media as it should be."""

LONGEST_PTIME_MS = 120
"""No packet holds more audio: it would not fit an Ethernet frame much longer."""


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """One media description from this side's view; the fields are the parameters of `MediaSession.start`."""

    remote: Address | None = None
    """Where to send RTP; None, port 0, host 0.0.0.0 or a name sends nothing."""
    payload_type: int = 0
    """The payload type to send audio under."""
    receive_payload_type: int | None = None
    """The payload type to expect audio under; None: the same."""
    codec: Codec | str = PCMU
    """The codec, or its name."""
    ptime_ms: int = 20
    """Audio in one packet; sent as a multiple of 10, since a=ptime is a wish (RFC 8866, section 6.4)."""
    source: Source = NOTHING
    """What to send."""
    direction: str = "sendrecv"
    """sendrecv, sendonly, recvonly or inactive (RFC 3264, section 5.1)."""
    dtmf_payload_type: int | None = None
    """The payload type to send RFC 4733 events under; None: digits go as tones in the audio."""
    dtmf_clock_rate_hz: int = 8000
    """The clock of that payload type."""
    dtmf_receive: Mapping[int, int] | None = None
    """The payload types to expect events under, with their clocks; None: the one to send under."""
    detect_inband: bool = False
    """Whether to look for digits as tones in the audio: 1 % of a core for a session."""
    srtp: Crypto | None = None
    """The keys for SRTP and SRTCP; None sends in clear."""
    latch: bool = False
    """Whether to send to where packets come from instead of `remote` (symmetric RTP, RFC 4961), as an SBC does."""
    rtcp_remote: Address | None = None
    """Where to send RTCP (RFC 3605); None: the port above `remote`."""
    rtcp_interval_s: float = 5.0
    """The mean time between reports (RFC 3550, section 6.2); 0 sends none."""
    faults: MediaFaults = NO_FAULTS
    """What to do wrong."""

    @property
    def reachable(self) -> bool:
        """Whether there is an address to send to; a name is none, for nothing here waits for DNS."""
        host, port = self.remote or ("", 0)
        try:
            return port != 0 and not ip_address(host).is_unspecified
        except ValueError:
            return False

    @property
    def sends(self) -> bool:
        """Whether RTP may leave."""
        return self.reachable and self.direction in ("sendrecv", "sendonly")

    @property
    def sent_ptime_ms(self) -> int:
        """The audio in one packet as it is sent: the agreed unless that is a fault, in whole steps of the clock."""
        wanted = self.faults.ptime_ms or self.ptime_ms
        return max(TICK_MS, min(LONGEST_PTIME_MS, wanted - wanted % TICK_MS))

    @property
    def sound(self) -> tuple[object, ...]:
        """What decides which payloads are sent."""
        return self.source, self.codec, self.sent_ptime_ms, self.payload_type

    @property
    def disturbance(self) -> tuple[object, ...]:
        """What decides which packets the faults change, and into what."""
        return self.faults, self.codec, self.sent_ptime_ms, self.payload_type

    @property
    def events_expected(self) -> Mapping[int, int]:
        """Payload types and clocks of the events that may come."""
        if self.dtmf_receive is not None:
            return self.dtmf_receive
        return {} if self.dtmf_payload_type is None else {self.dtmf_payload_type: self.dtmf_clock_rate_hz}
