"""The sound of a stream: decoded, put on a time line by its timestamps, and described in one line."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from labkit.rtp import codec as codecs
from labkit.rtp.packet import RtpPacket
from labkit.trace.payload import rtp_packets
from labkit.trace.scan import Scan
from labkit.trace.streams import Packets

Samples = npt.NDArray[np.int16]
Arrived = tuple[RtpPacket, float]
"""A packet and when it came, in seconds."""

_WINDOW_S = 0.1
_SILENCE_DBM0 = -50.0
_INAUDIBLE_HZ = 50.0
_PURE = 0.8
"""Share of the energy around one frequency from which on a window is a tone."""
_MOST_RUNS = 6
"""Longer lists of tones and pauses are summed up."""
_LONGEST_S = 2 * 3600
_ASTRAY_S = 1.0
"""A place that timestamps give counts no more when it is that far from the time of arrival."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One direction of a call as sound, or the reason why it cannot be played."""

    samples: Samples = field(repr=False)
    """Mono, 16 bits; empty if it cannot be played."""
    rate_hz: int
    """Samples per second."""
    first_s: float
    """When it begins, from the first frame of the trace on."""
    description: str
    """Such as "tone 440 Hz, 3.0 s, then silence"; or why there is nothing to hear."""

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return len(self.samples) / self.rate_hz

    def wav(self) -> bytes:
        """The sound as a WAV file."""
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate_hz)
            file.writeframes(self.samples.astype("<i2").tobytes())
        return out.getvalue()

    def waveform(self, columns: int = 600) -> tuple[Samples, Samples]:
        """Lowest and highest sample in each of some equal parts, for a picture."""
        if not len(self.samples):
            return self.samples, self.samples
        edges = np.unique(np.linspace(0, len(self.samples), columns, endpoint=False).astype(np.intp))
        return np.minimum.reduceat(self.samples, edges), np.maximum.reduceat(self.samples, edges)

    def __str__(self) -> str:
        return self.description


def sound(scan: Scan, packets: Packets) -> Sound:
    """The sound of the first of some streams; gaps are silence, late and repeated packets fall into their place."""
    first_s = float(packets.arrival_ms[0]) / 1000
    name = next(iter(packets.formats[0].values()))[0][1]
    known = codecs.CODECS.get(name.upper())
    if known is None:
        return Sound(np.empty(0, np.int16), 8000, first_s, f"{name or 'unknown codec'} cannot be decoded here")
    wanted = {kind for kind, history in packets.formats[0].items() if history[0][1].upper() == name.upper()}
    seen = zip(rtp_packets(scan, packets.media), (packets.arrival_ms / 1000).tolist(), strict=True)
    found = [(one, at_s) for one, at_s in seen if one and one.payload_type in wanted and one.payload]
    samples = _laid_out(found, known)
    return Sound(samples, known.sample_rate_hz, first_s, describe(samples, known.sample_rate_hz, known.zero_dbm0_peak))


def _laid_out(found: list[Arrived], codec: codecs.Codec) -> Samples:
    """Samples of all packets at the places that their timestamps give them."""
    if not found:
        return np.empty(0, np.int16)
    place = np.array(list(_places(found, codec.clock_rate_hz)), np.int64)
    scale = codec.sample_rate_hz // codec.clock_rate_hz
    coder = codec.coder()
    order = np.argsort(place, kind="stable")
    decoded = {int(which): np.array(coder.decode(found[which][0].payload), np.int16) for which in order}
    begin = (place - place.min()) * scale
    end = max(int(begin[which]) + len(part) for which, part in decoded.items())
    samples = np.zeros(min(end, _LONGEST_S * codec.sample_rate_hz), np.int16)
    for which, part in decoded.items():
        at = int(begin[which])
        samples[at : at + len(part)] = part[: max(len(samples) - at, 0)]
    return samples


def _places(found: list[Arrived], clock_rate_hz: int) -> Iterator[int]:
    """Where each packet begins, in ticks of its clock: by timestamps, as long as they keep to the time of arrival.

    A sender may begin to count anew within a stream, as Asterisk does where it plays tones for keys.
    """
    place, (before, first_s) = 0, found[0]
    for packet, at_s in found:
        place += (packet.timestamp - before.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        arrived = round((at_s - first_s) * clock_rate_hz)
        if abs(place - arrived) > _ASTRAY_S * clock_rate_hz:
            place = arrived
        before = packet
        yield place


def describe(samples: Samples, rate_hz: int, zero_dbm0_peak: float) -> str:
    """One line that tells tones, silence and other sound in their order; windows of 0.1 s."""
    size = int(rate_hz * _WINDOW_S)
    count = len(samples) // size
    if not count:
        return "nothing to hear" if not samples.any() else f"sound, {len(samples) / rate_hz:.2f} s"
    windows = samples[: count * size].reshape(count, size).astype(np.float64)
    names = [_named(window, rate_hz, zero_dbm0_peak) for window in windows]
    runs = [(name, len(list(run)) * _WINDOW_S) for name, run in groupby(_steadied(names))]
    if len(runs) > _MOST_RUNS:
        loud_s = sum(duration_s for name, duration_s in runs if name != "silence")
        return f"sound with pauses, {loud_s:.1f} s of {len(samples) / rate_hz:.1f} s"
    return ", then ".join(f"{name}, {duration_s:.1f} s" for name, duration_s in runs)


def _named(window: npt.NDArray[np.float64], rate_hz: int, zero_dbm0_peak: float) -> str:
    window = window - window.mean()
    power = float(np.mean(window**2))
    if power <= 0 or 10 * np.log10(2 * power / zero_dbm0_peak**2) < _SILENCE_DBM0:
        return "silence"
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)))) ** 2
    peak = int(spectrum[1:].argmax()) + 1
    if peak * rate_hz / len(window) < _INAUDIBLE_HZ:
        return "silence"
    around = spectrum[peak - 2 : peak + 3]
    if around.sum() < _PURE * spectrum.sum():
        return "sound"
    exact = float((around * np.arange(peak - 2, peak - 2 + len(around))).sum() / around.sum())
    return f"tone {round(exact * rate_hz / len(window) / 10) * 10:.0f} Hz"


def _steadied(names: list[str]) -> list[str]:
    """A single window between two equal ones is an edge, not an event; so is the change from one sound to the next."""
    return [
        names[place - 1] if 0 < place < len(names) - 1 and names[place - 1] == names[place + 1] else name
        for place, name in enumerate(names)
    ]
