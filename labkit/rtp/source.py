"""What a media session sends: tone, file, echo, silence or nothing, each as an endless iterator of payloads.

A payload of None means that no packet is due at that tick. `read_source` reads the short form used in policies:
`tone:440@-10`, `tone:440,480@-16/2.0,4.0`, `file:welcome.wav`, `echo`, `silence`, `none`.
"""

from __future__ import annotations

import sys
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, cycle, repeat
from math import gcd, lcm
from pathlib import Path
from typing import Protocol

from labkit.errors import LabError
from labkit.rtp.codec import CODECS, Codec
from labkit.rtp.tone import tone_samples

Payloads = Iterator[bytes | None]
"""One payload a packet; None where no packet is due."""

RAW_CODECS = {".ulaw": "PCMU", ".alaw": "PCMA", ".g722": "G722"}
"""Files without a header, as Asterisk names them."""


class Source(Protocol):
    """Something to send."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """Its payloads in a codec, `ptime_ms` of audio each; endless."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady tone, or one with a cadence, such as ringing or busy (ITU-T E.180)."""

    frequencies_hz: tuple[int, ...] = (440,)
    """The tones that sound together."""
    level_dbm0: float = -10.0
    """The level of each."""
    cadence_s: tuple[float, ...] = ()
    """Seconds of sound, of silence, of sound and so on; empty for a steady tone."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """The tone's cycle of payloads, for ever."""
        if codec.remembers:
            return map(codec.coder().encode, cycle(_tone_frames(self, codec, ptime_ms)))
        return cycle(_tone_payloads(self, codec, ptime_ms))


@lru_cache(maxsize=64)
def _tone_payloads(tone: Tone, codec: Codec, ptime_ms: int) -> tuple[bytes, ...]:
    """The payloads after which the tone repeats, for all sessions that send it."""
    return tuple(map(codec.coder().encode, _tone_frames(tone, codec, ptime_ms)))


@lru_cache(maxsize=64)
def _tone_frames(tone: Tone, codec: Codec, ptime_ms: int) -> tuple[array[int], ...]:
    """The samples after which the tone repeats, cut into packets."""
    rate = codec.sample_rate_hz
    frame = rate * ptime_ms // 1000
    counts = [round(part_s * 1000 / ptime_ms) * frame for part_s in tone.cadence_s]
    steady = lcm(rate // gcd(rate, *tone.frequencies_hz), frame)
    sound = tone_samples(
        tone.frequencies_hz, tone.level_dbm0, max(counts[::2], default=steady), rate, codec.zero_dbm0_peak
    )
    cadence = array("h")
    for index, count in enumerate(counts):
        cadence += sound[:count] if index % 2 == 0 else array("h", bytes(2 * count))
    return tuple(_cut(cadence or sound, frame))


def _cut(samples: array[int], frame: int) -> Iterator[array[int]]:
    """Samples as frames of equal length, the last one filled up with silence."""
    samples = samples + array("h", bytes(2 * (-len(samples) % frame)))
    return (samples[at : at + frame] for at in range(0, len(samples), frame))


@dataclass(frozen=True, slots=True)
class Silence:
    """Packets of digital silence."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """A tone of 0 Hz."""
        return Tone((0,)).payloads(codec, ptime_ms)


@dataclass(frozen=True, slots=True)
class Nothing:
    """No packets at all."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """None for ever."""
        return repeat(None)


NOTHING = Nothing()
"""The source that sends nothing."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What is received, sent back; the session does it."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """None for ever: the session puts the received payloads in."""
        return repeat(None)


@dataclass(frozen=True, slots=True)
class File:
    """A recording: mono 16-bit wav at 8 or 16 kHz, or raw .ulaw, .alaw, .g722, .sln (8 kHz), .sln16."""

    path: Path
    """Where it lies."""
    repeat: bool = False
    """Whether it begins again at its end; else silence follows."""

    def payloads(self, codec: Codec, ptime_ms: int) -> Payloads:
        """The recording in the codec; LabError when the file cannot be used."""
        samples = _resampled(*read_audio(self.path), codec.sample_rate_hz)
        frames = [*_cut(samples, codec.sample_rate_hz * ptime_ms // 1000)]
        silence = _tone_frames(Tone((0,)), codec, ptime_ms)
        return map(codec.coder().encode, cycle(frames) if self.repeat else chain(frames, cycle(silence)))


def read_audio(path: Path) -> tuple[array[int], int]:
    """The 16-bit samples of a recording and their rate in Hz; LabError when it cannot be read."""
    try:
        if path.suffix == ".wav":
            return _read_wav(path)
        data = path.read_bytes()
    except (OSError, EOFError, wave.Error) as why:
        raise LabError(f"{path} cannot be played: {str(why) or 'it ends too early'}", path=path) from why
    if path.suffix in RAW_CODECS:
        codec = CODECS[RAW_CODECS[path.suffix]]
        return array("h", codec.coder().decode(data)), codec.sample_rate_hz
    if path.suffix in (".sln", ".sln16"):
        return _little_endian(data), 16000 if path.suffix == ".sln16" else 8000
    known = ", ".join([".wav", ".sln", ".sln16", *RAW_CODECS])
    raise LabError(f"{path} cannot be played: its name ends in none of {known}", path=path)


def _read_wav(path: Path) -> tuple[array[int], int]:
    with wave.open(str(path), "rb") as file:
        shape = file.getnchannels(), file.getsampwidth(), file.getframerate()
        if shape not in ((1, 2, 8000), (1, 2, 16000)):
            message = f"{path} cannot be played: it has (channels, octets, Hz) {shape}; make it (1, 2, 8000 or 16000)"
            raise LabError(message, path=path)
        return _little_endian(file.readframes(file.getnframes())), shape[2]


def _little_endian(data: bytes) -> array[int]:
    samples = array("h", data[: len(data) & ~1])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _resampled(samples: array[int], have_hz: int, want_hz: int) -> array[int]:
    """Samples at half or double the rate, by the mean of neighbours; good enough for speech in a lesson."""
    if have_hz == want_hz:
        return samples
    nexts = samples[1:] + samples[-1:]
    if have_hz > want_hz:
        return array("h", (a + b >> 1 for a, b in zip(samples[::2], nexts[::2], strict=True)))
    return array("h", chain.from_iterable((a, a + b >> 1) for a, b in zip(samples, nexts, strict=True)))


_PLAIN_SOURCES: dict[str, Source] = {"echo": Echo(), "silence": Silence(), "none": NOTHING}


def read_source(text: str) -> Source:
    """The source of a short form, as in the module's docstring; LabError names what is wrong."""
    kind, _, rest = text.partition(":")
    try:
        if kind == "tone":
            return _read_tone(rest)
        if kind == "file":
            return File(Path(rest.removesuffix("*")), repeat=rest.endswith("*"))
        return _PLAIN_SOURCES[kind]
    except (KeyError, ValueError):
        message = f"no media source {text!r}; say tone:440@-10, file:welcome.wav, echo, silence or none"
        raise LabError(message, source=text) from None


def _read_tone(text: str) -> Tone:
    tone, _, cadence = text.partition("/")
    frequencies, _, level = tone.partition("@")
    return Tone(
        tuple(int(frequency) for frequency in frequencies.split(",")),
        float(level or -10.0),
        tuple(float(part) for part in cadence.split(",") if part),
    )
