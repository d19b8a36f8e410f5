"""What session descriptions announce: where media is expected, and what its payload types mean there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from labkit.errors import ParseError
from labkit.sip.sdp import Format, MediaDescription, SessionDescription
from labkit.trace.nat import Endpoint
from labkit.trace.sipscan import Message


class Announcement(NamedTuple):
    """One media section of one description, from the frame on that carried it."""

    message: Message
    """The message that carried it."""
    session: SessionDescription
    """The whole description."""
    media: MediaDescription
    """The section."""
    place: int
    """Place of the section in the description, from 0."""
    endpoint: Endpoint
    """Where its writer expects media."""

    @property
    def formats(self) -> dict[int, Format]:
        """Payload type to what it means."""
        return {each.payload_type: each for each in self.media.rtp_formats}


def announcements(messages: Iterable[Message]) -> list[Announcement]:
    """All media sections of all descriptions, in order; messages whose body is broken are passed over."""
    found = []
    for message in messages:
        if (session := description(message)) is not None:
            for place, media in enumerate(session.media):
                found.append(Announcement(message, session, media, place, (session.address(media), media.port)))
    return found


def description(message: Message) -> SessionDescription | None:
    """The session description that a message carries, alone or as a part of a multipart body."""
    at = message.data.find(b"v=0")
    if at < 0 or b"m=" not in message.data[at:]:
        return None
    body = message.data[at:].partition(b"\r\n--")[0]
    try:
        return SessionDescription.parse(body)
    except ParseError:
        return None


@dataclass(frozen=True, slots=True)
class Announced:
    """All announcements by the endpoint they name."""

    by_endpoint: Mapping[Endpoint, list[Announcement]] = field(default_factory=dict)
    """Announcements of each endpoint in order of time; refused sections (port 0) are left out."""

    @classmethod
    def of(cls, found: Iterable[Announcement]) -> Announced:
        """Sort announcements by endpoint."""
        by_endpoint: dict[Endpoint, list[Announcement]] = {}
        for each in found:
            if each.media.port:
                by_endpoint.setdefault(each.endpoint, []).append(each)
        return cls(by_endpoint)

    def since_frame(self, src: Endpoint, dst: Endpoint) -> int | None:
        """Frame of the first description that names either end of a flow; None if none does."""
        frames = [self.by_endpoint[end][0].message.frame for end in (src, dst) if end in self.by_endpoint]
        return min(frames, default=None)

    def history(self, src: Endpoint, dst: Endpoint, payload_type: int) -> list[tuple[int, Format]]:
        """What a payload type meant on a flow: (from which frame on, format), in order of time.

        The receiver's descriptions decide (RFC 3264 section 5.1); the sender's own count where the receiver is silent.
        """
        for end in (dst, src):
            changes: list[tuple[int, Format]] = []
            for each in self.by_endpoint.get(end, ()):
                meaning = each.formats.get(payload_type)
                if meaning and (not changes or changes[-1][1].key != meaning.key):
                    changes.append((each.message.frame, meaning))
            if changes:
                return changes
        return []
