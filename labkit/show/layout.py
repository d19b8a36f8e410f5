"""Where everything on a ladder goes: the order of its columns, its rows, their numbers and times.

One layout serves all outputs, so that F4 is the same message in the text, the picture and the HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

from labkit.errors import LabError
from labkit.show.folding import folded
from labkit.show.sheet import Arrow, Column, Detail, Flow, Kind, Leg, Sheet

PAUSE_S = 1.0
"""A silence longer than this is drawn as a break in the lifelines."""
LEGS = "abcdefgh"
"""Signs of the legs; a call with more of them begins again at a."""
EMPTY = "No SIP message to show"
"""Title of a ladder without any."""
MOST = 400
"""Rows on one page of a ladder; a longer one goes on on the next."""
FEW = 6
"""Up to so many columns, every order is tried."""


@dataclass(frozen=True, slots=True)
class Row:
    """One arrow in its place."""

    arrow: Arrow
    """What is drawn."""
    number: str
    """F1, F2, ... for messages, "F5-F9" for folded ones, empty for media."""
    tail: int
    """Index of the column that it leaves."""
    head: int
    """Index of the column that it reaches."""
    through: int | None = None
    """Index of the NAT column on its way."""
    delta_s: float | None = None
    """Seconds since the row above; None in the first row."""
    repeats: str = ""
    """Number of the message that this one retransmits."""

    @property
    def sign(self) -> str:
        """Letter of its leg."""
        return "" if self.arrow.leg is None else LEGS[self.arrow.leg % len(LEGS)]

    @property
    def left(self) -> int:
        """Index of its leftmost column."""
        return min(self.tail, self.head)

    @property
    def right(self) -> int:
        """Index of its rightmost column."""
        return max(self.tail, self.head)

    @property
    def rightward(self) -> bool:
        """True where it points to the right."""
        return self.tail <= self.head

    @property
    def near(self) -> int:
        """Stretch between columns (by the column left of it) next to the sender, where the label stands."""
        return self.left if self.rightward else self.right - 1

    @property
    def far(self) -> int:
        """Stretch beyond the NAT, where its changes stand."""
        if self.through is None:
            return self.near
        return self.through if self.near < self.through else self.through - 1

    @property
    def pause(self) -> bool:
        """True where the row comes after a long silence."""
        return self.delta_s is not None and self.delta_s >= PAUSE_S

    @property
    def label(self) -> str:
        """The label, with the number of what is sent again."""
        return f"{self.arrow.label} again ({self.repeats})" if self.repeats else self.arrow.label

    @property
    def media(self) -> bool:
        """True for RTP and RTCP."""
        return self.arrow.kind in (Kind.RTP, Kind.RTCP)

    @property
    def both(self) -> bool:
        """True where it has a head at each end."""
        return self.arrow.kind is Kind.NOTE or (self.media and self.arrow.backward is not None)

    def flows(self) -> list[tuple[str, Flow | None]]:
        """The two directions of RTP, each with a sign that shows it, the forward one first."""
        if not self.media:
            return []
        there, back = ("→", "←") if self.rightward else ("←", "→")
        return [(there, self.arrow.forward), (back, self.arrow.backward)]


@dataclass(frozen=True, slots=True)
class Layout:
    """A ladder with everything in its place."""

    columns: tuple[Column, ...]
    """From left to right."""
    rows: tuple[Row, ...]
    """From top to bottom."""
    legs: tuple[Leg, ...] = ()
    """Legs by index."""
    title: str = ""
    """One line above."""
    page: int = 1
    """Which page of a long ladder this is."""
    pages: int = 1
    """How many pages it has."""

    @property
    def signed(self) -> bool:
        """True where there are legs to tell apart."""
        return len(self.legs) > 1

    @property
    def messages(self) -> tuple[Row, ...]:
        """The rows that are single SIP messages."""
        return tuple(row for row in self.rows if row.arrow.kind is Kind.SIP)


def layout(sheet: Sheet, *, fold: bool = True, page: int = 1) -> Layout:
    """Everything of a sheet in its place, or what is on one page of many; LabError for a page that is not there."""
    numbers = _numbers(sheet.arrows)
    shown = list(folded(sheet.arrows) if fold else enumerate(sheet.arrows))
    pages = -(-len(shown) // MOST) or 1
    if not 1 <= page <= pages:
        raise LabError(f"This ladder has no page {page}. It has {pages}.", page=page)
    if pages > 1:
        shown = _page(sheet, shown, numbers, page, pages)
        sheet = _only(sheet, [arrow for _, arrow in shown])
    columns = sheet.columns if sheet.fixed else _ordered(sheet)
    columns = (*columns, *[Column("")] * (2 - len(columns)))
    index = {column.name: place for place, column in enumerate(columns)}
    rows = tuple(_timed(_counted([_row(arrow, numbers[n], index) for n, arrow in shown], shown, numbers)))
    return Layout(columns, rows, sheet.legs, sheet.title or EMPTY * (not rows), page, pages)


Shown = list[tuple[int, Arrow]]
"""Arrows that become rows, each with its place in the sheet."""


def _page(sheet: Sheet, shown: Shown, numbers: list[str], page: int, pages: int) -> Shown:
    """The rows of a page, and notes on what is before and behind them."""
    part = shown[(page - 1) * MOST : page * MOST]
    first, last = part[0], part[-1]
    used = {name for _, arrow in part for name in (arrow.source, arrow.target)}
    ends = [column.name for column in sheet.columns if column.name in used]
    numbers.append("")  # that of the notes
    rest = [number for number in numbers if number]
    before = [number for number in numbers[: first[0]] if number]
    behind = [number for number in numbers[last[0] + 1 :] if number]
    top = _turn(ends, first[1].time_s, f"page {page} of {pages}", f"{len(before)} messages before")
    end = _turn(ends, last[1].time_s, f"page {page} of {pages}", f"{len(behind)} messages follow, up to {rest[-1]}")
    place = len(numbers) - 1
    return [*[(place, top)] * (page > 1), *part, *[(place, end)] * (page < pages)]


def _turn(ends: list[str], time_s: float, label: str, detail: str) -> Arrow:
    return Arrow(Kind.NOTE, ends[0], ends[-1], time_s, label, details=(Detail(detail),))


def _only(sheet: Sheet, arrows: list[Arrow]) -> Sheet:
    """A sheet of some arrows, with the columns that they need."""
    used = {name for arrow in arrows for name in (arrow.source, arrow.target, arrow.through)}
    columns = tuple(column for column in sheet.columns if column.name in used)
    return replace(sheet, columns=columns, arrows=tuple(arrows))


def _row(arrow: Arrow, number: str, index: dict[str, int]) -> Row:
    tail, head = index[arrow.source], index[arrow.target]
    if tail == head:
        arrow = replace(arrow, label=f"{arrow.label} (to itself)")
        head = tail + 1 if tail + 1 < len(index) or tail == 0 else tail - 1
    through = index[arrow.through] if arrow.through else None
    between = through is not None and min(tail, head) < through < max(tail, head)
    return Row(arrow, number, tail, head, through if between else None)


def _numbers(arrows: Iterable[Arrow]) -> list[str]:
    numbers, count = [], 0
    for arrow in arrows:
        count += arrow.kind is Kind.SIP
        numbers.append(f"F{count}" if arrow.kind is Kind.SIP else "")
    return numbers


def _counted(rows: list[Row], shown: list[tuple[int, Arrow]], numbers: list[str]) -> list[Row]:
    """Retransmissions know what they repeat; the number of a note gives way to a sign of many."""
    first: dict[tuple[str, str, str], str] = {}
    counted = []
    for row, (place, arrow) in zip(rows, shown, strict=True):
        what = (arrow.key, arrow.label, arrow.source)
        if arrow.again:
            row = replace(row, repeats=first.get(what, "earlier"))
        elif arrow.kind is Kind.NOTE:
            row = replace(row, number=f"{numbers[place]}…" if numbers[place] else "")
        else:
            first.setdefault(what, row.number)
        counted.append(row)
    return counted


def _timed(rows: list[Row]) -> list[Row]:
    before: float | None = None
    timed = []
    for row in rows:
        timed.append(row if before is None else replace(row, delta_s=row.arrow.time_s - before))
        before = row.arrow.time_s
    return timed


def _ordered(sheet: Sheet) -> tuple[Column, ...]:
    """Columns in the order that makes arrows short, the first caller left of the called."""
    ways = Counter(way for arrow in sheet.arrows for way in _ways(arrow))
    if not ways or len(sheet.columns) > FEW:
        return sheet.columns
    names = [column.name for column in sheet.columns]
    start = next((a for a in sheet.arrows if a.label == "INVITE"), sheet.arrows[0])

    def cost(order: tuple[str, ...]) -> tuple[int, bool]:
        at = {name: place for place, name in enumerate(order)}
        length = sum(count * abs(at[a] - at[b]) for (a, b), count in ways.items())
        return length, at[start.source] > at[start.target]

    best = min(permutations(names), key=cost)
    return tuple(sorted(sheet.columns, key=lambda column: best.index(column.name)))


def _ways(arrow: Arrow) -> Iterable[tuple[str, str]]:
    """The stretches between columns that an arrow is made of."""
    stops = [arrow.source, *([arrow.through] if arrow.through else []), arrow.target]
    return pairwise(stops)
