"""A ladder as a Mermaid sequence diagram, for documents that are written in Markdown."""

from __future__ import annotations

from labkit.show.layout import LEGS, Layout, Row
from labkit.show.sheet import Kind


def draw(layout: Layout) -> str:
    """The ladder in Mermaid's language (sequenceDiagram, version 11: two-headed arrows stand for RTP)."""
    lines = ["sequenceDiagram"]
    for place, column in enumerate(layout.columns):
        lines.append(f"    participant C{place} as {_quoted('<br/>'.join((column.name, *column.addresses)))}")
    for row in layout.rows:
        lines += _row(row, signed=layout.signed)
    if layout.signed:
        legs = "<br/>".join(f"leg {LEGS[n % len(LEGS)]}: {leg.line(exact=False)}" for n, leg in enumerate(layout.legs))
        lines.append(f"    Note over C0,C{len(layout.columns) - 1}: {_quoted(legs)}")
    return "\n".join(lines)


def _row(row: Row, *, signed: bool) -> list[str]:
    details = [detail.line(ports=False) for detail in (*row.arrow.details, *row.arrow.changes)]
    if row.arrow.kind is Kind.NOTE:
        return [f"    Note over C{row.left},C{row.right}: {_quoted(row.label)}"]
    number = f"{row.number} " if row.number else ""
    sign = f" ({row.sign})" if signed and row.sign else ""
    text = "<br/>".join([f"{number}{row.label}{sign}", *details])
    return [f"    C{row.tail}{_stroke(row)}C{row.head}: {_quoted(text)}"]


def _stroke(row: Row) -> str:
    if row.both:
        return "<<->>"
    return "-->>" if row.arrow.again else "->>"


def _quoted(text: str) -> str:
    """Text without the signs that end a statement in Mermaid."""
    return text.replace("#", "#35;").replace(";", "#59;").replace("#35#59;", "#35;")
