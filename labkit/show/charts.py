"""Charts of the media of a trace, one call each; all of them have a text form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from labkit.show.arrivals import loss_map, sequence_plot
from labkit.show.ladders import Source, trace_of
from labkit.show.panels import Scale, Series, blank, chart
from labkit.show.pictures import Picture
from labkit.show.rtp_arrows import records
from labkit.show.tables import Table
from labkit.show.tracks import Stream, streams_of

NO_RTP = "no RTP stream in this trace"
HEADS = {
    "packets": "packets",
    "lost": "lost",
    "rtcp_lost": "lost by RTCP",
    "jitter_mean_ms": "jitter mean, ms",
    "jitter_max_ms": "jitter max, ms",
    "delta_max_ms": "delta max, ms",
    "bitrate_kbps": "rate, kbit/s",
    "mos": "MOS",
}
"""Columns of the table `streams` and their headings."""
BIN_S = 1.0
"""Width of the stretches over which a rate is taken."""


def jitter(source: Source, *, call: int | None = None) -> Picture:
    """Interarrival jitter after each packet (RFC 3550, 6.4.1)."""
    scale = Scale("Jitter (RFC 3550)", "ms", line=None)
    return _charted(source, call, scale, _jitter)


def delta(source: Source, *, call: int | None = None) -> Picture:
    """Time between one packet and the next."""
    scale = Scale("Time between packets", "ms", least_top=40.0, line=20.0, line_name="20 ms, the usual ptime")
    return _charted(source, call, scale, _delta)


def bitrate(source: Source, *, call: int | None = None) -> Picture:
    """Bits of IP packets in each second."""
    return _charted(source, call, Scale("Bitrate with IP and UDP headers", "kbit/s", style="steps"), _bitrate)


def mos(source: Source, *, call: int | None = None) -> Picture:
    """Listening quality estimated for each second by the E-model (ITU-T G.107), from codec and loss."""
    trace = trace_of(source)
    found = streams_of(trace, call)
    rows = records(trace.columns("intervals"))
    scale = Scale(
        "Estimated MOS (ITU-T G.107)", "", bottom=1.0, least_top=4.5, style="steps", line=3.6,
        line_name="3.6, below which many users are dissatisfied",
    )  # fmt: skip
    series = [_mos(each, [row for row in rows if (row["point"], row["stream"]) == each.sighting]) for each in found]
    return chart(scale, [each for each in series if len(each.values)]) if found else blank(scale.title, NO_RTP)


def loss(source: Source, *, call: int | None = None) -> Picture:
    """Every packet in its place, the lost ones marked: single losses, bursts, and how regular they are."""
    found = streams_of(trace_of(source), call)
    return loss_map([each.track for each in found]) if found else blank("Loss", NO_RTP)


def sequence(source: Source, *, call: int | None = None) -> Picture:
    """Sequence number over time."""
    found = streams_of(trace_of(source), call)
    return sequence_plot([each.track for each in found]) if found else blank("Sequence numbers", NO_RTP)


def streams(source: Source, *, call: int | None = None) -> Table:
    """The figures of each stream in one table."""
    found = streams_of(trace_of(source), call)
    columns = [name for name in HEADS if not found or name in found[0].row]
    rows = tuple((each.name, *(_figure(each.row, name) for name in columns)) for each in found)
    note = "" if rows else NO_RTP
    return Table("RTP streams", ("stream", *(HEADS[name] for name in columns)), rows, note)


@dataclass(frozen=True, slots=True, repr=False)
class Album:
    """Several pictures, one below the other."""

    pictures: tuple[Picture | Table, ...]
    """From top to bottom."""

    def __str__(self) -> str:
        return "\n\n".join(str(each) for each in self.pictures)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(f"<div>{each._repr_html_()}</div>" for each in self.pictures)


def media(source: Source, *, call: int | None = None) -> Album:
    """What there is to see of the media: figures, loss, jitter, time between packets, bitrate, MOS."""
    trace = trace_of(source)
    return Album(tuple(make(trace, call=call) for make in (streams, loss, jitter, delta, bitrate, mos)))


def _charted(source: Source, call: int | None, scale: Scale, make: Callable[[Stream], Series]) -> Picture:
    found = streams_of(trace_of(source), call)
    return chart(scale, [make(each) for each in found]) if found else blank(scale.title, NO_RTP)


def _jitter(stream: Stream) -> Series:
    times_s, values = stream.jitter_ms()
    return Series(stream.name, times_s, values, _mean_max(values, "ms"))


def _delta(stream: Stream) -> Series:
    values = stream.delta_ms
    return Series(stream.name, stream.times_s[1:], values, _mean_max(values, "ms"))


def _bitrate(stream: Stream) -> Series:
    start = float(stream.times_s[0])
    place = ((stream.times_s - start) / BIN_S).astype(np.int64)
    rates = np.bincount(place, weights=stream.size_bytes * 8.0 / 1000 / BIN_S).astype(np.float64)
    whole = rates[:-1] if len(rates) > 1 else rates
    times_s = start + np.arange(len(whole) + 1, dtype=np.float64) * BIN_S
    return Series(stream.name, times_s, np.append(whole, whole[-1]), _mean_max(whole, "kbit/s"))


def _mos(stream: Stream, rows: Sequence[dict[str, Any]]) -> Series:
    known = [(row["time_s"], row["mos"]) for row in rows if row["mos"] is not None and isfinite(row["mos"])]
    times_s, values = (np.array(each, dtype=np.float64) for each in (zip(*known, strict=True) if known else ((), ())))
    if not len(values):
        return Series(stream.name, times_s, values)
    worst = int(values.argmin())
    note = f"whole stream {stream.row['mos']:.2f}, worst second {values[worst]:.2f} at {times_s[worst]:.0f} s"
    return Series(stream.name, np.append(times_s, times_s[-1] + 1), np.append(values, values[-1]), note)


def _mean_max(values: np.ndarray[Any, Any], unit: str) -> str:
    return f"mean {values.mean():.1f}, max {values.max():.1f} {unit}" if len(values) else "nothing measured"


def _figure(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if value is None:
        return "-"
    if name == "lost":
        return f"{value} ({100 * value / row['expected']:.1f} %)" if value else "0"
    if isinstance(value, float):
        return f"{value:.{2 if name == 'mos' else 1}f}" if isfinite(value) else "?"
    return str(value)
