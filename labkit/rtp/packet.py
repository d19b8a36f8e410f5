"""The RTP data packet (RFC 3550, section 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from labkit.errors import ParseError

VERSION = 2
"""The version of RTP in every packet's first two bits (RFC 3550, section 5.1)."""

HEADER = Struct("!BBHII")
"""The fixed header: flags, marker and payload type, sequence number, timestamp, SSRC."""

EXTENSION = Struct("!HH")
"""The head of a header extension: profile's value, length in 32-bit words (RFC 3550, section 5.3.1)."""

MARKER = 0x80
"""The marker bit in the header's second octet."""


def sequence_difference(later: int, earlier: int) -> int:
    """How many steps `later` is ahead of `earlier` modulo 2^16: -32768 to 32767."""
    return (later - earlier + 0x8000 & 0xFFFF) - 0x8000


def timestamp_difference(later: int, earlier: int) -> int:
    """How many clock ticks `later` is ahead of `earlier` modulo 2^32: -2^31 to 2^31 - 1."""
    return (later - earlier + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def is_rtcp(data: bytes) -> bool:
    """Whether a packet on a shared port is RTCP: packet types 192 to 223 (RFC 5761, section 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet (RFC 3550, section 5.1); `bytes()` writes it, `parse` reads it."""

    payload_type: int
    """What the payload is, 0 to 127 (RFC 3551, section 6, or by the SDP's rtpmap)."""
    sequence: int
    """The sequence number, 0 to 65535."""
    timestamp: int
    """The sampling instant of the first octet, in ticks of the payload's clock."""
    ssrc: int
    """The synchronization source."""
    payload: bytes = b""
    """What is carried, without padding."""
    marker: bool = False
    """The marker bit: in audio the first packet after silence (RFC 3551, section 4.1)."""
    csrcs: tuple[int, ...] = ()
    """Contributing sources, at most 15."""
    extension: tuple[int, bytes] | None = None
    """The header extension as (profile's value, whole 32-bit words), if there is one."""
    padding: int = 0
    """How many octets of padding follow the payload, their count included; 0 for none."""

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket:
        """Read a packet; ParseError says what is wrong with it (checks of RFC 3550, appendix A.1)."""
        if len(data) < HEADER.size:
            raise ParseError(
                f"RTP packet of {len(data)} octets: a header alone has {HEADER.size}", size_bytes=len(data)
            )
        flags, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        if flags >> 6 != VERSION:
            raise ParseError(f"RTP packet of version {flags >> 6}: only 2 is known", version=flags >> 6)
        csrcs, extension, begin = _optional_headers(data, flags)
        padding = _padding(data, begin) if flags & 0x20 else 0
        payload = bytes(data[begin : len(data) - padding])
        return cls(second & 0x7F, sequence, timestamp, ssrc, payload, second > 0x7F, csrcs, extension, padding)

    def __bytes__(self) -> bytes:
        flags = VERSION << 6 | bool(self.padding) << 5 | (self.extension is not None) << 4 | len(self.csrcs)
        second = self.marker << 7 | self.payload_type
        head = HEADER.pack(flags, second, self.sequence, self.timestamp, self.ssrc)
        csrcs = b"".join(csrc.to_bytes(4, "big") for csrc in self.csrcs)
        tail = bytes(self.padding - 1) + bytes([self.padding]) if self.padding else b""
        return head + csrcs + self._extension_bytes() + self.payload + tail

    def _extension_bytes(self) -> bytes:
        if self.extension is None:
            return b""
        profile, words = self.extension
        return EXTENSION.pack(profile, len(words) // 4) + words


def _optional_headers(data: bytes, flags: int) -> tuple[tuple[int, ...], tuple[int, bytes] | None, int]:
    """CSRC list and extension of a packet, and where its payload begins."""
    begin = HEADER.size + 4 * (flags & 0x0F)
    csrcs = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(HEADER.size, begin, 4))
    extension = None
    if flags & 0x10 and len(data) >= begin + EXTENSION.size:
        profile, words = EXTENSION.unpack_from(data, begin)
        begin += EXTENSION.size
        extension = profile, bytes(data[begin : begin + 4 * words])
        begin += 4 * words
    elif flags & 0x10:
        begin += EXTENSION.size
    if begin > len(data):
        raise ParseError(f"RTP packet of {len(data)} octets: its headers alone need {begin}", size_bytes=len(data))
    return csrcs, extension, begin


def _padding(data: bytes, begin: int) -> int:
    """The length of the padding, as its last octet says."""
    padding = data[-1]
    room = len(data) - begin
    if not 0 < padding <= room:
        raise ParseError(f"RTP packet claims {padding} octets of padding in {room}", padding=padding, room=room)
    return padding
