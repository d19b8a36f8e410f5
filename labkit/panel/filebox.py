"""A text editor for the lab's files in a notebook: lines with numbers, errors at their line, help for each option."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from labkit.panel.style import source


class FileBox(anywidget.AnyWidget):
    """The editor.

    It sends `{"do": "type", "file", "text"}`, `{"do": "pick", "file"}`, `{"do": "at", "file", "line"}`,
    `{"do": "apply"}`.
    """

    _esm = source("filebox.js")
    _css = source("filebox.css")
    files: traitlets.List[tuple[str, str]] = traitlets.List().tag(sync=True)
    """Name of each file, and a word about it."""
    file = traitlets.Unicode().tag(sync=True)
    """The one that is open."""
    text = traitlets.Unicode().tag(sync=True)
    marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    """Errors: text, file, line."""
    help = traitlets.Unicode().tag(sync=True)
    """What the option means that the pointer or the caret is on."""
