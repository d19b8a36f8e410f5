"""Tones made and measured: frequency within 0.5 Hz, level within 0.2 dB, also with holes in the audio."""

from __future__ import annotations

import cmath
import math
import random
from array import array

import pytest

from labkit.rtp.codec import G722, PCMA, PCMU, Codec
from labkit.rtp.tone import fourier, goertzel, measure_tone, tone_samples


def through(codec: Codec, frequency_hz: int, level_dbm0: float) -> array[int]:
    """A quarter of a second of a tone after a codec."""
    rate = codec.sample_rate_hz
    coder = codec.coder()
    payload = coder.encode(tone_samples((frequency_hz,), level_dbm0, rate // 4, rate, codec.zero_dbm0_peak))
    return codec.coder().decode(payload)


@pytest.mark.parametrize("codec", [PCMU, PCMA, G722], ids=lambda codec: codec.name)
@pytest.mark.parametrize("frequency_hz", [62, 440, 1004, 3400])
@pytest.mark.parametrize("level_dbm0", [0.0, -10.0, -35.0])
def test_tone_is_measured_behind_a_codec(codec: Codec, frequency_hz: int, level_dbm0: float) -> None:
    tone = measure_tone(through(codec, frequency_hz, level_dbm0), codec.sample_rate_hz, codec.zero_dbm0_peak)
    assert tone.frequency_hz == pytest.approx(frequency_hz, abs=0.5)
    assert tone.level_dbm0 == pytest.approx(level_dbm0, abs=0.2)


@pytest.mark.parametrize("lost", [1, 2, 4])
def test_lost_packets_cost_neither_frequency_nor_level(lost: int) -> None:
    samples = through(PCMU, 440, -10.0)[-1120:]
    for packet in random.Random(lost).sample(range(1, 7), lost):
        samples[160 * packet : 160 * (packet + 1)] = array("h", bytes(320))
    present = 1024 - 160 * lost
    tone = measure_tone(samples, 8000, PCMU.zero_dbm0_peak, present)
    assert tone.frequency_hz == pytest.approx(440, abs=0.5)
    assert tone.level_dbm0 == pytest.approx(-10, abs=0.2)


def test_silence_has_no_tone() -> None:
    tone = measure_tone(array("h", bytes(2048)), 8000, PCMU.zero_dbm0_peak)
    assert (tone.frequency_hz, tone.level_dbm0) == (None, -math.inf)


def test_noise_has_a_level_but_no_tone() -> None:
    draw = random.Random(1)
    noise = array("h", (round(draw.gauss(0, 2000)) for _ in range(2048)))
    tone = measure_tone(noise, 8000, PCMU.zero_dbm0_peak)
    assert tone.frequency_hz is None
    assert tone.level_dbm0 == pytest.approx(20 * math.log10(2000 * math.sqrt(2) / PCMU.zero_dbm0_peak), abs=0.5)


def test_too_little_audio_is_not_measured() -> None:
    assert measure_tone(array("h", [1000] * 100), 8000, PCMU.zero_dbm0_peak).frequency_hz is None


def test_a_tone_too_loud_is_clipped_not_wrapped() -> None:
    assert max(tone_samples((1000,), 10.0, 80, 8000, PCMU.zero_dbm0_peak)) == 32767


def test_transform_is_the_sum_that_defines_it() -> None:
    draw = random.Random(2)
    values = [complex(draw.random(), draw.random()) for _ in range(16)]
    for k, value in enumerate(fourier(values)):
        assert value == pytest.approx(sum(x * cmath.exp(-2j * math.pi * k * n / 16) for n, x in enumerate(values)))
    assert goertzel([x.real for x in values], 3, 16) == pytest.approx(
        abs(sum(x.real * cmath.exp(-2j * math.pi * 3 * n / 16) for n, x in enumerate(values))) ** 2
    )
