"""A ladder as text: the canonical form that tests compare and that stands for the picture where none can be seen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from textwrap import wrap

from labkit.show.layout import LEGS, Layout, Row
from labkit.show.sheet import Column, Detail, Kind

NARROW, WIDE = 18, 42
"""Fewest and most characters between two lifelines."""


def draw(layout: Layout, *, exact: bool = True, ports: bool = False) -> str:
    """The ladder as text.

    `exact=False` leaves out what differs between two runs of the same call: times and packet counts.
    `ports=True` adds the ports of media addresses, which differ as well.
    """
    page = _Page.of(layout, exact=exact, ports=ports)
    lines = [layout.title, ""] if layout.title else []
    lines += page.heads()
    for row in layout.rows:
        lines += page.drawn(row)
    if layout.signed:
        lines += [
            "",
            *(f"leg {LEGS[place % len(LEGS)]}: {leg.line(exact=exact)}" for place, leg in enumerate(layout.legs)),
        ]
    return "\n".join(line.rstrip() for line in lines)


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the lifelines stand, in characters."""

    columns: tuple[Column, ...]
    at: tuple[int, ...]
    exact: bool
    ports: bool
    signed: bool

    @classmethod
    def of(cls, layout: Layout, *, exact: bool, ports: bool) -> _Page:
        """A page wide enough for what the layout says."""
        bare = cls(layout.columns, (0,) * len(layout.columns), exact, ports, layout.signed)
        heads = [max(map(len, (column.name, *column.addresses))) for column in layout.columns]
        gaps = [max(NARROW, (a + b) // 2 + 2) for a, b in pairwise(heads)]
        for row in layout.rows:
            if row.right - row.left == 1 or row.through is not None:
                gaps[row.near] = max(gaps[row.near], len(row.label) + 6, *(len(line) + 2 for line in bare.near(row)))
                gaps[row.far] = max([gaps[row.far], *(len(line) + 2 for line in bare.far(row))])
        margin = (30 if exact else 9) + max(heads[:1], default=0) // 2
        at = accumulate([margin, *(min(gap, WIDE) + 1 for gap in gaps)])
        return cls(layout.columns, tuple(at), exact, ports, layout.signed)

    def heads(self) -> list[str]:
        """Names and addresses over the lifelines."""
        deep = max((len(column.addresses) for column in self.columns), default=0)
        texts = [[column.name, *column.addresses, *[""] * deep] for column in self.columns]
        lines = [self._centred([text[place] for text in texts]) for place in range(1 + deep)]
        if self.exact:
            lines[0] = "  time s       +s" + lines[0][17:]
        return [*lines, self._lifelines()]

    def drawn(self, row: Row) -> list[str]:
        """The lines of one row."""
        lines = [self._lifelines("┊")] if row.pause else []
        lines.append(self._arrow(row))
        near, far = self._wrapped(self.near(row), row.near), self._wrapped(self.far(row), row.far)
        if row.near == row.far:
            near, far = near + far, []
        for place in range(max(len(near), len(far))):
            line = list(self._lifelines())
            for stretch, texts in ((row.near, near), (row.far, far)):
                if place < len(texts):
                    start = self.at[stretch] + 2
                    line[start : start + len(texts[place])] = texts[place]
            lines.append("".join(line))
        return lines

    def near(self, row: Row) -> list[str]:
        """Small lines beneath the label."""
        lines = [self._said(detail) for detail in row.arrow.details]
        for sign, flow in row.flows():
            if flow is None:
                lines.append(f"{sign} no RTP")
            elif self.exact:
                lines.append(f"{sign} {flow.words}")
        if row.media and self.exact and row.arrow.end_s is not None:
            lines.append(f"until {row.arrow.end_s:.3f} s")
        return lines

    def far(self, row: Row) -> list[str]:
        """Small lines beyond the NAT."""
        return [self._said(detail) for detail in row.arrow.changes]

    def _wrapped(self, lines: list[str], stretch: int) -> list[str]:
        """Lines cut to the room between two lifelines."""
        room = self.at[stretch + 1] - self.at[stretch] - 3
        return [part for line in lines for part in wrap(line, room, subsequent_indent="  ")]

    def _said(self, detail: Detail) -> str:
        return f"! {detail.line(ports=self.ports)}" if detail.alarm else detail.line(ports=self.ports)

    def _centred(self, texts: list[str]) -> str:
        line = ""
        for at, text in zip(self.at, texts, strict=True):
            line = line.ljust(at - len(text) // 2) + text + " "
        return line

    def _lifelines(self, sign: str = "") -> str:
        line = [" "] * (self.at[-1] + 1)
        for at, column in zip(self.at, self.columns, strict=True):
            line[at] = sign or ("║" if column.nat else "│")
        return "".join(line)

    def _gutter(self, row: Row) -> str:
        name = f"{row.number or row.arrow.kind:>4} {row.sign if self.signed else ' ':1} "
        if not self.exact:
            return name
        delta = "" if row.delta_s is None else f"{row.delta_s:+.3f}"
        return f"{row.arrow.time_s:8.3f} {delta:>8} {name}"

    def _arrow(self, row: Row) -> str:
        line = list(self._lifelines())
        left, right = self.at[row.left], self.at[row.right]
        line[left + 1 : right] = self._shaft(row)
        for place in range(row.left + 1, row.right):
            if row.arrow.kind is not Kind.NOTE:
                line[self.at[place]] = "╫" if self.columns[place].nat else "┼"
        gutter = self._gutter(row)
        return gutter + "".join(line)[len(gutter) :]

    def _shaft(self, row: Row) -> str:
        """The characters between two lifelines, with the label in the stretch next to the sender."""
        width = self.at[row.right] - self.at[row.left] - 1
        stretch = width if row.arrow.kind is Kind.NOTE else self.at[row.near + 1] - self.at[row.near] - 1
        ink = _ink(row)
        label = f" {row.label} " if len(row.label) <= stretch - 4 else f" {row.label[: stretch - 5]}… "
        before = (stretch - len(label)) // 2 + (0 if row.rightward else width - stretch)
        body = (ink * width)[:width]
        body = body[:before] + label + body[before + len(label) :]
        start = "<" if row.both or not row.rightward else body[0]
        end = ">" if row.both or row.rightward else body[-1]
        return start + body[1:-1] + end


def _ink(row: Row) -> str:
    if row.media:
        return "═"
    if row.arrow.kind is Kind.NOTE:
        return "·"
    return "- " if row.arrow.again else "─"
