"""Session descriptions (RFC 8866): read leniently, kept line for line, written exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from labkit.errors import ParseError
from labkit.sip.grammar import number

Line = tuple[str, str]
"""Type letter and value of one line."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
"""RFC 8866 section 6.7; sendrecv where none is written."""

STATIC_FORMATS = {
    "0": "PCMU/8000", "3": "GSM/8000", "4": "G723/8000", "8": "PCMA/8000",
    "9": "G722/8000", "13": "CN/8000", "18": "G729/8000",
}  # fmt: skip
"""Payload types that need no rtpmap (RFC 3551 table 4)."""


@dataclass(frozen=True, slots=True)
class Format:
    """One RTP payload format of a media description (RFC 8866 section 6.6)."""

    payload_type: int
    """0 to 127."""
    name: str
    """Encoding name as written: PCMA, telephone-event."""
    clock_rate_hz: int
    """RTP clock rate."""
    fmtp: str = ""
    """Format parameters as written, such as `0-16`."""

    @property
    def key(self) -> tuple[str, int]:
        """Name without case and clock rate: what two sides compare (RFC 3264 section 6.1)."""
        return self.name.upper(), self.clock_rate_hz

    def lines(self) -> Iterator[Line]:
        """The attribute lines that describe this format."""
        yield "a", f"rtpmap:{self.payload_type} {self.name}/{self.clock_rate_hz}"
        if self.fmtp:
            yield "a", f"fmtp:{self.payload_type} {self.fmtp}"


class _Section:
    """What the session level and a media description share: typed lines."""

    __slots__ = ()
    lines: tuple[Line, ...]

    def first(self, kind: str) -> str | None:
        """Give the value of the first line of a type."""
        for key, value in self.lines:
            if key == kind:
                return value
        return None

    def attribute(self, name: str) -> str | None:
        """Give the first value of an attribute; an empty string for a flag."""
        return next(iter(self.attributes(name)), None)

    def attributes(self, name: str) -> list[str]:
        """Give every value of an attribute."""
        begins = f"{name}:"
        found = [value for key, value in self.lines if key == "a" and (value == name or value.startswith(begins))]
        return [value[len(begins) :] for value in found]

    @property
    def own_address(self) -> str | None:
        """The address of this section's own `c=` line."""
        parts = (self.first("c") or "").split()
        return parts[2].partition("/")[0] if len(parts) >= 3 else None

    @property
    def own_direction(self) -> str | None:
        """The direction attribute written in this section."""
        written = (value for key, value in self.lines if key == "a")
        return next((value for value in written if value in DIRECTIONS), None)


@dataclass(frozen=True, slots=True)
class MediaDescription(_Section):
    """One `m=` section (RFC 8866 section 5.14)."""

    kind: str
    """audio, video, image, application ..."""
    port: int
    """RTP port; 0 refuses the stream (RFC 3264 section 6)."""
    protocol: str
    """RTP/AVP, RTP/SAVP, udptl ..."""
    formats: tuple[str, ...]
    """Payload types (or format names) as written, in order of preference."""
    lines: tuple[Line, ...] = ()
    """The lines after the `m=` line."""

    @classmethod
    def parse(cls, value: str, lines: tuple[Line, ...] = ()) -> MediaDescription:
        """Read the value of an `m=` line, and keep the lines after it; ParseError when it is cut short."""
        parts = value.split()
        port = number(parts[1].partition("/")[0], 5) if len(parts) >= 3 else None
        if port is None or port > 65535:
            raise ParseError(f"SDP line 'm={value[:60]}' is not 'm=kind port protocol formats'", text=value)
        return cls(parts[0], port, parts[2], tuple(parts[3:]), lines)

    @property
    def rtp_formats(self) -> tuple[Format, ...]:
        """The formats in order, with rtpmap and fmtp resolved; a dynamic type without rtpmap is left out."""
        return _rtp_formats(self.formats, self.lines)

    @property
    def ptime_ms(self) -> int | None:
        """Packet time that the writer wishes to receive (RFC 8866 section 6.4)."""
        return _ptime_ms(self.lines)

    @property
    def packet_ms(self) -> int:
        """Packet time to send with: the wished one, 20 where none is written, no more than `a=maxptime`."""
        longest = number((self.attribute("maxptime") or "").partition(".")[0], 4)
        return min(self.ptime_ms or 20, longest or 9999)

    @property
    def secure(self) -> bool:
        """Whether the protocol is one of SRTP's: RTP/SAVP, RTP/SAVPF."""
        return "SAVP" in self.protocol

    def __str__(self) -> str:
        head = f"m={self.kind} {self.port} {self.protocol} {' '.join(self.formats)}"
        return "\r\n".join([head.rstrip(), *[f"{kind}={value}" for kind, value in self.lines]]) + "\r\n"


@lru_cache(maxsize=1024)
def _rtp_formats(formats: tuple[str, ...], lines: tuple[Line, ...]) -> tuple[Format, ...]:
    names = STATIC_FORMATS | _by_format(lines, "rtpmap:")
    fmtp = _by_format(lines, "fmtp:")
    found = ((text, *names.get(text, "").split("/")[:2]) for text in formats)
    return tuple(
        Format(kind, parts[1], rate, fmtp.get(parts[0], ""))
        for parts in found
        if len(parts) == 3 and (kind := number(parts[0], 3)) is not None and (rate := number(parts[2]))
    )


@lru_cache(maxsize=1024)
def _ptime_ms(lines: tuple[Line, ...]) -> int | None:
    values = (value for kind, value in lines if kind == "a" and value.startswith("ptime:"))
    return number(next(values, "").removeprefix("ptime:").partition(".")[0], 4)


def _by_format(lines: Iterable[Line], name: str) -> dict[str, str]:
    """An attribute's values by the payload type that each begins with."""
    values = (value[len(name) :] for kind, value in lines if kind == "a" and value.startswith(name))
    pairs = (value.strip().partition(" ") for value in values)
    return {key: tail.strip() for key, _, tail in pairs}


@dataclass(frozen=True, slots=True)
class SessionDescription(_Section):
    """A whole description: session-level lines, then the media sections."""

    lines: tuple[Line, ...]
    """The session-level lines in order."""
    media: tuple[MediaDescription, ...] = ()
    """The media sections in order."""

    @classmethod
    def parse(cls, data: bytes | str) -> SessionDescription:
        """Read a description; ParseError when it does not start with `v=` or an `m=` line is broken."""
        text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
        lines = tuple([(line[0], line[2:].rstrip("\r")) for line in text.split("\n") if line[1:2] == "="])
        begins = [place for place, (kind, _) in enumerate(lines) if kind == "m"]
        session = lines[: begins[0]] if begins else lines
        if not session or session[0][0] != "v":
            raise ParseError(f"SDP starts with {text[:40]!r}, expected 'v=0'", text=text)
        own = [(lines[at][1], lines[at + 1 : end]) for at, end in zip(begins, [*begins[1:], None], strict=False)]
        return cls(session, tuple([MediaDescription.parse(*each) for each in own]))

    @classmethod
    def make(
        cls, address: str, media: Iterable[MediaDescription], session_id: int, version: int = 1
    ) -> SessionDescription:
        """Make a description whose origin and connection are one address."""
        family = "IP6" if ":" in address else "IP4"
        origin = f"lab {session_id} {version} IN {family} {address}"
        lines = (("v", "0"), ("o", origin), ("s", "-"), ("c", f"IN {family} {address}"), ("t", "0 0"))
        return cls(lines, tuple(media))

    @property
    def origin(self) -> tuple[str, str]:
        """Session id and version of the `o=` line (section 5.2); empty strings where missing."""
        parts = (self.first("o") or "").split()
        return (parts[1], parts[2]) if len(parts) >= 3 else ("", "")

    @property
    def audio(self) -> MediaDescription | None:
        """The first audio section."""
        return next((media for media in self.media if media.kind == "audio"), None)

    def address(self, media: MediaDescription) -> str:
        """Where a section's media goes: its own `c=`, else the session's; empty where neither is written."""
        return media.own_address or self.own_address or ""

    def rtcp(self, media: MediaDescription) -> tuple[str, int] | None:
        """Where a section's RTCP goes, where `a=rtcp` says it (RFC 3605); None for the port above RTP."""
        parts = (media.attribute("rtcp") or "").split()
        port = number(parts[0], 5) if parts else None
        return ((parts[3] if len(parts) > 3 else self.address(media)), port) if port else None

    def direction(self, media: MediaDescription) -> str:
        """A section's direction: its own, else the session's, else sendrecv."""
        return media.own_direction or self.own_direction or "sendrecv"

    def __str__(self) -> str:
        return "".join(f"{kind}={value}\r\n" for kind, value in self.lines) + "".join(map(str, self.media))

    def __bytes__(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")
