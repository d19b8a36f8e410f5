"""The bytes of RTP packets, fetched from the file again for the few of them that are looked into."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.errors import ParseError
from labkit.rtp.packet import RtpPacket
from labkit.trace.records import source
from labkit.trace.scan import Media, Scan


def rtp_packets(scan: Scan, media: Media) -> Iterator[RtpPacket | None]:
    """The packets of some rows of a file's media, in their order; None for one that is broken or cut short."""
    with source(scan.path) as file:
        for frame, at, size in zip(media.frame.tolist(), media.at.tolist(), media.size.tolist(), strict=True):
            if at >= 0:
                file.seek(at)
            data = scan.payloads[frame] if at < 0 else file.read(size)
            try:
                yield RtpPacket.parse(data)
            except ParseError:
                yield None
