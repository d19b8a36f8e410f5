"""Pictures of a trace, each with a text form.

Each name loads what it needs when it is first used, so that importing this package stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.show.bindings import registrations as registrations
    from labkit.show.charts import bitrate as bitrate
    from labkit.show.charts import delta as delta
    from labkit.show.charts import jitter as jitter
    from labkit.show.charts import loss as loss
    from labkit.show.charts import media as media
    from labkit.show.charts import mos as mos
    from labkit.show.charts import sequence as sequence
    from labkit.show.charts import streams as streams
    from labkit.show.ladders import Ladder as Ladder
    from labkit.show.ladders import ladder as ladder
    from labkit.show.lamp_row import lamps as lamps
    from labkit.show.object_graph import objects as objects
    from labkit.show.sounds import sound as sound
    from labkit.show.timelines import dtmf as dtmf
    from labkit.show.timelines import offers as offers

_HOMES = {
    "Ladder": "labkit.show.ladders",
    "bitrate": "labkit.show.charts",
    "delta": "labkit.show.charts",
    "dtmf": "labkit.show.timelines",
    "jitter": "labkit.show.charts",
    "ladder": "labkit.show.ladders",
    "lamps": "labkit.show.lamp_row",
    "loss": "labkit.show.charts",
    "media": "labkit.show.charts",
    "mos": "labkit.show.charts",
    "objects": "labkit.show.object_graph",
    "offers": "labkit.show.timelines",
    "registrations": "labkit.show.bindings",
    "sequence": "labkit.show.charts",
    "sound": "labkit.show.sounds",
    "streams": "labkit.show.charts",
}

__all__ = [
    "Ladder", "bitrate", "delta", "dtmf", "jitter", "ladder", "lamps", "loss", "media", "mos", "objects", "offers",
    "registrations", "sequence", "sound", "streams",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit.show has no {name!r}; it has: {', '.join(__all__)}")
