"""A lane for each party, with bars for what was so from then to then: the SDP timeline, DTMF digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from labkit.show.canvas import text_width
from labkit.show.palette import FONT, Palette
from labkit.show.panels import LABEL, SMALL, WIDTH, place, sheet, write
from labkit.show.pictures import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, TOP, BOTTOM = 64.0, 20.0, 44.0, 54.0
LANE = 62.0
"""Height of a lane in CSS pixels."""
HEIGHT = 24.0
"""Height of a bar."""
BRIEF = 2
"""A label of so few characters stands above a bar that is too narrow for it; a longer one is in the text form only."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What was so for a while."""

    start_s: float
    """From, in seconds of the trace."""
    end_s: float
    """Until."""
    label: str
    """Short, drawn in the bar."""
    words: str
    """In full, for the text form; empty for what goes on from the bar before."""
    firm: bool = True
    """False for what was only proposed: drawn hollow."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One party or one direction."""

    name: str
    """Such as "phone-1001 to pbx"."""
    bars: tuple[Bar, ...]
    """In order of time."""


def lanes(title: str, lanes: Sequence[Lane], key: str = "") -> Picture:
    """A picture of lanes; the text form has one line for each bar, in order of time."""
    return Picture(_words(title, lanes), lambda palette: _figure(title, lanes, key, palette))


def _words(title: str, lanes: Sequence[Lane]) -> str:
    wide = max((len(lane.name) for lane in lanes), default=0)
    told = [(bar.start_s, index, bar) for index, lane in enumerate(lanes) for bar in lane.bars if bar.words]
    return "\n".join(
        [title, *(f"{s:9.3f} s  {lanes[i].name:{wide}}  {bar.words}" for s, i, bar in sorted(told, key=_order))]
    )


def _order(entry: tuple[float, int, Bar]) -> tuple[float, int]:
    return entry[0], entry[1]


def _figure(title: str, lanes: Sequence[Lane], key: str, palette: Palette) -> Figure:
    figure = sheet(WIDTH, TOP + LANE * len(lanes) + BOTTOM, palette)
    write(figure, 18, 28, title, palette.ink, 14, bold=True)
    ends = [edge for lane in lanes for bar in lane.bars for edge in (bar.start_s, bar.end_s)]
    start, end = min(ends, default=0.0), max(ends, default=1.0)
    end = end if end > start else start + 1.0
    axes = place(figure, LEFT, TOP, WIDTH - LEFT - RIGHT, LANE * len(lanes), palette)
    axes.set_xlim(start, end)
    axes.set_ylim(LANE * max(len(lanes), 1), 0)
    axes.grid(visible=False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
    per_s = (WIDTH - LEFT - RIGHT) / (end - start)
    for index, lane in enumerate(lanes):
        write(figure, LEFT, TOP + LANE * index + 16, lane.name, palette.ink, LABEL, bold=True)
        for bar in lane.bars:
            _draw(axes, bar, LANE * index + 24, per_s, palette)
    write(figure, LEFT, TOP + LANE * len(lanes) + 40, key, palette.quiet)
    write(figure, WIDTH - RIGHT, TOP + LANE * len(lanes) + 40, "time, s", palette.quiet, align="right")
    return figure


def _draw(axes: Axes, bar: Bar, top: float, per_s: float, palette: Palette) -> None:
    wide = max((bar.end_s - bar.start_s) * per_s, 2.0)
    box = Rectangle((bar.start_s, top), wide / per_s, HEIGHT, linewidth=1.0, edgecolor=palette.legs[0])
    box.set(facecolor=palette.media[0] if bar.firm else "none", linestyle="-" if bar.firm else (0, (3, 2)))
    axes.add_patch(box)
    room = text_width(bar.label, SMALL) + 10 <= wide
    if room or len(bar.label) <= BRIEF:
        x, y = bar.start_s + (wide / 2 if not room else 5) / per_s, top + (16 if room else -3)
        axes.text(
            x, y, bar.label, color=palette.ink, fontsize=SMALL * 0.75, family=FONT, va="baseline",
            ha="left" if room else "center", parse_math=False,
        )  # fmt: skip
