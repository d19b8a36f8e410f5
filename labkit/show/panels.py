"""Small multiples: one panel for each series, one time axis, one scale, names where the eye is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labkit.show.canvas import CSS_DPI
from labkit.show.palette import FONT, Palette
from labkit.show.pictures import Picture
from labkit.show.spark import spark

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
NONE: Floats = np.empty(0)
WIDTH = 820.0
"""Width of a chart in CSS pixels: it fits a notebook in a window of 1280."""
PANEL = 88.0
"""Height of a panel."""
TOP, BOTTOM, LEFT, RIGHT = 44.0, 40.0, 64.0, 20.0
"""Margins around the panels."""
MOST = 8
"""Panels of one chart; the rest is named in the text."""
SMALL, LABEL = 10.5, 12.0
"""Heights of fonts in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart."""

    name: str
    """Such as "phone-1001 → pbx PCMU"."""
    times_s: Floats
    """When, in seconds of the trace."""
    values: Floats
    """How much, in the unit of the chart."""
    note: str = ""
    """What the numbers come to, such as "mean 0.2, max 1.1 ms"."""
    lows: Floats = field(default_factory=lambda: NONE)
    """Lower edge, of a band."""
    marks_s: Floats = field(default_factory=lambda: NONE)
    """Moments of trouble, drawn as ticks that stand on the time axis."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the values are."""

    title: str
    """Name of the quantity, such as "Jitter (RFC 3550)"."""
    unit: str
    """Its unit; empty for a plain number."""
    bottom: float = 0.0
    """Value at the foot of a panel."""
    least_top: float = 1.0
    """A panel reaches at least so high, so that noise is not blown up."""
    line: float | None = None
    """A value to compare with."""
    line_name: str = ""
    """What that value is."""
    mark_name: str = ""
    """What the moments of trouble are."""
    style: Literal["line", "steps", "points", "band"] = "line"
    """How the values are joined; a band lies between them and `lows`."""


def chart(scale: Scale, series: Sequence[Series]) -> Picture:
    """A picture of several series with a text form of one line each."""
    return Picture(_words(scale, series), lambda palette: _figure(scale, series, palette))


def blank(title: str, why: str) -> Picture:
    """What is shown where there is nothing to draw."""
    return Picture(f"{title}: {why}", lambda palette: _note(title, why, palette))


def top_of(scale: Scale, series: Sequence[Series]) -> float:
    """Value at the head of every panel."""
    values = np.concatenate([each.values for each in series] or [NONE])
    values = values[np.isfinite(values)]
    return max([scale.least_top, *([float(values.max()) * 1.08] if len(values) else [])])


def span_of(series: Sequence[Series]) -> tuple[float, float]:
    """First and last second of all series."""
    times = [float(each.times_s[end]) for each in series if len(each.times_s) for end in (0, -1)]
    return (min(times), max(times)) if times else (0.0, 1.0)


def _words(scale: Scale, series: Sequence[Series]) -> str:
    top, span = top_of(scale, series), span_of(series)
    unit = f", {scale.unit}" if scale.unit else ""
    wide = max((len(each.name) for each in series), default=0)
    lines = [f"{scale.title}{unit}, {span[0]:.1f} s to {span[1]:.1f} s, full bar {top:.3g}"]
    for each in series:
        held, floor = scale.style == "steps", 0.0 if scale.style == "band" else scale.bottom
        bars = spark(each.times_s, each.values - floor, span, top - floor, held=held)
        lines.append(f"{each.name:{wide}}  {bars}  {each.note}".rstrip())
    return "\n".join(lines)


def sheet(width: float, height: float, palette: Palette) -> Figure:
    """An empty figure of so many CSS pixels on the palette's paper."""
    return Figure((width / CSS_DPI, height / CSS_DPI), CSS_DPI, facecolor=palette.paper)


def place(figure: Figure, left: float, top: float, width: float, height: float, palette: Palette) -> Axes:
    """Calm axes at a place given in CSS pixels from the upper left corner."""
    total_x, total_y = (float(inches) * CSS_DPI for inches in figure.get_size_inches())
    axes = figure.add_axes((left / total_x, 1 - (top + height) / total_y, width / total_x, height / total_y))
    axes.set_facecolor("none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.line)
    axes.tick_params(
        colors=palette.quiet, labelsize=_points(SMALL), length=3, width=0.6, color=palette.line, labelfontfamily=FONT
    )
    axes.grid(axis="y", color=palette.hair, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def write(
    figure: Figure, x: float, y: float, text: str, colour: str, size: float = SMALL, *, bold: bool = False,
    align: Literal["left", "center", "right"] = "left",
) -> None:  # fmt: skip
    """Text on its baseline, in CSS pixels from the upper left corner."""
    total_x, total_y = (float(inches) * CSS_DPI for inches in figure.get_size_inches())
    figure.text(
        x / total_x, 1 - y / total_y, text, color=colour, fontsize=_points(size), family=FONT, ha=align,
        va="baseline", weight="bold" if bold else "normal", parse_math=False,
    )  # fmt: skip


def _figure(scale: Scale, series: Sequence[Series], palette: Palette) -> Figure:
    shown = series[:MOST]
    figure = sheet(WIDTH, TOP + BOTTOM + PANEL * len(shown), palette)
    top, span = top_of(scale, series), span_of(series)
    unit = f", {scale.unit}" if scale.unit else ""
    write(figure, 18, 28, scale.title + unit, palette.ink, 14, bold=True)
    for index, each in enumerate(shown):
        upper = TOP + PANEL * index
        axes = place(figure, LEFT, upper + 22, WIDTH - LEFT - RIGHT, PANEL - 34, palette)
        axes.set_xlim(*span)
        axes.set_ylim(scale.bottom, top)
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_locator(MaxNLocator(10))
        _plot(axes, scale, each, palette.legs[0])
        axes.vlines(each.marks_s, 0, 0.45, colors=palette.bad, linewidth=1.0, transform=axes.get_xaxis_transform())
        if scale.line is not None:
            axes.axhline(scale.line, color=palette.quiet, linewidth=0.8, linestyle=(0, (4, 3)))
        last = index == len(shown) - 1
        axes.tick_params(labelbottom=last, bottom=last)
        write(figure, LEFT, upper + 14, each.name, palette.ink, LABEL, bold=True)
        write(figure, WIDTH - RIGHT, upper + 14, each.note, palette.quiet, align="right")
    write(figure, WIDTH - RIGHT, TOP + PANEL * len(shown) + 26, "time, s", palette.quiet, align="right")
    said = f"dashed: {scale.line_name}" if scale.line is not None else ""
    marked = f"tick from below: {scale.mark_name}" if any(len(each.marks_s) for each in series) else ""
    more = f"{len(series) - MOST} more in the text form" if len(series) > MOST else ""
    write(figure, LEFT, TOP + PANEL * len(shown) + 26, "   ".join(filter(None, (said, marked, more))), palette.quiet)
    return figure


def _plot(axes: Axes, scale: Scale, each: Series, ink: str) -> None:
    times, values = each.times_s, each.values
    if scale.style == "points":
        axes.plot(times, values, ".", color=ink, markersize=2.4)
    elif scale.style == "band":
        axes.fill_between(times, each.lows, values, color=ink, linewidth=0.4)
    elif scale.style == "steps":
        axes.step(times, values, where="post", color=ink, linewidth=1.4)
    else:
        axes.plot(times, values, color=ink, linewidth=1.2, marker="." if len(times) < 40 else None, markersize=4)


def _note(title: str, why: str, palette: Palette) -> Figure:
    figure = sheet(WIDTH, 70, palette)
    write(figure, 18, 28, title, palette.ink, 14, bold=True)
    write(figure, 18, 50, why, palette.quiet, LABEL)
    return figure


def _points(size: float) -> float:
    return size * 72 / CSS_DPI
