"""The lab in which people learn SIP trunks.

`import labkit` is light; each name below loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.errors import LabError as LabError
    from labkit.lab.lab import Lab as Lab
    from labkit.trace.capture import Capture as Capture
    from labkit.trace.trace import Trace as Trace
    from labkit.trace.trace import open_trace as open_trace

__all__ = ["Capture", "Lab", "LabError", "Trace", "open_trace"]
__version__ = "0.1.0"

_HOMES = {
    "Capture": "labkit.trace.capture",
    "Lab": "labkit.lab.lab",
    "LabError": "labkit.errors",
    "Trace": "labkit.trace.trace",
    "open_trace": "labkit.trace.trace",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit has no {name!r}; it has: {', '.join(__all__)}")
