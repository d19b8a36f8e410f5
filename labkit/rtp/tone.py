"""Tones made and measured, in Hz and dBm0 (level by ITU-T G.711: a sine of 0 dBm0 is 3.14 or 3.17 dB below full scale).

A sum of tones of whole Hz repeats after one second at most, so a tone that is sent is computed once.
"""

from __future__ import annotations

import cmath
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

QUIET_DBM0 = -55.0
"""Below this total level there is no tone to speak of: the idle noise of G.711 is lower."""

PURITY = 0.5
"""A tone is one only if it holds at least this share of the signal's power."""

STRETCH = 1024
"""How many samples are measured: an eighth of a second at 8 kHz."""

QUARTER = STRETCH // 4
"""How many of them are looked at first; fewer are not measured."""


@dataclass(frozen=True, slots=True)
class MeasuredTone:
    """What was heard in a stretch of audio."""

    frequency_hz: float | None
    """The frequency of the strongest component; None when there is no clear tone."""
    level_dbm0: float
    """The level of that component, or of the whole signal when there is none; -inf for digital silence."""


def tone_samples(
    frequencies_hz: Sequence[int], level_dbm0: float, count: int, sample_rate_hz: int, zero_dbm0_peak: float
) -> array[int]:
    """`count` 16-bit samples of sines that begin at phase 0, each at `level_dbm0`, clipped at full scale."""
    peak = zero_dbm0_peak * 10 ** (level_dbm0 / 20)
    steps = [2 * math.pi * frequency / sample_rate_hz for frequency in frequencies_hz]
    return array("h", (_clip(peak * sum(math.sin(step * n) for step in steps)) for n in range(count)))


def _clip(value: float) -> int:
    return max(-0x8000, min(0x7FFF, round(value)))


def goertzel(samples: Sequence[float], frequency_hz: float, sample_rate_hz: float) -> float:
    """The power of one frequency in a stretch of samples: |X(f)|^2, by Goertzel's recursion."""
    factor = 2 * math.cos(2 * math.pi * frequency_hz / sample_rate_hz)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    return before * before + last * last - factor * before * last


def measure_tone(
    samples: Sequence[int], sample_rate_hz: int, zero_dbm0_peak: float, present: int | None = None
) -> MeasuredTone:
    """Frequency and level of the strongest tone in the newest 1024 samples or fewer.

    Missing samples stand as 0 and `present` says how many are real, so that a lost packet costs neither frequency
    nor level. A tone between 50 Hz and the top of the band is found within 0.5 Hz and 0.1 dB.
    """
    size = min(STRETCH, len(samples))
    if size < QUARTER or present == 0:
        return MeasuredTone(None, -math.inf)
    stretch = [float(sample) for sample in samples[-size:]]
    present = size if present is None else present
    power = sum(sample * sample for sample in stretch) / present
    total_dbm0 = _dbm0(power, zero_dbm0_peak)
    if total_dbm0 < QUIET_DBM0:
        return MeasuredTone(None, total_dbm0)
    frequency = _strongest(stretch, sample_rate_hz)
    tone_power = 2 * goertzel(stretch, frequency, sample_rate_hz) / present**2
    if tone_power < PURITY * power:
        return MeasuredTone(None, total_dbm0)
    return MeasuredTone(round(frequency, 2), _dbm0(tone_power, zero_dbm0_peak))


def _dbm0(power: float, zero_dbm0_peak: float) -> float:
    """The level of a mean square of samples."""
    return round(10 * math.log10(2 * power / zero_dbm0_peak**2), 2) if power else -math.inf


def _strongest(stretch: list[float], sample_rate_hz: int) -> float:
    """The frequency with the most power: by a transform of the loudest quarter, then ever finer."""
    quarters = [stretch[at : at + QUARTER] for at in range(0, len(stretch) - QUARTER + 1, QUARTER)]
    loudest = max(quarters, key=lambda quarter: sum(sample * sample for sample in quarter))
    spectrum = fourier(list(map(complex, loudest)))
    width = sample_rate_hz / QUARTER
    best = width * max(range(1, QUARTER // 2), key=lambda bin_: abs(spectrum[bin_]))
    near = _peak(loudest, best - width, best + width, sample_rate_hz, width / 32)
    return _peak(stretch, near - width / 8, near + width / 8, sample_rate_hz, 0.02)


def _peak(stretch: list[float], low: float, high: float, sample_rate_hz: int, within_hz: float) -> float:
    """The frequency of the most power between two, by golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = goertzel(stretch, left, sample_rate_hz), goertzel(stretch, right, sample_rate_hz)
    while high - low > within_hz:
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = goertzel(stretch, left, sample_rate_hz)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = goertzel(stretch, right, sample_rate_hz)
    return (low + high) / 2


def fourier(values: list[complex]) -> list[complex]:
    """The discrete Fourier transform of 2^n values, by halving."""
    size = len(values)
    if size == 1:
        return values
    even, odd = fourier(values[::2]), fourier(values[1::2])
    turned = [cmath.exp(-2j * math.pi * k / size) * value for k, value in enumerate(odd)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]
