"""A ladder for a notebook: one image with the text ladder as its alternative, then every message to unfold.

Only `img`, `details` and `pre` are used, so it looks the same in an untrusted notebook and in exported HTML.
"""

from __future__ import annotations

from html import escape

from labkit.show.layout import Layout, Row
from labkit.show.saving import image


def draw(layout: Layout, picture: bytes, text: str, width: float, *, exact: bool = True) -> str:
    """The ladder as HTML; `width` is that of the picture in CSS pixels."""
    return f'<div class="labkit-ladder">{image(picture, text, width)}{_messages(layout, exact)}</div>'


def _messages(layout: Layout, exact: bool) -> str:
    rows = [row for row in layout.messages if row.arrow.raw]
    if not rows:
        return ""
    count = f"{len(rows)} message{'s' if len(rows) > 1 else ''}"
    inner = "".join(_message(layout, row, exact) for row in rows)
    return f"<details><summary>{count} in full</summary>{inner}</details>"


def _message(layout: Layout, row: Row, exact: bool) -> str:
    return f"<details><summary>{summary(layout, row, exact=exact)}</summary><pre>{escape(wire(row))}</pre></details>"


def summary(layout: Layout, row: Row, *, exact: bool = True) -> str:
    """One line of HTML that names a message."""
    way = f"{layout.columns[row.tail].name} → {layout.columns[row.head].name}"
    time = f", {row.arrow.time_s:.3f} s" if exact else ""
    frame = f", frame {row.arrow.frame}" if exact and row.arrow.frame is not None else ""
    return f"<b>{row.number} {escape(row.label)}</b> {escape(way)}{time}{frame}"


def wire(row: Row) -> str:
    """The message as text; bytes that are no UTF-8 become a replacement sign."""
    return row.arrow.raw.decode("utf-8", "replace").replace("\r\n", "\n")
