"""What stands around every panel: its name, what it does now, what came of it, and the same as a line of code."""

from __future__ import annotations

import anywidget
import traitlets

from labkit.panel.style import STYLE, source


class Frame(anywidget.AnyWidget):
    """The head of a panel."""

    _esm = source("frame.js")
    _css = STYLE
    title = traitlets.Unicode().tag(sync=True)
    doing = traitlets.Unicode().tag(sync=True)
    """What is being done; empty when nothing is."""
    said = traitlets.Unicode().tag(sync=True)
    """What came of it."""
    alarm = traitlets.Bool(False).tag(sync=True)
    """Whether that is an error."""
    more = traitlets.Unicode().tag(sync=True)
    """Where an error that nobody foresaw happened."""
    twin = traitlets.Unicode().tag(sync=True)
    """The same as a line of code."""

    dark = traitlets.Bool(False).tag(sync=True)
    """Whether the page is dark, so that pictures can be."""

    @property
    def theme(self) -> str:
        """The theme of pictures that fit the page."""
        return "dark" if self.dark else "light"

    def say(self, text: str, twin: str = "") -> None:
        """Tell what came of something."""
        with self.hold_sync():
            self.doing, self.said, self.alarm, self.more = "", text, False, ""
            self.twin = twin or self.twin

    def fail(self, text: str, more: str = "") -> None:
        """Tell what went wrong."""
        with self.hold_sync():
            self.doing, self.said, self.alarm, self.more = "", text, True, more

    def begin(self, doing: str, twin: str = "") -> None:
        """Tell what is being done."""
        with self.hold_sync():
            self.doing, self.twin = doing, twin
