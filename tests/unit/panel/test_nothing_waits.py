"""No button and no field makes the notebook wait: whatever needs the lab runs on a thread of the panel's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import Button, Checkbox, Dropdown

from labkit.panel.editor import EditorPanel
from labkit.panel.lab import LabPanel
from labkit.panel.live import CallPanel
from labkit.panel.panel import Panel
from labkit.panel.pictures import LampPanel, ObjectPanel
from labkit.panel.portal import PortalPanel
from labkit.panel.scenario import ScenarioPanel
from tests.unit.panel.fakes import FakeLab

NEAR = {"home", "config", "topology", "name", "close", "asked"}
"""What needs no running lab: files of this machine."""
PANELS = (LabPanel, ScenarioPanel, EditorPanel, CallPanel, PortalPanel, ObjectPanel, LampPanel)


class FarLab(FakeLab):
    """A lab that nobody may use from the notebook's own thread."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name not in NEAR:
            assert threading.current_thread() is not threading.main_thread(), f"the notebook waits for lab.{name}"
        return super().__getattribute__(name)


def parts(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


@pytest.mark.parametrize("kind", PANELS)
def test_every_button_and_field_leaves_the_lab_to_another_thread(kind: type[Panel], tmp_path: Path) -> None:
    panel = kind("default", lambda: FarLab(tmp_path))  # type: ignore[arg-type,return-value]
    used = [part for part in parts(panel.box) if isinstance(part, Button | Checkbox | Dropdown)]
    assert used
    for part in used:
        if isinstance(part, Button):
            part.click()
        elif isinstance(part, Checkbox):
            part.value = not part.value
        else:
            part.value = part.options[-1][1] if isinstance(part.options[-1], tuple) else part.options[-1]
        assert "the notebook waits" not in panel.frame.said
        panel.settle()
    panel.close()
    assert [thread for thread in threading.enumerate() if thread.name == "labkit watch"] == []


def test_a_handler_that_uses_the_lab_itself_is_found(tmp_path: Path) -> None:
    panel = LabPanel("default", lambda: FarLab(tmp_path))  # type: ignore[arg-type,return-value]
    panel.attempt(lambda: FarLab(tmp_path).status())
    assert "the notebook waits for lab.status" in panel.frame.said
