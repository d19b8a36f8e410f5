"""Inks and papers of all pictures, chosen so that every text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from dataclasses import dataclass

FONT = "DejaVu Sans"
"""It comes with matplotlib, so a picture looks the same on every machine."""


@dataclass(frozen=True, slots=True)
class Palette:
    """One paper and its inks, as hex colours; what is quieter than an ink lies between it and the paper."""

    paper: str
    """Background, always painted: a picture without one is unreadable on half of all pages."""
    ink: str
    """Main text."""
    good: str
    """Success."""
    bad: str
    """Failure and loss."""
    ask: str
    """Challenge and redirection: something is asked of the sender."""
    legs: tuple[str, ...]
    """Ink of each leg."""

    @property
    def quiet(self) -> str:
        """Small text: times, addresses, SDP."""
        return faded(self.ink, self.paper, 0.28)

    @property
    def line(self) -> str:
        """Lifelines."""
        return faded(self.ink, self.paper, 0.66)

    @property
    def hair(self) -> str:
        """Guides that are seen only when looked for."""
        return faded(self.ink, self.paper, 0.92)

    @property
    def head(self) -> str:
        """Fill of boxes."""
        return faded(self.ink, self.paper, 0.94)

    @property
    def media(self) -> tuple[str, ...]:
        """Fill of the media arrows of each leg."""
        return tuple(faded(leg, self.paper, 0.84) for leg in self.legs)

    def leg(self, index: int | None) -> str:
        """Ink of a leg, or the main ink where there is none."""
        return self.ink if index is None else self.legs[index % len(self.legs)]

    def band(self, index: int | None) -> str:
        """Fill of the media arrows of a leg."""
        return self.media[(index or 0) % len(self.media)]

    def of_class(self, digit: int) -> str:
        """Ink of a response by the first digit of its code."""
        return {0: self.ink, 1: self.quiet, 2: self.good, 3: self.ask}.get(digit, self.bad)


_LIGHT = "#1f5384", "#8a4b08", "#1c6b5e", "#7a2e63"
_DARK = "#8fc1f0", "#eab676", "#85d3c2", "#e3a5cf"
PALETTES = {
    "light": Palette("#fdfcf9", "#22262b", good="#1c6b3f", bad="#ad2a1f", ask="#69418f", legs=_LIGHT),
    "dark": Palette("#1d2024", "#e9e7e1", good="#7fce9f", bad="#ff9d8f", ask="#cdb2f0", legs=_DARK),
}


def mixed(one: str, other: str, share: float) -> tuple[int, int, int]:
    """The colour between two, as red, green, blue from 0 to 255."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(_rgb(one), _rgb(other), strict=True))
    return red, green, blue


def faded(one: str, other: str, share: float) -> str:
    """The colour between two."""
    return "#" + bytes(mixed(one, other, share)).hex()


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour[1:])
