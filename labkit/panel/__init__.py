"""Panels for notebooks: the lab at hand by mouse and by keyboard, each with a twin by function call that it names.

    from labkit.panel import lab_panel
    lab_panel()                                     # of the lab named default
    scenario_panel(Lab("mine"), "inbound-401")      # of another one; what is chosen first

Each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_CLASSES = {
    "call_panel": "live.CallPanel",
    "editor_panel": "editor.EditorPanel",
    "lab_panel": "lab.LabPanel",
    "lamp_panel": "pictures.LampPanel",
    "object_panel": "pictures.ObjectPanel",
    "portal_panel": "portal.PortalPanel",
    "progress_panel": "pictures.ProgressPanel",
    "scenario_panel": "scenario.ScenarioPanel",
}
__all__ = tuple(_CLASSES)


def __getattr__(name: str) -> Any:
    """How a panel is opened, by its public name."""
    if name in _CLASSES:
        module, _, kind = _CLASSES[name].partition(".")
        return getattr(importlib.import_module(f"labkit.panel.{module}"), kind).open
    raise AttributeError(f"labkit.panel has no {name!r}; it has: {', '.join(__all__)}")
