"""The lab panel does what it says in code, tells every error, and draws what is there in shapes and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import Button

from labkit.errors import HostError
from labkit.panel.lab import TWINS, LabPanel
from labkit.panel.sight import Sight, look
from labkit.panel.topology import svg, words
from tests.unit.panel.fakes import RUNNING, FakeLab, call, same_code


@pytest.fixture
def lab(tmp_path: Path) -> FakeLab:
    return FakeLab(tmp_path, [call()])


@pytest.fixture
def panel(lab: FakeLab) -> LabPanel:
    return LabPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]


PRESSED: list[tuple[str, Callable[[LabPanel], Button]]] = [
    ("start", lambda panel: panel.start),
    ("stop", lambda panel: panel.stop),
    ("heal", lambda panel: panel.heal),
    ("call out", lambda panel: panel.parties["phone-1001"].call),
    ("call in", lambda panel: panel.outside.call),
    ("answer", lambda panel: panel.parties["phone-1002"].answer),
    ("hang up", lambda panel: panel.parties["phone-1001"].hang_up),
    ("hold", lambda panel: panel.parties["phone-1001"].hold),
    ("resume", lambda panel: panel.parties["phone-1001"].resume),
    ("keys", lambda panel: panel.parties["phone-1001"].press),
    ("keys outside", lambda panel: panel.outside.press),
    ("hang up outside", lambda panel: panel.outside.hang_up),
]


@pytest.mark.parametrize(("what", "found"), PRESSED, ids=[what for what, _ in PRESSED])
def test_what_a_button_says_in_code_is_what_it_did(
    panel: LabPanel, lab: FakeLab, what: str, found: Callable[[LabPanel], Button]
) -> None:
    found(panel).click()
    panel.settle()
    assert lab.asked == [same_code(panel.frame.twin)]
    assert (panel.frame.alarm, panel.frame.doing) == (False, "")
    assert panel.frame.said


def test_a_phone_that_shall_ring_is_told_so(panel: LabPanel, lab: FakeLab) -> None:
    panel.parties["phone-1001"].auto.value = False
    panel.settle()
    assert lab.asked == ["lab.phone('phone-1001').set(answer='manual')"]
    assert "until you press Answer" in panel.frame.said


def test_a_button_without_a_call_says_what_to_do(panel: LabPanel, lab: FakeLab) -> None:
    lab._calls = [call("ended")]
    panel.parties["phone-1001"].hold.click()
    panel.settle()
    assert panel.frame.alarm
    assert "phone-1001 has no call. Place one first" in panel.frame.said


@pytest.mark.parametrize(
    ("trouble", "said", "more"),
    [(HostError("provider went away"), "provider went away", ""), (KeyError("x"), "KeyError: 'x'", "Traceback")],
)
def test_no_error_is_lost(tmp_path: Path, trouble: Exception, said: str, more: str) -> None:
    panel = LabPanel("default", lambda: FakeLab(tmp_path, trouble=trouble))  # type: ignore[arg-type,return-value]
    panel.start.click()
    panel.settle()
    assert (panel.frame.said, panel.frame.alarm) == (said, True)
    assert panel.frame.more.startswith(more)


def test_a_call_without_a_lab_says_how_to_start_one(panel: LabPanel, lab: FakeLab) -> None:
    lab.is_running = False
    panel.outside.call.click()
    panel.settle()
    assert "does not run. Start it" in panel.frame.said


def test_while_one_thing_is_done_a_second_is_refused_and_said(panel: LabPanel, lab: FakeLab) -> None:
    panel.frame.doing = "Starting the lab"
    panel.stop.click()
    panel.heal.click()
    assert panel.frame.doing == "Starting the lab (one thing at a time)"
    assert lab.asked == []


def test_a_second_panel_takes_the_place_of_the_first(lab: FakeLab) -> None:
    first, second = (LabPanel("default", lambda: lab).opened() for _ in range(2))  # type: ignore[arg-type,return-value]
    assert len(first.box.children) == 1
    assert "opened again" in first.frame.said
    assert len(second.box.children) > 1
    second.close()


def seen(**parts: Any) -> Sight:
    return Sight(FakeLab.topology, RUNNING, **parts)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("sendrecv", "talks with"),
        ("sendonly", "holds"),
        ("recvonly", "is held by"),
        ("inactive", "no media either way"),
    ],
)
def test_a_call_on_hold_says_who_holds_whom(direction: str, said: str) -> None:
    held = replace(call(), media_direction=direction)
    assert seen(calls={"phone-1001": (held,)}).doing("phone-1001").startswith(said)


def test_the_picture_and_its_words_tell_states_and_calls() -> None:
    sight = seen(calls={"phone-1001": (call(),), "provider": (call("ringing", "incoming"),)})
    told = words(sight.scene)
    assert "phone-1001 (10.10.0.21): ✓ registered; talks with +15550100" in told
    assert "phone-1002 (10.10.0.22): ✕ not registered; no call" in told
    assert "pbx (10.10.0.10): ✓ Asterisk 22.10.1; ✓ trunk provider Registered" in told
    assert "a call is up between phone-1001 and pbx" in told
    assert "a call rings between router and provider" in told
    drawn = svg(sight.scene)
    assert 'role="img"' in drawn
    assert all(f"{line.partition(' (')[0]} " in drawn for line in told.splitlines()[:6])
    assert (drawn.count(">call</text>"), drawn.count(">rings</text>")) == (1, 2)


def test_text_from_the_wire_is_text_in_the_picture() -> None:
    sight = seen(calls={"phone-1001": (call(remote='"x" <sip:<script>@evil>'),)})
    assert "<script>" not in svg(sight.scene)


def test_a_lab_that_does_not_run_is_drawn_as_such(panel: LabPanel, lab: FakeLab) -> None:
    lab.is_running = False
    panel.look(lab)  # type: ignore[arg-type]
    assert panel.picture.value.count("does not run") >= 6
    assert "The lab default does not run." in panel.picture.value


def test_the_numbers_that_can_be_called_are_those_of_the_portal(panel: LabPanel, lab: FakeLab) -> None:
    panel.show(look(lab))  # type: ignore[arg-type]
    assert [value for _, value in panel.outside.did.options] == ["+442079460000"]


def test_the_picture_can_be_had_as_text(panel: LabPanel, lab: FakeLab) -> None:
    panel.look(lab)  # type: ignore[arg-type]
    panel.in_words.click()
    assert panel.told.layout.display == ""
    assert "router (10.10.0.1, 203.0.113.1)" in panel.told.value


def test_its_text_form_names_each_twin_and_has_no_widget(panel: LabPanel) -> None:
    assert all(twin in str(panel) for twin in TWINS.values())
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == str(panel)
    assert "<code>lab.up()</code>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def buttons(widget: Any) -> list[Button]:
    below = [button for child in getattr(widget, "children", ()) for button in buttons(child)]
    return [widget, *below] if isinstance(widget, Button) else below


def test_every_button_says_in_words_what_it_does(panel: LabPanel) -> None:
    found = buttons(panel.box)
    assert len(found) >= 15
    assert all(len(each.tooltip.split()) >= 3 for each in found)
    assert len({each.tooltip for each in found}) == len(found)
