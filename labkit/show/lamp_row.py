"""The lamps of a triage in a row, each with its sign and its reason, and the likeliest findings below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.diagnosis.finding import LAYERS, Finding
from labkit.show.canvas import Canvas, text_width
from labkit.show.palette import Palette
from labkit.show.pictures import Picture, Spot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labkit.diagnosis.triage import Lamp, Triage

WIDTH = 1240.0
"""In CSS pixels, as all of these."""
_EDGE, _ROOM, _RADIUS, _LINE, _TOP = 20.0, 188.0, 17.0, 16.0, 62.0
_SIGNS = {"green": "✓", "red": "✕", "unknown": "?"}
_WORDS = {"green": "works", "red": "fault", "unknown": "cannot tell"}
_FINDINGS, _EVIDENCE = 3, 4
"""How many of each are drawn; the text form has all."""

Row = tuple[str, str, float, bool]
"""A line below the lamps: text, tone, indentation, bold."""


def lamps(triage: Triage) -> Picture:
    """The lamps of a triage with the reasons for each, and its likeliest findings with what they rest on."""
    sheet = _laid(triage)
    spots = tuple(_spot(triage, number, sheet) for number in range(len(triage.lamps)))
    return Picture(str(triage), lambda palette: _drawn(triage, sheet, palette), spots=spots)


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
class Sheet:
    """What stands where."""

    reasons: tuple[list[str], ...]
    """Lines below each lamp."""
    rows: tuple[Row, ...]
    """The findings."""
    middle: float
    """Where they begin."""

    @property
    def height(self) -> float:
        """How high all of it is."""
        return self.middle + _LINE * (len(self.rows) + 1) + 12


def _laid(triage: Triage) -> Sheet:
    reasons = tuple(wrapped(lamp.says, 12, _ROOM) for lamp in triage.lamps)
    middle = _TOP + 70 + _LINE * max(map(len, reasons), default=0) + 20
    rows = [row for finding in triage.findings[:_FINDINGS] for row in _rows(finding)] or [_NOTHING]
    return Sheet(reasons, tuple(rows), middle)


def _left(triage: Triage, number: int) -> float:
    return _EDGE + number * (WIDTH - 2 * _EDGE) / len(triage.lamps)


def _spot(triage: Triage, number: int, sheet: Sheet) -> Spot:
    """A lamp as a part that can be chosen: why it is so, and all findings of its layer."""
    lamp = triage.lamps[number]
    name = f"{LAYERS[lamp.layer]}: {_WORDS[lamp.state]}"
    words = "\n\n".join([f"{name}. {lamp.says}", *(str(each) for each in triage.findings if each.layer == lamp.layer)])
    left, top = _left(triage, number) - 8, _TOP - _RADIUS - 8
    return Spot(name, words, left / WIDTH, top / sheet.height, _ROOM / WIDTH, (sheet.middle - 16 - top) / sheet.height)


def _drawn(triage: Triage, sheet: Sheet, palette: Palette) -> Figure:
    canvas = Canvas(WIDTH, sheet.height, palette)
    canvas.text((_EDGE, 28), "Which layer is it?", palette.ink, 17, bold=True)
    for number, (lamp, lines) in enumerate(zip(triage.lamps, sheet.reasons, strict=True)):
        _lamp(canvas, _left(triage, number), lamp, lines)
    canvas.line([(_EDGE, sheet.middle - 8), (WIDTH - _EDGE, sheet.middle - 8)], palette.line)
    for number, row in enumerate(sheet.rows):
        _row(canvas, sheet.middle + 14 + number * _LINE, row)
    return canvas.figure()


def _lamp(canvas: Canvas, x: float, lamp: Lamp, lines: Sequence[str]) -> None:
    palette = canvas.palette
    ink = {"green": palette.good, "red": palette.bad}.get(lamp.state, palette.quiet)
    centre = (x + _RADIUS, _TOP)
    circle = [(centre[0] + _RADIUS * math.cos(a), centre[1] + _RADIUS * math.sin(a)) for a in _ANGLES]
    canvas.shape(circle, palette.head if lamp.state == "unknown" else ink, ink, 1.6)
    sign = ink if lamp.state == "unknown" else palette.paper
    canvas.text((centre[0], centre[1] + 6), _SIGNS[lamp.state], sign, 17, "center", bold=True)
    canvas.text((x + 2 * _RADIUS + 10, _TOP - 3), LAYERS[lamp.layer], palette.ink, 13, bold=True)
    canvas.text((x + 2 * _RADIUS + 10, _TOP + 14), _WORDS[lamp.state], ink, 12)
    for number, line in enumerate(lines):
        canvas.text((x, _TOP + 46 + number * _LINE), line, palette.ink, 12)


_ANGLES = [2 * math.pi * step / 40 for step in range(40)]
_NOTHING: Row = ("Nothing wrong was found.", "good", 0.0, False)


def _rows(finding: Finding) -> list[Row]:
    room = WIDTH - 2 * _EDGE - 24
    head = f"{finding.place}   {finding.confidence:.0%} sure   {LAYERS[finding.layer]}"
    rows: list[Row] = [(head, "ink", 0.0, True)]
    rows += [(line, "ink", 12.0, False) for line in wrapped(finding.says, 12, room)]
    for evidence in finding.evidence[:_EVIDENCE]:
        rows += [(line, "quiet", 24.0, False) for line in wrapped(f"· {evidence}", 12, room)]
    if finding.next:
        rows += [(line, "ask", 12.0, False) for line in wrapped(f"→ {finding.next}", 12, room)]
    return [*rows, ("", "ink", 0.0, False)]


def _row(canvas: Canvas, y: float, row: Row) -> None:
    text, tone, indent, bold = row
    colour: str = getattr(canvas.palette, tone)
    canvas.text((_EDGE + indent, y), text, colour, 13 if bold else 12, bold=bold)
