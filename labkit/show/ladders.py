"""The ladder of a trace, as people and notebooks see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from labkit.errors import LabError
from labkit.show import ladder_html, ladder_mermaid, ladder_text
from labkit.show.header_lines import with_headers
from labkit.show.layout import Layout, layout
from labkit.show.opened import Opened
from labkit.show.palette import PALETTES
from labkit.show.reading import sheet
from labkit.show.saving import Forms, html_file, save
from labkit.show.sheet import Arrow, Sheet
from labkit.show.steady import steady

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from matplotlib.figure import Figure

    from labkit.show.canvas import Canvas
    from labkit.show.ladder_widget import LadderWidget
    from labkit.trace.capture import Capture
    from labkit.trace.trace import Trace


class Traced(Protocol):
    """What has a trace, as a call of the lab does."""

    @property
    def trace(self) -> Trace:
        """The trace of it."""


Source: TypeAlias = "Ladder | Traced | Trace | Capture | str | PathLike[str] | Iterable[str | PathLike[str]]"
"""What a trace can be had from."""

SHARPNESS = ((0.75e6, 2.0), (1.0e6, 1.5), (float("inf"), 1.0))
"""Up to so many CSS pixels, so many pixels for each, if the picture then stays small."""
MOST_BYTES = 60_000
"""A picture is no larger, unless it is very long."""


@dataclass(frozen=True, slots=True, repr=False)
class Ladder:
    """A ladder: text by `str`, a picture with text and messages in a notebook, files by `save`."""

    sheet: Sheet
    """What is on it."""
    exact: bool = True
    """False leaves out what differs between two runs of the same call: times, packet counts, which way began first."""
    fold: bool = True
    """Repeated OPTIONS and REGISTER become one row."""
    theme: str = "light"
    """"light" or "dark"."""
    page: int = 1
    """Which page of a ladder of more than 400 rows."""

    @property
    def layout(self) -> Layout:
        """Everything on this page in its place."""
        return layout(self.sheet if self.exact else steady(self.sheet), fold=self.fold, page=self.page)

    def text(self, *, exact: bool | None = None, ports: bool = False) -> str:
        """The canonical text form; `ports=True` adds the ports of media addresses."""
        exact = self.exact if exact is None else exact
        return ladder_text.draw(replace(self, exact=exact).layout, exact=exact, ports=ports)

    def mermaid(self) -> str:
        """A Mermaid sequence diagram."""
        return ladder_mermaid.draw(self.layout)

    @property
    def width(self) -> float:
        """Width of the picture in CSS pixels."""
        return self._canvas().width

    def png(self, scale: float | None = None) -> bytes:
        """A PNG with so many pixels for one CSS pixel; without a scale as sharp as 60 kB allow."""
        canvas = self._canvas()
        return canvas.png(scale) if scale else _sharp(canvas)

    def svg(self) -> bytes:
        """An SVG with real text."""
        return self._canvas().svg()

    def figure(self) -> Figure:
        """A matplotlib figure, to draw more on."""
        return self._canvas().figure()

    def html(self) -> str:
        """The picture with its text, and every message to unfold."""
        canvas = self._canvas()
        return ladder_html.draw(self.layout, _sharp(canvas), self.text(), canvas.width, exact=self.exact)

    def save(self, path: str | Path) -> Path:
        """Write a file; its suffix says what: .png, .svg, .txt, .mmd or .html."""
        forms: Forms = {
            ".png": lambda: self.png(2.0), ".svg": self.svg, ".txt": self.text, ".mmd": self.mermaid,
            ".html": lambda: html_file(self.html()),
        }  # fmt: skip
        return save(path, forms)

    def focus(
        self,
        *,
        call: int | None = None,
        method: str | None = None,
        transaction: str | None = None,
        between: tuple[float, float] | None = None,
        hosts: Collection[str] | None = None,
    ) -> Ladder:
        """The same ladder with less on it.

        `call` is a number from 1; `method` such as "REGISTER", with the answers to it;
        `transaction` the number of one of its messages, such as "F4";
        `between` two times in seconds; `hosts` names of columns. Times start again at 0 except with `between`.
        """
        kept = self.sheet.arrows
        if call is not None:
            kept = tuple(arrow for arrow in kept if arrow.call == call)
        if method is not None:
            keys = {arrow.key for arrow in kept if arrow.label == method}
            kept = tuple(arrow for arrow in kept if arrow.key in keys)
        if transaction is not None:
            key = self[transaction].row.arrow.key
            kept = tuple(arrow for arrow in kept if arrow.key == key)
        if between is not None:
            kept = tuple(arrow for arrow in kept if between[0] <= arrow.time_s <= between[1])
        if hosts is not None:
            kept = tuple(arrow for arrow in kept if {arrow.source, arrow.target} <= set(hosts))
        if not kept:
            asked = {"call": call, "method": method, "transaction": transaction, "between": between, "hosts": hosts}
            said = ", ".join(f"{name}={value!r}" for name, value in asked.items() if value is not None)
            raise LabError(f"Nothing on this ladder is left by {said}. It has {self._contents()}.")
        return replace(self, sheet=_reduced(self.sheet, kept, rezero=between is None), page=1)

    def widget(self) -> LadderWidget:
        """A live ladder: click a message, or use the arrow keys, and its headers are explained."""
        from labkit.show.ladder_widget import LadderWidget

        return LadderWidget.of(self)

    def __getitem__(self, number: str) -> Opened:
        """The message with a number such as "F4", on whatever page it is, to read, explain and open."""
        for page in range(1, self.layout.pages + 1):
            laid = replace(self, page=page).layout
            for row in laid.messages:
                if row.number == number:
                    return Opened(laid, row)
        raise LabError(f"No message {number!r} on this ladder. It has {self._contents()}.")

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.html()

    def _canvas(self) -> Canvas:
        from labkit.show import ladder_picture

        return ladder_picture.draw(self.layout, PALETTES[self.theme], exact=self.exact)

    def _contents(self) -> str:
        rows = self.layout.messages
        calls = sorted({arrow.call for arrow in self.sheet.arrows if arrow.call is not None})
        hosts = ", ".join(column.name for column in self.sheet.columns)
        return f"{len(rows)} messages up to {rows[-1].number if rows else 'none'}, calls {calls}, hosts {hosts}"


def _sharp(canvas: Canvas) -> bytes:
    """The picture as sharp as its size allows."""
    picture = b""
    for most, scale in SHARPNESS:
        if canvas.width * canvas.height <= most:
            picture = canvas.png(scale)
            if len(picture) <= MOST_BYTES:
                break
    return picture


def _reduced(sheet: Sheet, kept: tuple[Arrow, ...], *, rezero: bool) -> Sheet:
    """Only the columns and legs that these arrows need, and times from the first of them."""
    start_s = kept[0].time_s if rezero else 0.0
    used = {name for arrow in kept for name in (arrow.source, arrow.target, arrow.through)}
    legs = sorted({arrow.leg for arrow in kept if arrow.leg is not None})

    def moved(arrow: Arrow) -> Arrow:
        end_s = None if arrow.end_s is None else arrow.end_s - start_s
        leg = None if arrow.leg is None else legs.index(arrow.leg)
        return replace(arrow, time_s=arrow.time_s - start_s, end_s=end_s, leg=leg)

    return replace(
        sheet,
        columns=tuple(column for column in sheet.columns if column.name in used),
        arrows=tuple(moved(arrow) for arrow in kept),
        legs=tuple(sheet.legs[leg] for leg in legs),
        title=sheet.title if len(kept) == len(sheet.arrows) else "",
    )


def ladder(
    source: Source,
    *,
    call: int | None = None,
    method: str | None = None,
    transaction: str | None = None,
    between: tuple[float, float] | None = None,
    hosts: Collection[str] | None = None,
    columns: Sequence[str] | None = None,
    headers: Collection[str] = (),
    media: bool = True,
    fold: bool = True,
    exact: bool = True,
    title: str | None = None,
    theme: str = "light",
    page: int = 1,
) -> Ladder:
    """The ladder of a trace, of anything that has a `.trace`, or of capture files.

    `call`, `method`, `transaction`, `between` and `hosts` choose what is on it, see `Ladder.focus`;
    `columns` gives their order; `headers` shows those of each INVITE in place of its SDP;
    `media=False` leaves RTP out, `fold=False` shows every OPTIONS and REGISTER; `exact=False` leaves out what differs
    between two runs of the same call; `page` turns those of more than 400 rows.
    """
    if isinstance(source, Ladder):
        drawn = replace(source, fold=fold, exact=exact, theme=theme).focus(call=call)
    else:
        drawn = Ladder(sheet(trace_of(source), call=call, media=media), exact, fold, theme)
    if headers:
        drawn = replace(drawn, sheet=with_headers(drawn.sheet, headers))
    if columns is not None:
        drawn = replace(drawn, sheet=_arranged(drawn.sheet, columns))
    if (method, transaction, between, hosts) != (None, None, None, None):
        drawn = drawn.focus(method=method, transaction=transaction, between=between, hosts=hosts)
    if title is not None:
        drawn = replace(drawn, sheet=replace(drawn.sheet, title=title))
    return replace(drawn, page=page)


def trace_of(source: Any) -> Trace:
    """The trace of anything that has one or can be opened as one."""
    from labkit.trace.trace import Trace, open_trace

    found = getattr(source, "trace", source)
    return found if isinstance(found, Trace) else open_trace(found)


def _arranged(sheet: Sheet, names: Sequence[str]) -> Sheet:
    """The columns in a given order, those that were not named behind them."""
    known = [column.name for column in sheet.columns]
    if unknown := [name for name in names if name not in known]:
        raise LabError(f"No column {', '.join(unknown)} on this ladder. It has {', '.join(known)}.", columns=known)
    order = [*names, *(name for name in known if name not in names)]
    return replace(sheet, columns=tuple(sorted(sheet.columns, key=lambda each: order.index(each.name))), fixed=True)
