"""Series as a line of characters, for the text forms of charts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from math import isfinite

BARS = "▁▂▃▄▅▆▇█"
"""From the lowest to the highest eighth."""
WIDTH = 40
"""Characters of a whole time axis."""


def spark(
    times_s: Iterable[float],
    values: Iterable[float],
    span_s: tuple[float, float],
    top: float,
    width: int = WIDTH,
    *,
    held: bool = False,
) -> str:
    """The largest value of each stretch of time as a bar, a blank where there is none.

    Equal charts have equal time axes: `span_s` is their first and last second, `top` the value of a full bar;
    `held` says that each value lasts until the next one.
    """
    start, end = span_s
    peaks: list[float | None] = [None] * width
    for time, value in zip(times_s, values, strict=True):
        if isfinite(value):
            place = min(int((time - start) / max(end - start, 1e-9) * width), width - 1)
            before = peaks[place]
            peaks[place] = value if before is None else max(before, value)
    if held:
        peaks = list(accumulate(peaks, _held))
    return "".join(" " if peak is None else bar(peak, top) for peak in peaks)


def _held(before: float | None, now: float | None) -> float | None:
    return before if now is None else now


def bar(value: float, top: float) -> str:
    """One bar, full at `top`."""
    return BARS[min(max(int(value / top * len(BARS)), 0), len(BARS) - 1)] if top > 0 else BARS[0]
