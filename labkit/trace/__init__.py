"""Any capture to tables: messages, transactions, calls, offers, streams, intervals, and the sound of a call.

    trace = open_trace("call.pcap")
    trace.calls
    trace.streams[["src", "dst", "codec", "packets", "lost", "jitter_mean_ms"]]

`open_trace` and `Capture` are all that most readers need; tables and their units are described in docs/tables.md.
"""

from __future__ import annotations

from labkit.trace.capture import Capture
from labkit.trace.trace import Trace, open_trace

__all__ = ["Capture", "Trace", "open_trace"]
