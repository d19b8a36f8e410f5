"""Pictures on their way out: into files and into notebooks."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from labkit.errors import LabError

Forms = Mapping[str, Callable[[], bytes] | Callable[[], str]]
"""Suffix to what makes the content of such a file."""


def save(path: str | Path, forms: Forms) -> Path:
    """Write the form that the suffix of a path names; LabError names those that there are."""
    path = Path(path)
    if path.suffix not in forms:
        *most, last = forms
        raise LabError(f"{path.name} names no form to save: use {', '.join(most)} or {last}.", path=path)
    made = forms[path.suffix]()
    path.write_bytes(made if isinstance(made, bytes) else f"{made}\n".encode())
    return path


def html_file(html: str) -> str:
    """A whole HTML file."""
    return f'<!doctype html><meta charset="utf-8">{html}'


def image(png: bytes, alt: str, width: float) -> str:
    """An HTML image that carries its data; `width` in CSS pixels."""
    return f'<img alt="{escape(alt)}" width="{width:.0f}" src="data:image/png;base64,{b64encode(png).decode()}">'
