"""Any capture to tables: messages, transactions, calls, offers, streams, intervals, and the sound of a call.

    trace = open_trace("call.pcap")
    trace.calls
    trace.streams[["src", "dst", "codec", "packets", "lost", "jitter_mean_ms"]]

`open_trace` and `Capture` are all that most readers need; tables and their units are described in docs/tables.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labkit.trace.capture import Capture

if TYPE_CHECKING:
    from labkit.trace.trace import Trace as Trace
    from labkit.trace.trace import open_trace as open_trace

__all__ = ["Capture", "Trace", "open_trace"]


def __getattr__(name: str) -> Any:
    """Load what needs numpy when it is first used."""
    if name in __all__:
        return getattr(importlib.import_module("labkit.trace.trace"), name)
    raise AttributeError(f"labkit.trace has no {name!r}; it has: {', '.join(__all__)}")
