"""A picture with its text form, as all charts of a trace are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.show.canvas import CSS_DPI, packed, rastered, svg
from labkit.show.palette import PALETTES, Palette
from labkit.show.saving import Forms, html_file, image, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of a picture that can be chosen; its place in shares of the picture's width and height, from top left."""

    name: str
    words: str
    """What is known of it, line by line."""
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """Text by `str`, an image with that text as its alternative in a notebook, files by `save`."""

    words: str
    """The text form: everything that the picture tells, stable from run to run of the same capture."""
    draw: Callable[[Palette], Figure]
    """Makes the figure on one palette."""
    theme: str = "light"
    """"light" or "dark"."""
    spots: tuple[Spot, ...] = ()
    """Its parts, in reading order."""

    def on(self, theme: str) -> Picture:
        """The same picture on the other paper."""
        return replace(self, theme=theme)

    def figure(self) -> Figure:
        """A matplotlib figure, to draw more on."""
        return self.draw(PALETTES[self.theme])

    def png(self, scale: float = 1.5) -> bytes:
        """A PNG with so many pixels for one CSS pixel."""
        return packed(rastered(self.figure(), scale), PALETTES[self.theme])

    def svg(self) -> bytes:
        """An SVG with real text."""
        return svg(self.figure())

    def save(self, path: str | Path) -> Path:
        """Write a file; its suffix says what: .png, .svg, .txt or .html."""
        forms: Forms = {
            ".png": lambda: self.png(2.0), ".svg": self.svg, ".txt": lambda: self.words,
            ".html": lambda: html_file(self._repr_html_()),
        }  # fmt: skip
        return save(path, forms)

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__

    def _repr_html_(self) -> str:
        figure = self.figure()
        width = figure.get_size_inches()[0] * CSS_DPI
        drawn = image(packed(rastered(figure, 1.5), PALETTES[self.theme]), self.words, width)
        return f'<div class="labkit-picture">{drawn}</div>'
