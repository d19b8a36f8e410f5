"""One message of a ladder, opened: the wire text, its headers explained, tshark's view of it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from labkit.errors import LabError
from labkit.show import ladder_html
from labkit.show.headers import explained
from labkit.show.layout import Layout, Row

if TYPE_CHECKING:
    from labkit.trace.dissection import Dissection


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A message: the wire text by `str`, headers explained in a notebook, tshark's dissection by `open`."""

    layout: Layout
    """The ladder that it is on."""
    row: Row
    """Its place there."""

    @property
    def raw(self) -> bytes:
        """The message, byte for byte."""
        return self.row.arrow.raw

    def open(self) -> Dissection:
        """The dissection of its frame by tshark, as a tree to unfold."""
        from labkit.trace.dissection import dissect

        arrow = self.row.arrow
        if not arrow.file or arrow.frame is None:
            raise LabError(f"{self.row.number} was drawn by hand: it has no frame in a capture file to open.")
        return dissect(arrow.file, arrow.frame)

    def __str__(self) -> str:
        return ladder_html.wire(self.row)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, _, body = str(self).partition("\n\n")
        rows = "".join(
            f"<tr><td><b>{escape(name)}</b></td><td><code>{escape(value)}</code></td><td>{escape(why)}</td></tr>"
            for name, value, why in explained(self.raw)
        )
        table = f"<table><tr><th>header</th><th>value</th><th>what it is for</th></tr>{rows}</table>"
        first = f"<p>{ladder_html.summary(self.layout, self.row)}</p><pre>{escape(head.partition(chr(10))[0])}</pre>"
        return f"<div>{first}{table}{f'<pre>{escape(body)}</pre>' if body.strip() else ''}</div>"
