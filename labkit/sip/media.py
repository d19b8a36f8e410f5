"""What a call asks of a media session, and the negotiation that drives it. The sip room knows no RTP."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from labkit.errors import ParseError
from labkit.sip.message import Message
from labkit.sip.offer import Agreed, Capabilities, Crypto, Direction, Refused, answer, conclude, offer_media
from labkit.sip.sdp import MediaDescription, SessionDescription

_session_ids = count(3_000_000_000)


class Media(Protocol):
    """One audio session below a call."""

    @property
    def address(self) -> tuple[str, int]:
        """Address and port to advertise."""

    def apply(self, agreed: Agreed) -> None:
        """Start, or go on by a new agreement."""

    def stop(self) -> None:
        """Stop and free the port."""


class NoMedia:
    """Signalling only: advertises an address and does nothing (load tests, calls that need no audio)."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Advertise an address."""
        self.address = address

    def apply(self, agreed: Agreed) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class Session(Protocol):
    """The part of `labkit.rtp.session.MediaSession` that a call drives."""

    @property
    def local(self) -> tuple[str, int]:
        """Where RTP is received."""

    def update(self, **changes: Any) -> None:
        """Change the plan: remote, payload_type, codec, ptime_ms, direction, dtmf_payload_type, srtp."""

    def stop(self) -> None:
        """Close the sockets."""


class RtpMedia:
    """A media session as a call sees it."""

    SPOKEN = frozenset({"PCMA", "PCMU", "G722"})
    """Encodings that a session can send; others are agreed on, and nothing is sent."""

    def __init__(
        self, session: Session, crypto: Callable[[str, bytes, bytes], object], advertised_host: str = ""
    ) -> None:
        """Drive a session; `crypto` makes its keys of suite, sending and receiving key; advertise another host."""
        self.session, self._crypto = session, crypto
        self.address = (advertised_host or session.local[0], session.local[1])

    def apply(self, agreed: Agreed) -> None:
        """Tell the session what was agreed; by a codec it cannot speak it falls silent."""
        if agreed.codec.name.upper() not in self.SPOKEN:
            self.session.update(remote=agreed.remote, rtcp_remote=agreed.rtcp_remote, direction="inactive")
            return
        keys = None
        if agreed.send_crypto and agreed.receive_crypto:
            keys = self._crypto(agreed.send_crypto.suite, agreed.send_crypto.key, agreed.receive_crypto.key)
        self.session.update(
            remote=agreed.remote, payload_type=agreed.codec.payload_type, codec=agreed.codec.name,
            receive_payload_type=agreed.local_payload_type, ptime_ms=agreed.ptime_ms, direction=agreed.direction,
            dtmf_payload_type=agreed.dtmf.payload_type if agreed.dtmf else None,
            dtmf_clock_rate_hz=agreed.dtmf.clock_rate_hz if agreed.dtmf else 8000,
            dtmf_receive=dict(agreed.dtmf_receive), srtp=keys, rtcp_remote=agreed.rtcp_remote,
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the session; its figures stay readable."""
        self.session.stop()


class Negotiation:
    """The offers and answers of one call (RFC 3264 section 4, RFC 6337): at most one offer is open."""

    def __init__(self, media: Media, capabilities: Capabilities) -> None:
        """Negotiate for a media session."""
        self.media, self.capabilities = media, capabilities
        self.direction: Direction = "sendrecv"
        """Our wish: sendonly or inactive while we hold."""
        self.agreed: Agreed | None = None
        """What holds now; None before the first answer."""
        self.local: SessionDescription | None = None
        """Our last description."""
        self.remote: SessionDescription | None = None
        """Their last description."""
        self.on_agreed: Callable[[Agreed], None] = lambda agreed: None
        self._session_id = next(_session_ids)
        self._version = 1
        self._crypto: Crypto | None = None
        self._offered: SessionDescription | None = None
        self._open: SessionDescription | None = None

    @property
    def pending(self) -> bool:
        """Whether our offer waits for its answer."""
        return self._open is not None

    def offer(self) -> bytes:
        """Make our offer, with the key that we have."""
        if self.capabilities.security != "none":
            self._crypto = self._crypto or Crypto.make(1, "AES_CM_128_HMAC_SHA1_80")
        host, port = self.media.address
        sections = (offer_media(port, self.capabilities, self.direction, self._crypto),)
        self._open = self._offered = self._describe(sections, host)
        return bytes(self._open)

    def answer(self, body: bytes) -> bytes:
        """Take their offer and make our answer; Refused when there is none, ParseError when it cannot be read."""
        remote = SessionDescription.parse(body)
        host, port = self.media.address
        sections, agreed = answer(remote, self.capabilities, port, self.direction, self._crypto)
        self.remote, self._crypto = remote, agreed.send_crypto
        local = self._describe(sections, host)
        self._agree(agreed)
        return bytes(local)

    def conclude(self, body: bytes) -> bool:
        """Take their answer to our open offer; False when it is no usable answer: the offer stays open."""
        if self._open is None:
            return False
        try:
            self.remote = SessionDescription.parse(body)
            agreed = conclude(self._open.media[0], self._crypto, self.remote)
        except (ParseError, Refused):
            return False
        self._open = None
        self._agree(agreed)
        return True

    def reopen(self) -> None:
        """Wait for another answer to our offer: each branch of a fork has its own (RFC 3261 section 13.2.2.4)."""
        self._open = self._offered

    def forget_offer(self) -> None:
        """Drop our open offer: it was refused (RFC 3261 section 14.1)."""
        self._open = None

    def _describe(self, sections: tuple[MediaDescription, ...], host: str) -> SessionDescription:
        """Give the description; its version grows by one when anything else is new (RFC 3264 section 8)."""
        made = SessionDescription.make(host, sections, self._session_id, self._version)
        if self.local and made != self.local:
            self._version += 1
            made = SessionDescription.make(host, sections, self._session_id, self._version)
        self.local = made
        return made

    def _agree(self, agreed: Agreed) -> None:
        self.agreed = agreed
        self.media.apply(agreed)
        self.on_agreed(agreed)


def description_of(message: Message) -> bytes:
    """Give the SDP of a message, also out of a multipart body (RFC 5621); empty without one."""
    body = message.body
    kind = message.content_type
    if kind == "application/sdp":
        return body
    if kind.startswith("multipart/"):
        parts = body.split(b"application/sdp", 1)
        start = parts[1].find(b"\n\r\nv=") if len(parts) == 2 else -1
        return parts[1][start + 3 :].split(b"\r\n--", 1)[0] + b"\r\n" if start >= 0 else b""
    return b""
