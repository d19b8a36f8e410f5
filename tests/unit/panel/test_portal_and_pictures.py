"""The portal shows what a customer sees and sets what he may; pictures fit the page and come with their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labkit.panel.pictures import LampPanel, ObjectPanel
from labkit.panel.portal import LAST, PortalPanel
from labkit.pjsip.graph import object_graph
from labkit.pjsip.objects import read_objects
from labkit.provider.view import CallEntry, PortalView, Registered, TrunkView
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
    portal.values.value = "203.0.113.1, 203.0.113.9"
    for button in (portal.allow, portal.verify):
        button.click()
        portal.settle()
        assert lab.asked.pop() == same_code(portal.frame.twin)
    assert portal.frame.said == "caller IDs of the trunk static: 203.0.113.1, 203.0.113.9."


class DrawnLab(FakeLab):
    objects = object_graph(read_objects(FILES))

    def call(self, *words: Any, **named: Any) -> Any:
        raise KeyError("this lab has no calls")


@pytest.mark.parametrize("dark", [False, True])
def test_the_graph_is_drawn_for_the_page_with_its_words(tmp_path: Path, dark: bool) -> None:
    panel = ObjectPanel("default", lambda: DrawnLab(tmp_path))  # type: ignore[arg-type,return-value]
    panel.frame.dark = dark
    panel.refresh.click()
    panel.settle()
    assert not panel.frame.alarm, panel.frame.more
    assert '<img alt="endpoint 1001' in panel.paper.value
    assert "nobody" in panel.paper.value.partition("<details>")[2]
    assert "1001" in panel.frame.said or "nobody" in panel.frame.said


def test_a_triage_that_fails_tells_where(tmp_path: Path) -> None:
    panel = LampPanel("default", lambda: DrawnLab(tmp_path))  # type: ignore[arg-type,return-value]
    panel.out.click()
    panel.settle()
    assert "this lab has no calls" in panel.frame.said
    assert "Traceback" in panel.frame.more
    assert panel.frame.twin == 'call = lab.call("phone-1001", "+15550100", hold_s=1.5)'
