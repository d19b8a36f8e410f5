"""How a call sounds, in figures and words: exact figures of recordings, words for a call just placed.

A live call loses other packets at each run, so a lesson shows its verdict and keeps the figures for recordings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import datasets
from labkit.lab import specimens
from labkit.lesson.telling import Lines
from labkit.runtime import topology
from labkit.show.ladders import Source, trace_of
from labkit.show.tracks import Stream, streams_of
from labkit.trace.capture import Capture
from labkit.trace.quality import estimate

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.calls import Call

SIZES_MS = (0, 20, 40, 60, 80)
"""Jitter buffers of common phones and gateways."""
_LOSSES = ((0.0, "none"), (0.01, "below 1 %"), (0.05, "1 to 5 %"), (1.0, "above 5 %"))
_JITTERS = ((15.0, "below 15 ms"), (float("inf"), "above 15 ms"))
_QUALITIES = ((4.0, "good"), (3.6, "fair"), (3.1, "poor"), (0.0, "bad"))
"""MOS from which on; R of 80, 70 and 60 (ITU-T G.109)."""


def recording(name: str) -> Capture:
    """What was recorded: an RTP specimen such as `burst`, or the calls of a broken scenario such as `inbound-401`."""
    if name in specimens.SPECIMENS:
        return specimens.capture(name)
    folder = datasets.fetch(f"{name}/broken")
    points = {point: folder / f"{point}.pcap.gz" for point in topology.load().points}
    return Capture({point: path for point, path in points.items() if path.exists()}, topology.load().names)


def compare(*names: str) -> pd.DataFrame:
    """Recorded RTP specimens side by side, a row each.

    Columns: packets, lost_percent, bursts (runs of lost packets), longest_gap (packets), reordered, duplicates,
    jitter_ms (mean, RFC 3550), mos (E-model).
    """
    import pandas as pd

    rows = [figures(recording(name)).drop(columns=["from", "to", "codec"]).assign(recording=name) for name in names]
    return pd.concat(rows).set_index("recording")


def figures(source: Source, call: int | None = None) -> pd.DataFrame:
    """The figures of each stream; exact, so for recordings only. Columns: those of `compare`, and from, to, codec."""
    streams = trace_of(source).streams
    chosen = streams if call is None else streams[streams["call"] == call]
    lost = 100 * chosen["lost"] / chosen["expected"]
    rounded = chosen.assign(lost_percent=lost.astype(float).round(1), jitter_ms=chosen["jitter_mean_ms"].round(1))
    named = rounded.assign(mos=chosen["mos"].astype(float).round(1), longest_gap=chosen["gap_max_packets"])
    named = named.rename(columns={"src_name": "from", "dst_name": "to"}).set_index("point")
    kept = ["packets", "lost_percent", "bursts", "longest_gap", "reordered", "duplicates", "jitter_ms", "mos"]
    return named[["from", "to", "codec", *kept]]


def quality(call: Call, reports: bool = False) -> pd.DataFrame:
    """How each direction of a call fared at each point, in words that are the same at every run.

    Columns: from, to, lost, jitter, sounds (good, fair, poor, bad: ITU-T G.107, G.109); with `reports` receiver_says as
    well, the loss by the receiver's RTCP reports, - without any.
    """
    import pandas as pd

    rows = [_words(each.row) for each in streams_of(call.trace)]
    columns = ["point", "from", "to", "lost", "jitter", "sounds", "receiver_says"]
    table = pd.DataFrame(rows, columns=columns).sort_values(columns[:3]).set_index("point")
    return table if reports else table.drop(columns="receiver_says")


def _words(row: dict[str, Any]) -> tuple[str, ...]:
    says = _loss(row["rtcp_loss_max"]) if row["rtcp_reports"] else "-"
    jitter = next(word for most, word in _JITTERS if row["jitter_mean_ms"] <= most)
    sounds = next((word for least, word in _QUALITIES if row["mos"] and row["mos"] >= least), "unknown")
    return row["point"], row["src_name"], row["dst_name"], _loss(row["lost"] / row["expected"]), jitter, sounds, says


def _loss(share: float) -> str:
    return next(word for most, word in _LOSSES if share <= most)


def rating(codec: str, lost_percent: float = 0.0, delay_ms: float = 0.0) -> Lines:
    """What the E-model makes of a codec, loss by chance and one-way delay on the way."""
    found = estimate(codec, lost_percent / 100, delay_ms=delay_ms)
    if found.mos is None or found.r_factor is None:
        return Lines((found.assumes,))
    word = next((word for least, word in _QUALITIES if found.mos >= least), "bad")
    return Lines(
        (f"{codec}, {lost_percent:g} % lost, {delay_ms:g} ms: R {found.r_factor:.0f}, MOS {found.mos:.1f}, {word}",)
    )


def buffered(source: Source, sizes_ms: tuple[int, ...] = SIZES_MS) -> pd.DataFrame:
    """What fixed jitter buffers make of the first stream: the quickest packet waits for that long, later ones less.

    By buffer_ms; columns: too_late_percent (packets that come after their turn), missing_percent (these and the lost).
    """
    import pandas as pd

    stream = streams_of(trace_of(source))[0]
    late_ms, expected = lateness_ms(stream), int(stream.row["expected"])
    table = []
    for size in sizes_ms:
        late = int((late_ms > size).sum())
        table.append((size, round(100 * late / expected, 1), round(100 * (late + stream.row["lost"]) / expected, 1)))
    return pd.DataFrame(table, columns=["buffer_ms", "too_late_percent", "missing_percent"]).set_index("buffer_ms")


def lateness_ms(stream: Stream) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How much later than the quickest packet each one came, measured against its own timestamp."""
    ticks = (stream.packets.media.timestamp - stream.packets.media.timestamp[0]).astype(np.uint32).view(np.int32)
    transit = stream.packets.arrival_ms - ticks / (stream.packets.clock_hz / 1000)
    late: np.ndarray[Any, np.dtype[np.float64]] = transit - transit.min()
    return late
