"""The lab in which people learn SIP trunks.

`import labkit` is light; each name below loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.errors import LabError as LabError

__all__ = ["LabError"]
__version__ = "0.1.0"

_HOMES = {"LabError": "labkit.errors"}


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit has no {name!r}; it has: {', '.join(__all__)}")
