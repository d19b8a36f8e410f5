"""Small tables that read the same in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """Rows of words under headings with units."""

    title: str
    """One line above."""
    heads: tuple[str, ...]
    """Headings, with units."""
    rows: tuple[tuple[str, ...], ...]
    """Words, one for each heading."""
    note: str = ""
    """One line below."""

    def __str__(self) -> str:
        lines = [self.heads, *self.rows]
        wide = [max(len(line[place]) for line in lines) for place in range(len(self.heads))]
        body = ["  ".join(_set(line, wide)).rstrip() for line in lines]
        return "\n".join([self.title, *body, *([self.note] if self.note else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(each)}</th>" for each in self.heads)
        rows = "".join(f"<tr>{''.join(_cell(each, place) for place, each in enumerate(row))}</tr>" for row in self.rows)
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<div><b>{escape(self.title)}</b><table><tr>{head}</tr>{rows}</table>{note}</div>"


def _set(line: Sequence[str], wide: Sequence[int]) -> list[str]:
    """The first column to the left, figures to the right."""
    return [
        text.ljust(width) if place == 0 else text.rjust(width)
        for place, (text, width) in enumerate(zip(line, wide, strict=True))
    ]


def _cell(text: str, place: int) -> str:
    side = "left" if place == 0 else "right"
    return f'<td style="text-align: {side}">{escape(text)}</td>'
