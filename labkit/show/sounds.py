"""What each direction of a call sounds like: a waveform, a line that describes it, a player."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from labkit.errors import LabError
from labkit.show.ladders import Source, trace_of
from labkit.show.panels import Scale, Series, blank, chart
from labkit.show.pictures import Picture
from labkit.show.tracks import streams_of
from labkit.trace.audio import Sound

PLAYED_S = 60.0
"""A player holds no more than the first minute, so that a notebook stays small."""
FULL = 32768.0
"""Full scale of 16 bits."""
QUIET = 0.1
"""The scale of a waveform ends no lower, so that silence looks like silence."""
TITLE = "Sound"


@dataclass(frozen=True, slots=True, repr=False)
class Heard:
    """Sounds with their waveforms: text by `str`, waveforms and players in a notebook."""

    picture: Picture
    """The waveforms, one below the other."""
    sounds: tuple[tuple[str, Sound], ...]
    """Names and sounds of the directions."""
    played_s: float = PLAYED_S
    """How much of each can be played."""

    def __str__(self) -> str:
        return str(self.picture)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        players = "".join(_player(name, each, self.played_s) for name, each in self.sounds if len(each.samples))
        return f"<div>{self.picture._repr_html_()}{players}</div>"


def sound(source: Source, direction: str = "", *, call: int | None = None, played_s: float = PLAYED_S) -> Heard:
    """What was said, direction by direction.

    `direction` is a part of a stream's name, such as "phone-1001 → pbx" ("->" and "to" do as well); without it all
    directions are drawn. G.711 and G.722 can be heard, other codecs say why not. The players end after `played_s`.
    """
    trace = trace_of(source)
    wanted = direction.replace(" -> ", " → ").replace(" to ", " → ")
    found = streams_of(trace, call)
    chosen = [each for each in found if wanted in each.name]
    if found and not chosen:
        names = "; ".join(each.name for each in found)
        raise LabError(f"No direction {direction!r} in this trace. It has {names}.", direction=direction)
    sounds = tuple((each.name, trace.sound(each.row["stream"], each.row["point"])) for each in chosen)
    return Heard(_picture(sounds), sounds, played_s)


def _picture(sounds: tuple[tuple[str, Sound], ...]) -> Picture:
    if not sounds:
        return blank(TITLE, "no RTP stream in this trace")
    series = [_series(name, each) for name, each in sounds]
    edges = [edge for each in series for edge in (each.values, each.lows) if len(edge)]
    peak = max([QUIET, *(float(np.abs(edge).max()) for edge in edges)])
    scale = Scale(TITLE, "share of full scale", bottom=-1.1 * peak, least_top=1.1 * peak, style="band")
    drawn = chart(scale, series)
    wide = max(len(name) for name, _ in sounds)
    words = "\n".join([TITLE, *(f"{name:{wide}}  {each.description}" for name, each in sounds)])
    return replace(drawn, words=words)


def _series(name: str, sound: Sound) -> Series:
    low, high = (each.astype(np.float64) / FULL for each in sound.waveform())
    times_s = sound.first_s + np.linspace(0, sound.duration_s, len(high))
    return Series(name, times_s, high, sound.description, lows=low)


def _player(name: str, sound: Sound, played_s: float) -> str:
    played = replace(sound, samples=sound.samples[: int(played_s * sound.rate_hz)])
    cut = f", the first {played_s:.0f} s" if len(played.samples) < len(sound.samples) else ""
    data = b64encode(played.wav()).decode()
    label = escape(f"{name}{cut}: {sound.description}")
    return f'<p>{label}<br><audio controls aria-label="{label}" src="data:audio/wav;base64,{data}"></audio></p>'
