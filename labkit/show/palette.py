"""Inks and papers of all pictures, chosen so that every text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from dataclasses import dataclass

FONT = "DejaVu Sans"
"""It comes with matplotlib, so a picture looks the same on every machine."""


@dataclass(frozen=True, slots=True)
class Palette:
    """One paper and its inks, as hex colours."""

    paper: str
    """Background, always painted: a picture without one is unreadable on half of all pages."""
    ink: str
    """Main text."""
    quiet: str
    """Small text: times, addresses, SDP."""
    line: str
    """Lifelines."""
    hair: str
    """Guides that are seen only when looked for."""
    head: str
    """Fill of boxes."""
    good: str
    """Success."""
    bad: str
    """Failure and loss."""
    ask: str
    """Challenge and redirection: something is asked of the sender."""
    legs: tuple[str, ...]
    """Ink of each leg."""
    media: tuple[str, ...]
    """Fill of the media arrows of each leg."""

    def leg(self, index: int | None) -> str:
        """Ink of a leg, or the main ink where there is none."""
        return self.ink if index is None else self.legs[index % len(self.legs)]

    def band(self, index: int | None) -> str:
        """Fill of the media arrows of a leg."""
        return self.media[(index or 0) % len(self.media)]

    def of_class(self, digit: int) -> str:
        """Ink of a response by the first digit of its code."""
        return {0: self.ink, 1: self.quiet, 2: self.good, 3: self.ask}.get(digit, self.bad)


LIGHT = Palette(
    paper="#fdfcf9",
    ink="#22262b",
    quiet="#5c636b",
    line="#b9b6ad",
    hair="#ece9e1",
    head="#f3f0e8",
    good="#1c6b3f",
    bad="#ad2a1f",
    ask="#69418f",
    legs=("#1f5384", "#8a4b08", "#1c6b5e", "#7a2e63"),
    media=("#dbe6f1", "#f3e3cd", "#d8ebe6", "#efdcea"),
)
DARK = Palette(
    paper="#1d2024",
    ink="#e9e7e1",
    quiet="#a9aeb5",
    line="#5f656d",
    hair="#2b2f35",
    head="#292d33",
    good="#7fce9f",
    bad="#ff9d8f",
    ask="#cdb2f0",
    legs=("#8fc1f0", "#eab676", "#85d3c2", "#e3a5cf"),
    media=("#2a4059", "#523f24", "#24463f", "#4b2c42"),
)
PALETTES = {"light": LIGHT, "dark": DARK}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two hex colours, from 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> tuple[int, int, int]:
    """The colour between two, as red, green, blue from 0 to 255."""
    a, b = _rgb(one), _rgb(other)
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
