"""From policy to media: capabilities, sessions, and the fax offer nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from labkit.provider.policy import MediaPolicy
from labkit.provider.telephone import Telephone
from labkit.provider.trunk import Sdp, Trunk
from labkit.rtp.session import MediaSession
from labkit.rtp.source import read_source
from labkit.rtp.srtp import Crypto
from labkit.sip.media import Media, Negotiation, NoMedia, RtpMedia
from labkit.sip.offer import Capabilities
from labkit.sip.sdp import STATIC_FORMATS, Format, MediaDescription, SessionDescription

DISCARD_PORT = 9
"""Port written into SDP by telephones without media (RFC 863)."""


@lru_cache(maxsize=64)
def capabilities_of(sdp: Sdp) -> Capabilities:
    """Turn a trunk's SDP rules into what the negotiation needs."""
    static = {text.partition("/")[0]: int(kind) for kind, text in STATIC_FORMATS.items()}
    formats = [Format(static.get(name.upper(), 110 + place), name, 8000) for place, name in enumerate(sdp.codecs)]
    events = zip(sdp.event_payload_types, sdp.events_hz, strict=False)
    formats += [Format(kind, "telephone-event", rate, "0-16") for kind, rate in events]
    return Capabilities(tuple(formats), sdp.ptime_ms, sdp.security)


def negotiation_for(media: Media, trunk: Trunk) -> Negotiation:
    """Make the negotiation of one call on a trunk."""
    return Negotiation(media, capabilities_of(trunk.sdp))


def media_for(
    policy: MediaPolicy, telephone: Telephone | None, resolve: Callable[[str], str], plays: str = "none"
) -> tuple[Media, MediaSession | None]:
    """Open the media of one call; without a session for a telephone that has none."""
    host, shown = resolve(policy.host), resolve(policy.advertised)
    if telephone and telephone.media == "none":
        return NoMedia((shown or host, DISCARD_PORT)), None
    first, last = policy.ports
    session = MediaSession.open(host, range(first, last + 1))
    session.update(source=read_source(plays), faults=policy.faults, latch=policy.latch)
    return RtpMedia(session, Crypto, shown), session


def t38_offer(negotiation: Negotiation) -> bytes:
    """Offer fax over UDPTL instead of audio (ITU-T T.38 annex D)."""
    lines = (("a", "T38FaxVersion:0"), ("a", "T38MaxBitRate:14400"), ("a", "T38FaxRateManagement:transferredTCF"))
    host, port = negotiation.media.address
    return bytes(SessionDescription.make(host, [MediaDescription("image", port, "udptl", ("t38",), lines)], 1, 99))


def with_isup(sdp: bytes) -> tuple[str, bytes]:
    """Put a description beside an ISUP part that must be handled (RFC 3204 section 3, RFC 5621 section 8)."""
    isup = b"\x01\x00\x49\x00\x00\x03\x02\x00\x07"
    handling = b"Content-Disposition: signal;handling=required\r\n\r\n"
    parts = [
        b"Content-Type: application/sdp\r\n\r\n" + sdp,
        b"Content-Type: application/isup;version=itu-t92+\r\n" + handling + isup,
    ]
    body = b"".join(b"--isup\r\n" + part + b"\r\n" for part in parts) + b"--isup--\r\n"
    return "multipart/mixed;boundary=isup", body
