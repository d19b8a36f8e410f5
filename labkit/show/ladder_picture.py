"""A ladder as a picture, set like a figure in a textbook."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import cos, pi, sin

from labkit.show.canvas import Canvas, Point, text_width
from labkit.show.layout import LEGS, Layout, Row
from labkit.show.palette import Palette
from labkit.show.sheet import Column, Detail, Kind

EDGE = 18.0
TIME_X, DELTA_X, NUMBER_X, SIGN_X = 64.0, 118.0, 158.0, 176.0
GUTTER = 190.0
GAP_LEAST = 130.0
"""Lifelines are never closer."""
WIDEST = 1000.0
"""A ladder is no wider if its columns allow: it fits a notebook in a window of 1280."""
LABEL, SMALL = 12.0, 11.0
LINE = 14.0
"""Height of a small line."""
ABOVE, BELOW = 18.0, 8.0
"""Room over and under an arrow."""
PAUSE = 20.0
BAND = 7.0
"""Half the height of a media arrow."""
SIGNS = {1: "…", 2: "✓", 3: "↪", 4: "✕", 5: "✕", 6: "✕"}
CHALLENGED = (401, 407)


def draw(layout: Layout, palette: Palette, *, exact: bool = True) -> Canvas:
    """The ladder on a canvas; `exact=False` leaves out times and packet counts."""
    page = _Page.of(layout, exact)
    canvas = Canvas(page.width, page.height, palette)
    _Pen(page, canvas, palette).draw()
    return canvas


def places(layout: Layout, *, exact: bool = True) -> list[float]:
    """Where each row lies on the picture: its upper edge as a share of the height, and the end of the last one."""
    page = _Page.of(layout, exact)
    return [y / page.height for y in (*page.tops, page.foot)]


def label_of(row: Row) -> str:
    """The label with the sign of its class, so that colour is not the only one."""
    code = row.arrow.code
    if code is None:
        return row.label
    return f"{'?' if code in CHALLENGED else SIGNS.get(code // 100, '')} {row.label}"


Line = tuple[str, bool]
"""A small line, and whether it is an alarm."""


@dataclass(frozen=True, slots=True)
class _Page:
    """Where things stand, in CSS pixels."""

    layout: Layout
    exact: bool
    at: tuple[float, ...]
    """x of the lifelines."""
    near: tuple[list[Line], ...]
    """Small lines beneath the label of each row."""
    far: tuple[list[Line], ...]
    """Small lines of each row beyond the NAT."""
    tops: tuple[float, ...]
    """y where the room of each row begins."""
    head: float
    """y where the lifelines begin."""
    foot: float
    """y where they end."""
    width: float
    height: float

    @classmethod
    def of(cls, layout: Layout, exact: bool) -> _Page:
        """Room for all that the layout says."""
        at = _lifelines(layout, exact)
        near = tuple(_wrapped(_near(row, exact), at, row.near) for row in layout.rows)
        far = tuple(_wrapped(_far(row), at, row.far) for row in layout.rows)
        deep = max((len(column.addresses) for column in layout.columns), default=0)
        head = EDGE + (28 if layout.title else 0) + 24 + LINE * deep + 4
        tops, y = [], head + 8
        for row, beneath, beyond in zip(layout.rows, near, far, strict=True):
            y += PAUSE if row.pause else 0
            tops.append(y)
            y += _height(row, max(len(beneath), len(beyond)))
        foot, legend = y + 10, _legend(layout, exact)
        half = _head(layout.columns[-1]) / 2 + 14
        legend_end = SIGN_X + max((text_width(text, SMALL) for _, text in legend), default=0)
        title_end = EDGE + text_width(layout.title, 14, True)
        width = max(at[-1] + max(half, 40), legend_end, title_end) + EDGE
        legend_height = 12 + (LINE + 4) * len(legend) if legend else 0
        return cls(layout, exact, at, near, far, tuple(tops), head, foot, width, foot + legend_height + EDGE)


def _head(column: Column) -> float:
    return max(text_width(text, LABEL, True) for text in (column.name, *column.addresses))


def _lifelines(layout: Layout, exact: bool) -> tuple[float, ...]:
    """As far apart as their labels need, and no wider together than a notebook."""
    heads = [_head(column) for column in layout.columns]
    gaps = [max(GAP_LEAST, (a + b) / 2 + 30) for a, b in pairwise(heads)]
    for row in layout.rows:
        if row.right - row.left == 1 or row.through is not None:
            needs = [text_width(label_of(row), LABEL, True) + 44]
            needs += [text_width(text, SMALL) + 24 for text, _ in _near(row, exact)]
            gaps[row.near] = max([gaps[row.near], *needs])
            gaps[row.far] = max([gaps[row.far], *(text_width(text, SMALL) + 24 for text, _ in _far(row))])
    start = (GUTTER if exact else GUTTER - 110) + heads[0] / 2
    gaps = _capped(gaps, WIDEST - start - heads[-1] / 2 - 2 * EDGE)
    return tuple(round(x) + 0.5 for x in accumulate([start, *gaps]))


def _capped(gaps: list[float], room: float) -> list[float]:
    """The same gaps, the widest of them cut until all fit, but none below the least."""
    cap = max(gaps, default=0.0)
    while sum(min(gap, cap) for gap in gaps) > room and cap > GAP_LEAST:
        cap -= 2
    return [min(gap, cap) for gap in gaps]


def _near(row: Row, exact: bool) -> list[Line]:
    """Small lines beneath the label."""
    lines = [(_said(detail), detail.alarm) for detail in row.arrow.details]
    for sign, flow in row.flows():
        if flow is None:
            lines.append((f"{sign} no RTP", True))
        elif exact:
            lines.append((f"{sign} {flow.words}", flow.lost > 0))
    if row.media and exact and row.arrow.end_s is not None:
        lines.append((f"until {row.arrow.end_s:.3f} s", False))
    return lines if row.far != row.near else [*lines, *_changes(row)]


def _far(row: Row) -> list[Line]:
    """Small lines beyond the NAT."""
    return _changes(row) if row.far != row.near else []


def _changes(row: Row) -> list[Line]:
    return [(_said(detail), detail.alarm) for detail in row.arrow.changes]


def _said(detail: Detail) -> str:
    return f"! {detail.line(ports=True)}" if detail.alarm else detail.line(ports=True)


def _wrapped(lines: list[Line], at: tuple[float, ...], stretch: int) -> list[Line]:
    """Lines broken at blanks to the room between two lifelines."""
    room = at[stretch + 1] - at[stretch] - 16 if lines else 0.0
    broken: list[Line] = []
    for text, alarm in lines:
        part = ""
        for word in text.split(" "):
            longer = f"{part} {word}" if part else word
            if part and text_width(longer, SMALL) > room:
                broken.append((part, alarm))
                longer = word
            part = longer
        broken.append((part, alarm))
    return broken


def _cut(text: str, room: float, bold: bool) -> str:
    """A label that ends in an ellipsis where it has no room."""
    if text_width(text, LABEL, bold) <= room:
        return text
    while text and text_width(f"{text}…", LABEL, bold) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _height(row: Row, deep: int) -> float:
    return ABOVE + (LINE * deep + 8 if deep else BELOW) + (BAND * 2 if row.media else 0)


def _legend(layout: Layout, exact: bool) -> list[tuple[int, str]]:
    return list(enumerate(leg.line(exact=exact) for leg in layout.legs)) if layout.signed else []


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws one page."""

    page: _Page
    canvas: Canvas
    palette: Palette

    def draw(self) -> None:
        """Everything, from the back to the front."""
        self._heads()
        self._columns()
        draws = {Kind.SIP: self._message, Kind.NOTE: self._note, Kind.RTP: self._media, Kind.RTCP: self._media}
        for place, (row, top) in enumerate(zip(self.page.layout.rows, self.page.tops, strict=True)):
            y = round(top + ABOVE + (BAND if row.media else 0)) + 0.5
            self._gutter(row, y)
            draws[row.arrow.kind](row, y)
            self._small(row, place, y + (BAND if row.media else 0))
        self._foot()

    def _heads(self) -> None:
        layout, palette = self.page.layout, self.palette
        if layout.title:
            self.canvas.text((EDGE, EDGE + 14), layout.title, palette.ink, 14, bold=True)
        top = EDGE + (28 if layout.title else 0)
        for x, column in zip(self.page.at, layout.columns, strict=True):
            half = max(text_width(t, LABEL, True) for t in (column.name, *column.addresses)) / 2 + 10
            box = ((x - half, top), (x + half, top), (x + half, self.page.head), (x - half, self.page.head))
            self.canvas.shape(box, palette.head, palette.line, level=2)
            self.canvas.text((x, top + 17), column.name, palette.ink, LABEL, align="center", bold=True)
            for place, address in enumerate(column.addresses):
                self.canvas.text((x, top + 32 + LINE * place), address, palette.quiet, SMALL, align="center")
        if self.page.exact:
            self.canvas.text((TIME_X, self.page.head - 4), "time, s", palette.quiet, SMALL, align="right")
            self.canvas.text((DELTA_X, self.page.head - 4), "+s", palette.quiet, SMALL, align="right")

    def _columns(self) -> None:
        """Lifelines, dotted where nothing happens for a while; a NAT is a wall."""
        pauses = [t for row, t in zip(self.page.layout.rows, self.page.tops, strict=True) if row.pause]
        stops = [self.page.head, *(y for top in pauses for y in (top - PAUSE + 2, top - 2)), self.page.foot]
        for x, column in zip(self.page.at, self.page.layout.columns, strict=True):
            offsets = (-2.5, 2.5) if column.nat else (0,)
            for offset in offsets:
                for begin, end in zip(stops[::2], stops[1::2], strict=True):
                    self.canvas.line([(x + offset, begin), (x + offset, end)], self.palette.line, level=1)
                for begin, end in zip(stops[1:-1:2], stops[2::2], strict=True):
                    self.canvas.line([(x + offset, begin), (x + offset, end)], self.palette.line, 1.2, ":", level=1)

    def _gutter(self, row: Row, y: float) -> None:
        ink, quiet = self.palette.ink, self.palette.quiet
        shift = 0 if self.page.exact else 110
        if self.page.exact:
            self.canvas.text((TIME_X, y + 4), f"{row.arrow.time_s:.3f}", quiet, SMALL, align="right")
            if row.delta_s is not None:
                self.canvas.text((DELTA_X, y + 4), f"+{row.delta_s:.3f}", quiet, SMALL, align="right", bold=row.pause)
        if row.number:
            self.canvas.text((NUMBER_X - shift, y + 4), row.number, ink, 11, align="right", bold=True)
        guide_end = self.page.at[row.left] - 6
        sign = self.page.layout.signed and row.sign
        if sign:
            self._sign(SIGN_X - shift, y, row.arrow.leg or 0)
        begin = (SIGN_X if sign else NUMBER_X) - shift + 12
        if guide_end > begin + 20:
            self.canvas.line([(begin, y), (guide_end, y)], self.palette.hair, 1.0, level=0.5)

    def _sign(self, x: float, y: float, leg: int) -> None:
        """The letter of a leg, in its ink."""
        letter = LEGS[leg % len(LEGS)]
        self.canvas.text((x, y + 4), letter, self.palette.leg(leg), 11, align="center", bold=True)

    def _message(self, row: Row, y: float) -> None:
        arrow, ink = row.arrow, self.palette.leg(row.arrow.leg)
        tail, head = self.page.at[row.tail], self.page.at[row.head]
        way = 1 if row.rightward else -1
        dashes = "--" if arrow.again else "-"
        width = 1.0 if arrow.response_class == 1 else 1.5
        self.canvas.line([(tail, y), (head - 8 * way, y)], ink, width, dashes)
        self._tip((head - 1 * way, y), way, ink, hollow=bool((arrow.leg or 0) % 2))
        if row.through is not None:
            x = self.page.at[row.through]
            self.canvas.shape(_disc(x, y, 3.2), self.palette.paper, ink, 1.4, level=4)
        colour = self.palette.ask if arrow.code in CHALLENGED else self.palette.of_class(arrow.response_class)
        bold = arrow.response_class != 1
        middle, room = self._middle(row), self.page.at[row.near + 1] - self.page.at[row.near] - 18
        if text_width(label_of(row), LABEL, bold) > room:
            middle, room = (tail + head) / 2, abs(head - tail) - 18
        label, wide = _cut(label_of(row), room, bold), row.right - row.left > 1
        self.canvas.text((middle, y - 5), label, colour, LABEL, "center", bold=bold, halo=wide)

    def _note(self, row: Row, y: float) -> None:
        quiet = self.palette.quiet
        left, right = self.page.at[row.left], self.page.at[row.right]
        self.canvas.line([(left + 8, y), (right - 8, y)], quiet, 1.2, ":")
        self._tip((left + 1, y), -1, quiet, hollow=True)
        self._tip((right - 1, y), 1, quiet, hollow=True)
        self.canvas.text(((left + right) / 2, y - 5), row.label, quiet, SMALL, align="center", halo=True)

    def _media(self, row: Row, y: float) -> None:
        """A broad arrow, with a head at each end that RTP came to."""
        left, right = self.page.at[row.left] + 1, self.page.at[row.right] - 1
        to_right = row.both or row.rightward
        to_left = row.both or not row.rightward
        tip = 11.0
        outline: list[Point] = []
        if to_left:
            outline += [(left + tip, y + BAND), (left + tip, y + BAND + 4), (left, y), (left + tip, y - BAND - 4)]
            outline += [(left + tip, y - BAND)]
        else:
            outline += [(left, y + BAND), (left, y - BAND)]
        if to_right:
            outline += [(right - tip, y - BAND), (right - tip, y - BAND - 4), (right, y), (right - tip, y + BAND + 4)]
            outline += [(right - tip, y + BAND)]
        else:
            outline += [(right, y - BAND), (right, y + BAND)]
        self.canvas.shape(outline, self.palette.band(row.arrow.leg), self.palette.leg(row.arrow.leg), 1.0)
        self.canvas.text((self._middle(row), y + 4), row.label, self.palette.ink, SMALL, align="center", bold=True)

    def _tip(self, at: Point, way: int, ink: str, *, hollow: bool) -> None:
        x, y = at
        points = ((x, y), (x - 9 * way, y - 4.2), (x - 9 * way, y + 4.2))
        self.canvas.shape(points, self.palette.paper if hollow else ink, ink, 1.1)

    def _small(self, row: Row, place: int, y: float) -> None:
        for stretch, lines in ((row.near, self.page.near[place]), (row.far, self.page.far[place])):
            x = (self.page.at[stretch] + self.page.at[stretch + 1]) / 2 if lines else 0.0
            for depth, (text, alarm) in enumerate(lines):
                colour = self.palette.bad if alarm else self.palette.quiet
                self.canvas.text((x, y + 14 + LINE * depth), text, colour, SMALL, "center")

    def _middle(self, row: Row) -> float:
        if row.arrow.kind is Kind.NOTE:
            return (self.page.at[row.left] + self.page.at[row.right]) / 2
        return (self.page.at[row.near] + self.page.at[row.near + 1]) / 2

    def _foot(self) -> None:
        for place, text in _legend(self.page.layout, self.page.exact):
            y = self.page.foot + 22 + (LINE + 4) * place
            self._sign(EDGE + 6, y - 4, place)
            self.canvas.line([(EDGE + 20, y - 4), (EDGE + 42, y - 4)], self.palette.leg(place), 1.5)
            self._tip((EDGE + 50, y - 4), 1, self.palette.leg(place), hollow=bool(place % 2))
            self.canvas.text((EDGE + 60, y), text, self.palette.quiet, SMALL)


def _disc(x: float, y: float, radius: float) -> list[Point]:
    return [(x + radius * cos(pi * k / 8), y + radius * sin(pi * k / 8)) for k in range(16)]
