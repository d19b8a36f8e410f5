"""Sentences of scenarios and lessons as HTML: options stand in `grave accents`, weight lies *between stars*."""

from __future__ import annotations

import re
from html import escape

_MARKED = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"(?<!\w)\*([a-zA-Z][^*]*)\*(?!\w)"), r"<em>\1</em>"),
)


def html(text: str) -> str:
    """The text with its marks as elements, and nothing else of it taken for markup."""
    found = escape(text)
    for pattern, element in _MARKED:
        found = pattern.sub(element, found)
    return found
