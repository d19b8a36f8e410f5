"""The portal shows what a customer sees and sets what he may; pictures fit the page and come with their words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit import journal
from labkit.panel.pictures import LampPanel, ObjectPanel, ProgressPanel
from labkit.panel.portal import LAST, PortalPanel
from labkit.pjsip.graph import object_graph
from labkit.pjsip.objects import read_objects
from labkit.provider.view import CallEntry, PortalView, Registered, TrunkView
from labkit.show import objects
from tests.unit.panel.fakes import FakeLab, same_code

TRUNK = TrunkView(
    "static", "address", "", "203.0.113.11", "sip.provider.example", ("+442079460001",), (), (), 30, 1, False
)
BINDING = Registered("registered", "trunk", "sip:t@203.0.113.1", "203.0.113.1:5060", "UDP", 300.0, "<pbx>")
FILES = {"pjsip.conf": "[1001]\ntype = endpoint\naors = nobody\n"}


def entry(number: int, status: int | None = 200, state: str = "ended") -> CallEntry:
    return CallEntry(f"call-{number}", "inbound", "", "", f"+44{number}", "", 0.0, state, status, "OK", 1.26)


def view(*calls: CallEntry) -> PortalView:
    return PortalView("A carrier", (TRUNK,), (BINDING,), calls)


@pytest.fixture
def lab(tmp_path: Path) -> FakeLab:
    return FakeLab(tmp_path)


@pytest.fixture
def portal(lab: FakeLab) -> PortalPanel:
    return PortalPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]


def test_the_page_has_trunks_registrations_and_the_newest_attempts_first(portal: PortalPanel) -> None:
    portal.show(view(*(entry(number) for number in range(20))))
    page = portal.page.value
    assert "<td>any</td>" in page
    assert "<td>1 of 30</td>" in page
    assert "&lt;pbx&gt;" in page
    assert page.count("<td>inbound</td>") == LAST
    assert page.index("+4419<") < page.index("+4418<")
    assert portal.trunk.options == ("static",)


@pytest.mark.parametrize(
    ("status", "state", "sign"),
    [(200, "ended", "✓"), (486, "ended", "✕"), (None, "refused", "✕"), (None, "ringing", "…")],
)
def test_an_attempt_has_a_sign_and_words(portal: PortalPanel, status: int | None, state: str, sign: str) -> None:
    portal.show(view(entry(1, status, state)))
    assert f"<td>{sign}</td><td>inbound</td><td>none</td><td>withheld</td>" in portal.page.value


def test_an_empty_page_says_so(portal: PortalPanel) -> None:
    portal.show(PortalView("A carrier", (), (), ()))
    assert portal.page.value.count("<p>none</p>") == 3


def test_a_lab_that_does_not_run_has_no_portal(portal: PortalPanel, lab: FakeLab) -> None:
    lab.is_running = False
    portal.look(lab)  # type: ignore[arg-type]
    assert "does not run" in portal.page.value


def test_what_a_customer_may_set_is_set_as_the_code_says(portal: PortalPanel, lab: FakeLab) -> None:
    portal.show(view())
    portal.addresses.value = portal.callers.value = "203.0.113.1, 203.0.113.9"
    for button in (portal.allow, portal.verify):
        button.click()
        portal.settle()
        assert lab.asked.pop() == same_code(portal.frame.twin)
    assert portal.frame.said == "caller IDs of the trunk static: 203.0.113.1, 203.0.113.9."


def test_the_fields_have_what_the_trunk_has_and_keep_what_is_typed(portal: PortalPanel) -> None:
    other = replace(TRUNK, name="registered", allowed_addresses=("203.0.113.1",), verified_callers=("+1", "+2"))
    portal.show(PortalView("A carrier", (TRUNK, other), (), ()))
    assert (portal.addresses.value, portal.callers.value) == ("", "")
    portal.trunk.value = "registered"
    assert (portal.addresses.value, portal.callers.value) == ("203.0.113.1", "+1, +2")
    portal.callers.value = "+3"
    portal.show(PortalView("A carrier", (TRUNK, replace(other, calls_up=2)), (), ()))
    assert portal.callers.value == "+3"
    portal.show(PortalView("A carrier", (TRUNK, replace(other, verified_callers=())), (), ()))
    assert portal.callers.value == ""


class DrawnLab(FakeLab):
    objects = object_graph(read_objects(FILES))

    def call(self, *words: Any, **named: Any) -> Any:
        raise KeyError("this lab has no calls")


@pytest.fixture
def graph(tmp_path: Path) -> ObjectPanel:
    panel = ObjectPanel("default", lambda: DrawnLab(tmp_path))  # type: ignore[arg-type,return-value]
    panel.begin()
    panel.settle()
    assert not panel.frame.alarm, panel.frame.more
    return panel


def test_the_graph_comes_with_its_words_and_each_object_can_be_chosen(graph: ObjectPanel) -> None:
    assert graph.paper.words.startswith("endpoint 1001")
    assert "nobody" in graph.words.value
    assert [spot["name"] for spot in graph.paper.spots] == ["endpoint 1001", "aor nobody"]
    assert "its aors: aor nobody" in graph.paper.spots[0]["words"]
    assert "does not exist" in graph.frame.said


def test_a_page_that_becomes_dark_gets_a_dark_picture_and_what_was_chosen_stays_so(graph: ObjectPanel) -> None:
    light, graph.paper.chosen = graph.paper.source, 1
    graph.frame.dark = True
    graph.settle()
    assert graph.paper.source != light
    assert graph.paper.chosen == 1
    graph.draw(objects(object_graph(read_objects({"pjsip.conf": "[1001]\ntype = endpoint\n"}))))
    assert graph.paper.chosen == -1


def test_the_map_is_drawn_anew_when_the_learner_did_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "progress.jsonl"))
    lab = FakeLab(tmp_path)
    panel = ProgressPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    panel.look(lab)  # type: ignore[arg-type]
    before = panel.paper.source
    assert "inbound-401: not met yet" in [spot["name"] for spot in panel.paper.spots]
    panel.look(lab)  # type: ignore[arg-type]
    assert panel.paper.source == before
    journal.note("break", "inbound-401")
    journal.note("verify", "inbound-401", right=True)
    panel.look(lab)  # type: ignore[arg-type]
    assert "inbound-401: mastered" in [spot["name"] for spot in panel.paper.spots]


def test_a_triage_that_fails_tells_where(tmp_path: Path) -> None:
    panel = LampPanel("default", lambda: DrawnLab(tmp_path))  # type: ignore[arg-type,return-value]
    panel.out.click()
    panel.settle()
    assert "this lab has no calls" in panel.frame.said
    assert "Traceback" in panel.frame.more
    assert panel.frame.twin == 'call = lab.call("phone-1001", "+15550100", hold_s=1.5)'
