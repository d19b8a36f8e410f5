"""G.711 mu-law and A-law by table (ITU-T G.711, tables 1a to 2b), linear samples on the scale of 16 bits.

An octet stands for the decoder output value of its interval; a sample is given the octet whose interval holds it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Law:
    """One companding law as two tables."""

    name: str
    """`PCMU` or `PCMA`, as RFC 3551 calls them."""
    decoding: tuple[int, ...]
    """The linear value of each octet, -32768 to 32767."""
    encoding: bytes
    """The octet of each linear sample; a negative sample indexes from the end."""
    zero_dbm0_peak: float
    """The peak of a sine of 0 dBm0, in units of a sample: full scale less 3.17 dB (mu) or 3.14 dB (A)."""

    def encode(self, samples: array[int]) -> bytes:
        """Compress 16-bit samples to as many octets."""
        return bytes(map(self.encoding.__getitem__, samples))

    def decode(self, payload: bytes) -> array[int]:
        """Expand octets to as many 16-bit samples."""
        return array("h", map(self.decoding.__getitem__, payload))


def _mu_value(octet: int) -> int:
    """The decoder output of one mu-law octet, 14 bits brought to 16 (table 2b)."""
    bits = ~octet & 0x7F
    magnitude = ((bits & 0x0F) * 2 + 33 << (bits >> 4)) - 33
    return 4 * (magnitude if octet & 0x80 else -magnitude)


def _a_value(octet: int) -> int:
    """The decoder output of one A-law octet, 13 bits brought to 16 (table 1b); even bits are inverted on the line."""
    bits = (octet ^ 0x55) & 0x7F
    segment, step = bits >> 4, (bits & 0x0F) * 2 + 1
    magnitude = step + 32 << segment - 1 if segment else step
    return 8 * (magnitude if octet & 0x80 else -magnitude)


def _encoding(decoding: tuple[int, ...]) -> bytes:
    """For each sample 0..32767 and then -32768..-1 the octet of the nearest decoder output."""
    by_value = sorted(range(0x100), key=lambda octet: decoding[octet])
    borders = [decoding[low] + decoding[high] + 1 >> 1 for low, high in pairwise(by_value)]
    widths = [end - begin for begin, end in pairwise([-0x8000, *borders, 0x8000])]
    line = b"".join(bytes([octet]) * width for octet, width in zip(by_value, widths, strict=True))
    return line[0x8000:] + line[:0x8000]


def _law(name: str, decoding: tuple[int, ...], full_scale: int, full_scale_dbm0: float) -> Law:
    return Law(name, decoding, _encoding(decoding), full_scale * 10 ** (-full_scale_dbm0 / 20))


MU_LAW = _law("PCMU", tuple(map(_mu_value, range(256))), full_scale=4 * 8159, full_scale_dbm0=3.17)
"""Mu-law: the largest sine has 8159 of 14 bits and +3.17 dBm0 (ITU-T G.711, table 2a, note 1)."""

A_LAW = _law("PCMA", tuple(map(_a_value, range(256))), full_scale=8 * 4096, full_scale_dbm0=3.14)
"""A-law: the largest sine has 4096 of 13 bits and +3.14 dBm0 (ITU-T G.711, table 1a, note 1)."""
