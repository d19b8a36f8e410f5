"""A picture with its text form, as all charts of a trace are."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import LabError
from labkit.show.canvas import packed, rastered, svg
from labkit.show.palette import PALETTES, Palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """Text by `str`, an image with that text as its alternative in a notebook, files by `save`."""

    words: str
    """The text form: everything that the picture tells, stable from run to run of the same capture."""
    draw: Callable[[Palette], Figure]
    """Makes the figure on one palette."""
    theme: str = "light"
    """"light" or "dark"."""

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
        path = Path(path)
        match path.suffix:
            case ".png":
                path.write_bytes(self.png(2.0))
            case ".svg":
                path.write_bytes(self.svg())
            case ".txt":
                path.write_text(self.words + "\n", encoding="utf-8")
            case ".html":
                path.write_text(f'<!doctype html><meta charset="utf-8">{self._repr_html_()}\n', encoding="utf-8")
            case suffix:
                raise LabError(f"A picture is not saved as {suffix!r}; use .png, .svg, .txt or .html.", path=path)
        return path

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__

    def _repr_html_(self) -> str:
        figure = self.figure()
        width = figure.get_size_inches()[0] * 96
        picture = packed(rastered(figure, 1.5), PALETTES[self.theme])
        return image(picture, self.words, width)


def image(png: bytes, alt: str, width: float) -> str:
    """An HTML image that carries its data; `width` in CSS pixels."""
    return f'<img alt="{escape(alt)}" width="{width:.0f}" src="data:image/png;base64,{b64encode(png).decode()}">'
