"""Fields of panels and how they stand: each is real, has a name that is read out, can be reached by the Tab key."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ipywidgets import HTML, Checkbox, Combobox, Dropdown, HBox, Layout, Text, VBox, Widget

_LABEL = {"description_width": "initial"}
"""A label is as wide as its words."""


def text(label: str, value: str = "", width: str = "190px", placeholder: str = "", options: Sequence[str] = ()) -> Any:
    """A field for a line of text; with options it proposes those."""
    look = {"description": label, "style": _LABEL, "layout": Layout(width=width)}
    if options:
        return Combobox(value=value, options=tuple(options), **look)
    return Text(value=value, placeholder=placeholder, **look)


def choice(label: str, options: Sequence[tuple[str, Any]], width: str = "240px") -> Dropdown:
    """A list to choose from: words and what they stand for."""
    return Dropdown(options=options, description=label, style=_LABEL, layout=Layout(width=width))


def tick(label: str, value: bool) -> Checkbox:
    """A box to tick."""
    return Checkbox(value=value, description=label, indent=False, layout=Layout(width="auto"))


def html(value: str = "") -> HTML:
    """Words and pictures."""
    return HTML(value=value, layout=Layout(width="100%"))


def row(*children: Widget) -> HBox:
    """Side by side, and below each other where there is no room."""
    return HBox(children, layout=Layout(flex_flow="row wrap", align_items="center", overflow="visible"))


def column(*children: Widget) -> VBox:
    """Below each other."""
    return VBox(children, layout=Layout(overflow="visible"))


def card(*children: Widget, width: str = "225px") -> VBox:
    """Below each other, with a border around."""
    made = VBox(children, layout=Layout(flex=f"1 1 {width}", overflow="visible"))
    made.add_class("labkit-card")
    return made


def printed(text: str) -> str:
    """Text as it is, within reach of the keyboard where it must be scrolled."""
    return f"<pre tabindex=0>{escape(text)}</pre>"


def folded(title: str, text: str) -> str:
    """Text to unfold."""
    return f"<details><summary>{escape(title)}</summary>{printed(text)}</details>"
