"""A sheet of paper in CSS pixels: lines, shapes and texts placed by hand, saved as PNG or SVG without pyplot.

matplotlib draws; only the letters of a PNG are set by Pillow from the same font, which is ten times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.transforms import Affine2D
from PIL import Image, ImageDraw, ImageFont

from labkit.show.palette import FONT, Palette, mixed

Point = tuple[float, float]
Align = Literal["left", "center", "right"]
CSS_DPI = 96
"""CSS pixels in an inch; y grows downward."""
BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}
"""Share of a text that lies left of its place."""
STEPS = 3
"""Steps from paper to each ink in the colour table of a PNG."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """One line of text on its baseline."""

    at: Point
    text: str
    colour: str
    size: float
    """Height of the font in CSS pixels."""
    align: Align
    bold: bool
    halo: bool
    """Paper is painted behind it."""


class Canvas:
    """Collects marks by their style, so that many marks become few artists."""

    def __init__(self, width: float, height: float, palette: Palette) -> None:
        """An empty sheet of so many CSS pixels."""
        self.width = width
        self.height = height
        self.palette = palette
        self._lines: dict[tuple[str, float, str, float], list[list[Point]]] = {}
        self._shapes: dict[tuple[str, str, float, float], list[list[Point]]] = {}
        self._letters: list[Lettering] = []

    def line(
        self, points: Sequence[Point], colour: str, width: float = 1.0, dashes: str = "-", level: float = 2
    ) -> None:
        """A line through points; `dashes` as matplotlib's line styles, a higher level lies above."""
        self._lines.setdefault((colour, width, dashes, level), []).append(list(points))

    def shape(
        self, points: Sequence[Point], fill: str, edge: str = "none", width: float = 1.0, level: float = 3
    ) -> None:
        """A filled polygon."""
        self._shapes.setdefault((fill, edge, width, level), []).append(list(points))

    def text(
        self, at: Point, text: str, colour: str, size: float, align: Align = "left", *, bold: bool = False,
        halo: bool = False,
    ) -> None:  # fmt: skip
        """A line of text on its baseline."""
        self._letters.append(Lettering(at, text, colour, size, align, bold, halo))

    def figure(self) -> Figure:
        """All of it as a matplotlib figure."""
        figure, place = self._drawn()
        for mark in self._letters:
            box = {"facecolor": self.palette.paper, "edgecolor": "none", "pad": 1.5} if mark.halo else None
            font = FontProperties(family=FONT, size=mark.size * 72 / CSS_DPI, weight="bold" if mark.bold else "normal")
            figure.text(
                *mark.at, mark.text, color=mark.colour, ha=mark.align, va="baseline", fontproperties=font,
                transform=place, bbox=box, parse_math=False, zorder=5,
            )  # fmt: skip
        return figure

    def png(self, scale: float) -> bytes:
        """All of it as PNG with so many pixels for one CSS pixel."""
        figure, _ = self._drawn()
        picture = rastered(figure, scale)
        pen = ImageDraw.Draw(picture)
        for mark in self._letters:
            font = pen_font(round(mark.size * scale), mark.bold)
            start = mark.at[0] * scale - BEFORE[mark.align] * font.getlength(mark.text)
            at = (
                round(start),
                round(mark.at[1] * scale),
            )  # whole pixels: equal words, equal bytes
            if mark.halo:
                left, top, right, bottom = pen.textbbox(at, mark.text, font, "ls")
                pen.rectangle((left - 3, top - 1, right + 3, bottom), self.palette.paper)
            pen.text(at, mark.text, mark.colour, font, "ls")
        return packed(picture, self.palette)

    def svg(self) -> bytes:
        """All of it as SVG with real text, the same bytes every time."""
        return svg(self.figure())

    def _drawn(self) -> tuple[Figure, Any]:
        """The figure without its letters, and the transform of its pixels."""
        figure = Figure((self.width / CSS_DPI, self.height / CSS_DPI), CSS_DPI, facecolor=self.palette.paper)
        flipped = Affine2D().scale(1 / CSS_DPI, -1 / CSS_DPI).translate(0, self.height / CSS_DPI)
        place = flipped + figure.dpi_scale_trans
        for (colour, width, dashes, level), lines in self._lines.items():
            points = width * 72 / CSS_DPI
            figure.add_artist(
                LineCollection(
                    lines, colors=colour, linewidths=points, linestyles=dashes, zorder=level, transform=place
                )
            )
        for (fill, edge, width, level), shapes in self._shapes.items():
            points = width * 72 / CSS_DPI
            figure.add_artist(
                PolyCollection(
                    shapes, facecolors=fill, edgecolors=edge, linewidths=points, zorder=level, transform=place
                )
            )
        return figure, place


def rastered(figure: Figure, scale: float) -> Image.Image:
    """A figure in pixels."""
    figure.set_dpi(CSS_DPI * scale)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    size = canvas.get_width_height()
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")


def packed(picture: Image.Image, palette: Palette) -> bytes:
    """A picture as PNG with a small colour table made of the palette's own inks."""
    file = BytesIO()
    picture.quantize(palette=_table(palette), dither=Image.Dither.NONE).save(file, "PNG", compress_level=9)
    return file.getvalue()


def svg(figure: Figure) -> bytes:
    """A figure as SVG with real text and without a date."""
    file = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "labkit", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


@lru_cache(maxsize=64)
def pen_font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    """The font of all pictures for Pillow."""
    return ImageFont.truetype(findfont(FontProperties(family=FONT, weight="bold" if bold else "normal")), size)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line of text will be, in CSS pixels."""
    return pen_font(48, bold).getlength(text) * size / 48


@lru_cache(maxsize=4)
def _table(palette: Palette) -> Image.Image:
    inks = [palette.ink, palette.quiet, palette.good, palette.bad, palette.ask, palette.line, *palette.legs]
    ramps = [(palette.paper, ink) for ink in inks] + [(palette.head, palette.ink), (palette.head, palette.quiet)]
    ramps += [(fill, ink) for fill in palette.media for ink in (palette.ink, *palette.legs)]
    colours = [palette.hair, palette.head, palette.paper, *palette.media]
    table = [mixed(colour, colour, 0) for colour in colours]
    table += [mixed(under, over, step / STEPS) for under, over in ramps for step in range(1, STEPS + 1)]
    image = Image.new("P", (1, 1))
    image.putpalette([part for colour in table[:256] for part in colour])
    return image
