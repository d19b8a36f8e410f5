"""Buttons and fields of panels: each is real, has a name that is read out, and can be reached by the Tab key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, Button, Checkbox, Combobox, Dropdown, HBox, Layout, Text, VBox, Widget

if TYPE_CHECKING:
    from labkit.panel.panel import Panel

_LABEL_PX = 8.0
"""Width of a letter of a label."""


def button(panel: Panel, label: str, says: str, pressed: Callable[[], object], first: bool = False) -> Button:
    """A button; `says` is what it does in words, `first` makes it the one to look at."""
    made = Button(description=label, tooltip=says)
    made.on_click(lambda _: panel.attempt(pressed))
    if first:
        made.add_class("labkit-first")
    return made


def text(label: str, value: str = "", width: str = "190px", placeholder: str = "", options: Sequence[str] = ()) -> Any:
    """A field for a line of text; with options it proposes those."""
    style, layout = _shaped(label, width)
    if options:
        return Combobox(value=value, description=label, options=tuple(options), style=style, layout=layout)
    return Text(value=value, description=label, placeholder=placeholder, style=style, layout=layout)


def choice(label: str, options: Sequence[tuple[str, Any]], width: str = "240px") -> Dropdown:
    """A list to choose from: words and what they stand for."""
    style, layout = _shaped(label, width)
    return Dropdown(options=options, description=label, style=style, layout=layout)


def tick(label: str, value: bool) -> Checkbox:
    """A box to tick."""
    return Checkbox(value=value, description=label, indent=False, layout=Layout(width="auto"))


def html(value: str = "", width: str = "auto") -> HTML:
    """Words and pictures."""
    return HTML(value=value, layout=Layout(width=width))


def row(*children: Widget) -> HBox:
    """Side by side, and below each other where there is no room."""
    return HBox(children, layout=Layout(flex_flow="row wrap", align_items="center", overflow="visible"))


def column(*children: Widget) -> VBox:
    """Below each other."""
    return VBox(children, layout=Layout(overflow="visible"))


def card(*children: Widget, width: str = "290px") -> VBox:
    """Below each other, with a border around."""
    made = VBox(children, layout=Layout(flex=f"1 1 {width}", overflow="visible"))
    made.add_class("labkit-card")
    return made


def _shaped(label: str, width: str) -> tuple[dict[str, str], Layout]:
    return {"description_width": f"{round(_LABEL_PX * len(label)) + 10}px"}, Layout(width=width)
