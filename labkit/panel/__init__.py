"""Panels for notebooks: the lab at hand by mouse and by keyboard, each with a twin by function call that it names.

    from labkit.panel import lab_panel
    lab_panel()

Each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.panel.editor import editor_panel as editor_panel
    from labkit.panel.lab import lab_panel as lab_panel
    from labkit.panel.live import call_panel as call_panel
    from labkit.panel.pictures import lamp_panel as lamp_panel
    from labkit.panel.pictures import object_panel as object_panel
    from labkit.panel.portal import portal_panel as portal_panel
    from labkit.panel.scenario import scenario_panel as scenario_panel

_HOMES = {
    "call_panel": "labkit.panel.live",
    "editor_panel": "labkit.panel.editor",
    "lab_panel": "labkit.panel.lab",
    "lamp_panel": "labkit.panel.pictures",
    "object_panel": "labkit.panel.pictures",
    "portal_panel": "labkit.panel.portal",
    "scenario_panel": "labkit.panel.scenario",
}

__all__ = ["call_panel", "editor_panel", "lab_panel", "lamp_panel", "object_panel", "portal_panel", "scenario_panel"]


def __getattr__(name: str) -> Any:
    """Load a public name from its home when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit.panel has no {name!r}; it has: {', '.join(__all__)}")
