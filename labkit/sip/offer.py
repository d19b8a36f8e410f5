"""Offer and answer of one audio stream (RFC 3264): what both sides can do, and what came out of it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from secrets import token_bytes
from typing import Literal

from labkit.sip.sdp import Format, Line, MediaDescription, SessionDescription

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Security = Literal["none", "optional", "required"]

PCMU, PCMA, G722 = Format(0, "PCMU", 8000), Format(8, "PCMA", 8000), Format(9, "G722", 8000)
TELEPHONE_EVENT = Format(101, "telephone-event", 8000, "0-16")
"""RFC 4733 section 2.4."""

SUITES = {"AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30}
"""SRTP suite to length of master key and salt in bytes (RFC 4568 section 6.2)."""

_REVERSE: dict[str, Direction] = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_NOWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - RFC 3264's old form of hold, not a bind address


@dataclass(frozen=True, slots=True)
class Crypto:
    """One `a=crypto` line (RFC 4568 section 4)."""

    tag: int
    """Number that pairs offer and answer."""
    suite: str
    """Crypto suite name."""
    key: bytes
    """Master key followed by master salt, of the side that wrote the line."""

    @classmethod
    def parse(cls, value: str) -> Crypto | None:
        """Read a line; None for a suite or key that is not usable."""
        parts = value.split()
        if len(parts) < 3 or not parts[0].isascii() or not parts[0].isdigit() or not parts[2].startswith("inline:"):
            return None
        try:
            key = b64decode(parts[2][7:].partition("|")[0], validate=True)
        except (Base64Error, ValueError):
            return None
        return cls(int(parts[0][:9]), parts[1], key) if len(key) == SUITES.get(parts[1]) else None

    @classmethod
    def make(cls, tag: int, suite: str) -> Crypto:
        """Make a line with a new key."""
        return cls(tag, suite, token_bytes(SUITES[suite]))

    def line(self) -> Line:
        """Write the line."""
        return "a", f"crypto:{self.tag} {self.suite} inline:{b64encode(self.key).decode()}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one side is willing to send and receive."""

    formats: tuple[Format, ...] = (PCMA, PCMU, TELEPHONE_EVENT)
    """Codecs and telephone-events in order of preference."""
    ptime_ms: int | None = 20
    """Written as `a=ptime`; None writes none."""
    security: Security = "none"
    """SDES: none speaks RTP/AVP only, required RTP/SAVP only; optional answers both and offers RTP/AVP with a key,
    as Asterisk's `media_encryption_optimistic` does."""
    own_order: bool = False
    """Answer in this side's order of preference instead of the offer's."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an offer and its answer mean for this side."""

    remote: tuple[str, int]
    """Where media goes: address and port; port 0 when the stream was refused."""
    codec: Format
    """What to send; the payload type is the remote's."""
    local_payload_type: int
    """Payload type under which the same codec comes in."""
    direction: Direction
    """Seen from this side."""
    ptime_ms: int
    """Packet time to send with."""
    dtmf: Format | None = None
    """telephone-event to send, at the codec's clock rate where the remote takes it."""
    dtmf_receive: tuple[tuple[int, int], ...] = ()
    """Payload types under which telephone-events may come in, each with its clock rate in Hz."""
    send_crypto: Crypto | None = None
    """Our key; None for plain RTP."""
    receive_crypto: Crypto | None = None
    """Their key."""
    rtcp_remote: tuple[str, int] | None = None
    """Where RTCP goes (RFC 3605); None for the port above RTP."""

    @property
    def sends(self) -> bool:
        """Whether this side sends media."""
        return self.direction in ("sendrecv", "sendonly") and self.remote[1] != 0 and self.remote[0] not in _NOWHERE

    @property
    def receives(self) -> bool:
        """Whether this side expects media."""
        return self.direction in ("sendrecv", "recvonly")


class Refused(Exception):
    """No part of an offer is acceptable: answered by 488 (RFC 3261 section 13.3.1.3)."""


def make_media(
    port: int, capabilities: Capabilities, formats: Iterable[Format], direction: Direction, crypto: Crypto | None,
    protocol: str,
) -> MediaDescription:  # fmt: skip
    """Write one audio section."""
    formats = tuple(formats)
    lines: list[Line] = [line for item in formats for line in item.lines()]
    lines += [("a", f"ptime:{capabilities.ptime_ms}")] if capabilities.ptime_ms else []
    lines += [crypto.line()] if crypto else []
    kinds = tuple(str(item.payload_type) for item in formats)
    return MediaDescription("audio", port, protocol, kinds, (*lines, ("a", direction)))


def offer_media(port: int, capabilities: Capabilities, direction: Direction, crypto: Crypto | None) -> MediaDescription:
    """Write the audio section of an offer (RFC 3264 section 5.1)."""
    protocol = "RTP/SAVP" if capabilities.security == "required" else "RTP/AVP"
    return make_media(port, capabilities, capabilities.formats, direction, crypto, protocol)


def answer(
    offer: SessionDescription, capabilities: Capabilities, port: int, wish: Direction = "sendrecv",
    crypto: Crypto | None = None,
) -> tuple[tuple[MediaDescription, ...], Agreed]:  # fmt: skip
    """Answer an offer (RFC 3264 section 6): one section for each of its; Refused when no audio can be agreed.

    `crypto` is our key so far: it stays when the offer has its tag and suite.
    """
    theirs = next((media for media in offer.media if media.kind == "audio" and media.port), None)
    if theirs is None:
        raise Refused("the offer has no audio")
    keys = _answer_crypto(theirs, capabilities.security, crypto)
    common = _common(theirs.rtp_formats, capabilities)
    agreed = _agreed(offer, theirs, common, common, wish, keys)
    mine = make_media(port, capabilities, common, agreed.direction, agreed.send_crypto, theirs.protocol)
    sections = tuple(mine if media is theirs else replace(media, port=0, lines=()) for media in offer.media)
    return sections, agreed


def conclude(ours: MediaDescription, crypto: Crypto | None, theirs: SessionDescription) -> Agreed:
    """Read the answer to our offer (RFC 3264 section 7); Refused when it takes none of our codecs or no key of ours."""
    media = theirs.audio
    if media is None or not media.port:
        raise Refused("the answer refuses the audio")
    keys = _concluded_crypto(ours, crypto, media)
    offered = {item.key for item in ours.rtp_formats}
    common = [item for item in media.rtp_formats if item.key in offered]
    if all(_is_event(item) for item in common):
        raise Refused("the answer names no codec of the offer")
    wish = next((value for kind, value in ours.lines if kind == "a" and value in _REVERSE), "sendrecv")
    return _agreed(theirs, media, common, ours.rtp_formats, wish, keys)


Keys = tuple[Crypto | None, Crypto | None]
"""Ours and theirs."""


def _agreed(
    theirs: SessionDescription, media: MediaDescription, common: Sequence[Format], ours: Sequence[Format], wish: str,
    keys: Keys,
) -> Agreed:  # fmt: skip
    """Put together what holds: `common` under their payload types, `ours` under our own."""
    codec = next(item for item in common if not _is_event(item))
    shared = {item.key for item in common}
    return Agreed(
        remote=(theirs.address(media), media.port),
        codec=codec,
        local_payload_type=next(item.payload_type for item in ours if item.key == codec.key),
        direction=answered_direction(_direction(theirs, media), wish),
        ptime_ms=media.packet_ms,
        dtmf=_event(common, codec),
        dtmf_receive=tuple((i.payload_type, i.clock_rate_hz) for i in ours if _is_event(i) and i.key in shared),
        send_crypto=keys[0],
        receive_crypto=keys[1],
        rtcp_remote=theirs.rtcp(media),
    )


def answered_direction(theirs: str, wish: str) -> Direction:
    """Combine the remote's direction with our wish (RFC 3264 section 6.1)."""
    mirrored = _REVERSE.get(theirs, "sendrecv")
    sends = mirrored in ("sendrecv", "sendonly") and wish in ("sendrecv", "sendonly")
    receives = mirrored in ("sendrecv", "recvonly") and wish in ("sendrecv", "recvonly")
    if sends and receives:
        return "sendrecv"
    return "sendonly" if sends else "recvonly" if receives else "inactive"


def _direction(description: SessionDescription, media: MediaDescription) -> str:
    """The direction as written; an address of zeros is the hold of RFC 2543."""
    written = description.direction(media)
    if description.address(media) in _NOWHERE and written == "sendrecv":
        return "sendonly"
    return written


def _is_event(item: Format) -> bool:
    return item.name.lower() == "telephone-event"


def _common(offered: Sequence[Format], capabilities: Capabilities) -> list[Format]:
    known = {item.key: item for item in capabilities.formats}
    common = [_as_ours(item, known[item.key]) for item in offered if item.key in known]
    if capabilities.own_order:
        order = [item.key for item in capabilities.formats]
        common.sort(key=lambda item: order.index(item.key))
    if all(_is_event(item) for item in common):
        shown = ", ".join(f"{item.name}/{item.clock_rate_hz}" for item in offered)
        raise Refused(f"no common codec: {shown} offered")
    return common


def _as_ours(theirs: Format, ours: Format) -> Format:
    return theirs if theirs.fmtp == ours.fmtp else replace(theirs, fmtp=ours.fmtp)


def _event(formats: Sequence[Format], codec: Format) -> Format | None:
    """The telephone-event of the codec's clock rate, else the first (RFC 4733 section 2.1 wants one rate)."""
    events = [item for item in formats if _is_event(item)]
    fitting = [item for item in events if item.clock_rate_hz == codec.clock_rate_hz]
    return next(iter(fitting or events), None)


def _cryptos(media: MediaDescription) -> list[Crypto]:
    return [found for value in media.attributes("crypto") if (found := Crypto.parse(value))]


def _answer_crypto(media: MediaDescription, security: Security, ours: Crypto | None) -> Keys:
    """Pair our key with theirs; Refused when the protocol is not acceptable (RFC 4568 section 5.1.2)."""
    if media.secure != (security == "required") and security != "optional":
        raise Refused(f"{media.protocol} offered, SRTP is {security} here")
    theirs = next(iter(_cryptos(media)), None) if security != "none" else None
    if theirs is None:
        if media.secure:
            raise Refused("no usable crypto line")
        return None, None
    same = ours is not None and (ours.tag, ours.suite) == (theirs.tag, theirs.suite)
    return ours if same else Crypto.make(theirs.tag, theirs.suite), theirs


def _concluded_crypto(ours: MediaDescription, crypto: Crypto | None, theirs: MediaDescription) -> Keys:
    """Find their key to ours: the line with the tag and suite of our offer, and no other (RFC 4568 section 5.1.3)."""
    if ours.secure != theirs.secure:
        raise Refused(f"{ours.protocol} offered, {theirs.protocol} answered")
    if crypto is None or not (theirs.secure or theirs.attribute("crypto")):
        return None, None
    fitting = [item for item in _cryptos(theirs) if (item.tag, item.suite) == (crypto.tag, crypto.suite)]
    if len(fitting) != 1 or len(theirs.attributes("crypto")) != 1:
        raise Refused(f"the answer must have one usable crypto line of tag {crypto.tag} and suite {crypto.suite}")
    return crypto, fitting[0]
