"""The codecs the lab can speak: a name, clocks, and samples to octets and back (RFC 3551, section 4.5)."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from labkit.errors import LabError
from labkit.rtp.g711 import A_LAW, MU_LAW


class Coder(Protocol):
    """One direction's codec state: what one stream is encoded or decoded by."""

    def encode(self, samples: array[int]) -> bytes:
        """Octets of 16-bit samples."""

    def decode(self, payload: bytes) -> array[int]:
        """16-bit samples of octets."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec as RTP sees it."""

    name: str
    """The encoding name of RFC 3551, as in a=rtpmap."""
    payload_type: int
    """The static payload type (RFC 3551, table 4)."""
    clock_rate_hz: int
    """The RTP clock: timestamps advance by it; 8000 for G.722 too, by history (RFC 3551, section 4.5.2)."""
    sample_rate_hz: int
    """The audio's true sampling rate."""
    zero_dbm0_peak: float
    """The peak of a sine of 0 dBm0 in 16-bit samples."""
    coder: Callable[[], Coder]
    """Makes the coder of one stream."""
    remembers: bool = False
    """Whether the coder adapts to what came before, so that every stream needs its own from its first packet on."""


def _g722() -> Coder:
    """State of one G.722 stream at 64 kbit/s and 16 kHz (ITU-T G.722, mode 1)."""
    from G722 import G722  # only who speaks G.722 pays for it

    coder: Coder = G722(16000, 64000)
    return coder


PCMU = Codec("PCMU", 0, 8000, 8000, MU_LAW.zero_dbm0_peak, lambda: MU_LAW)
"""G.711 mu-law (RFC 3551, section 4.5.14)."""

PCMA = Codec("PCMA", 8, 8000, 8000, A_LAW.zero_dbm0_peak, lambda: A_LAW)
"""G.711 A-law (RFC 3551, section 4.5.14)."""

G722 = Codec("G722", 9, 8000, 16000, A_LAW.zero_dbm0_peak, _g722, remembers=True)
"""G.722 (RFC 3551, section 4.5.2); levels as PBXs take them when they transcode: 16-bit samples like A-law's."""

CODECS = {codec.name: codec for codec in (PCMU, PCMA, G722)}
"""Codecs by encoding name."""


def codec_named(name: str) -> Codec:
    """The codec of an encoding name in any case; LabError when the lab cannot speak it."""
    try:
        return CODECS[name.upper()]
    except KeyError:
        raise LabError(f"no codec {name!r} here; there are {', '.join(CODECS)}", codec=name) from None
