"""The lamps of a triage in two rows, each with its sign and its reason, and the likeliest findings below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.diagnosis.finding import LAYERS, Finding
from labkit.show.canvas import Canvas, text_width
from labkit.show.palette import Palette
from labkit.show.pictures import Picture, Spot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labkit.diagnosis.triage import Lamp, Triage

WIDTH = 900.0
"""In CSS pixels, as all of these."""
_EDGE, _ACROSS, _ROOM, _RADIUS, _LINE, _TOP = 20.0, 3, 268.0, 17.0, 17.0, 66.0
_SIGNS = {"green": "✓", "red": "✕", "unknown": "?"}
_WORDS = {"green": "works", "red": "fault", "unknown": "cannot tell"}
_FINDINGS, _EVIDENCE = 3, 4
"""How many of each are drawn; the text form has all."""

Row = tuple[str, str, float, bool]
"""A line below the lamps: text, tone, indentation, bold."""


def lamps(triage: Triage) -> Picture:
    """The lamps of a triage with the reasons for each, and its likeliest findings with what they rest on."""
    places = _placed(triage)
    rows = [row for finding in triage.findings[:_FINDINGS] for row in _rows(finding)] or [_NOTHING]
    middle = places[-1].y + places[-1].height + 22 if places else _TOP
    height = middle + _LINE * (len(rows) + 1) + 12
    spots = tuple(_spot(triage, *pair, height) for pair in zip(triage.lamps, places, strict=True))

    def draw(palette: Palette) -> Figure:
        canvas = Canvas(WIDTH, height, palette)
        canvas.text((_EDGE, 28), "Which layer is it?", palette.ink, 17, bold=True)
        for lamp, place in zip(triage.lamps, places, strict=True):
            _lamp(canvas, lamp, place)
        canvas.line([(_EDGE, middle - 8), (WIDTH - _EDGE, middle - 8)], palette.line)
        for number, row in enumerate(rows):
            _row(canvas, middle + 14 + number * _LINE, row)
        return canvas.figure()

    return Picture(str(triage), draw, spots=spots)


def wrapped(text: str, size: float, room: float) -> list[str]:
    """A text in lines no wider than `room`; a single word may be wider."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lamp stands, from its top left, with its reason below it."""

    x: float
    y: float
    reason: tuple[str, ...]
    height: float
    """That of all lamps in its row."""


def _placed(triage: Triage) -> list[Place]:
    reasons = [tuple(wrapped(lamp.says, 13, _ROOM)) for lamp in triage.lamps]
    places: list[Place] = []
    y = _TOP
    for at in range(0, len(reasons), _ACROSS):
        row = reasons[at : at + _ACROSS]
        height = 46 + _LINE * max(map(len, row))
        places += [Place(_EDGE + _step() * n, y, reason, height) for n, reason in enumerate(row)]
        y += height + 18
    return places


def _step() -> float:
    return (WIDTH - 2 * _EDGE) / _ACROSS


def _spot(triage: Triage, lamp: Lamp, place: Place, height: float) -> Spot:
    """A lamp as a part that can be chosen: why it is so, and all findings of its layer."""
    name = f"{LAYERS[lamp.layer]}: {_WORDS[lamp.state]}"
    words = "\n\n".join([f"{name}. {lamp.says}", *(str(each) for each in triage.findings if each.layer == lamp.layer)])
    left, top = place.x - 8, place.y - 6
    return Spot(name, words, left / WIDTH, top / height, (_step() - 8) / WIDTH, (place.height + 8) / height)


def _lamp(canvas: Canvas, lamp: Lamp, place: Place) -> None:
    palette, x, y = canvas.palette, place.x, place.y + _RADIUS
    ink = {"green": palette.good, "red": palette.bad}.get(lamp.state, palette.quiet)
    circle = [(x + _RADIUS + _RADIUS * math.cos(a), y + _RADIUS * math.sin(a)) for a in _ANGLES]
    canvas.shape(circle, palette.head if lamp.state == "unknown" else ink, ink, 1.6)
    sign = ink if lamp.state == "unknown" else palette.paper
    canvas.text((x + _RADIUS, y + 6), _SIGNS[lamp.state], sign, 17, "center", bold=True)
    canvas.text((x + 2 * _RADIUS + 10, y - 3), LAYERS[lamp.layer], palette.ink, 14, bold=True)
    canvas.text((x + 2 * _RADIUS + 10, y + 14), _WORDS[lamp.state], ink, 13)
    for number, line in enumerate(place.reason):
        canvas.text((x, place.y + 54 + number * _LINE), line, palette.ink, 13)


_ANGLES = [2 * math.pi * step / 40 for step in range(40)]
_NOTHING: Row = ("Nothing wrong was found.", "good", 0.0, False)


def _rows(finding: Finding) -> list[Row]:
    room = WIDTH - 2 * _EDGE - 24
    head = f"{finding.place}   {finding.confidence:.0%} sure   {LAYERS[finding.layer]}"
    rows: list[Row] = [(head, "ink", 0.0, True)]
    rows += [(line, "ink", 12.0, False) for line in wrapped(finding.says, 13, room)]
    for evidence in finding.evidence[:_EVIDENCE]:
        rows += [(line, "quiet", 24.0, False) for line in wrapped(f"· {evidence}", 13, room)]
    if finding.next:
        rows += [(line, "ask", 12.0, False) for line in wrapped(f"→ {finding.next}", 13, room)]
    return [*rows, ("", "ink", 0.0, False)]


def _row(canvas: Canvas, y: float, row: Row) -> None:
    text, tone, indent, bold = row
    colour: str = getattr(canvas.palette, tone)
    canvas.text((_EDGE + indent, y), text, colour, 13, bold=bold)
