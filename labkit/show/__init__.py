"""Pictures of a trace, each with a text form.

Each name loads what it needs when it is first used, so that importing this package stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.show.ladders import Ladder as Ladder
    from labkit.show.ladders import ladder as ladder

__all__ = ["Ladder", "ladder"]

_HOMES = {"Ladder": "labkit.show.ladders", "ladder": "labkit.show.ladders"}


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit.show has no {name!r}; it has: {', '.join(__all__)}")
