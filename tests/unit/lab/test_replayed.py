"""Every recording is as it was made, is judged as it was, and answers as the lab did."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import datasets
from labkit.errors import HostError, ReplayError
from labkit.lab import doctor, staging
from labkit.lab.lab import Lab
from labkit.lab.recording import HEALTHY_NAME, revived
from labkit.runtime import choice
from labkit.scenario.regression import verdict
from labkit.scenario.shelf import Shelf
from labkit.show import ladder
from labkit.trace import open_trace

STATES = [name for name in datasets.registry() if name.partition("/")[2] in ("broken", "fixed") or name == HEALTHY_NAME]
SLUGS = sorted({name.partition("/")[0] for name in STATES} - {HEALTHY_NAME})
KEPT_FREE = re.compile(r"55501\d\d$|79460\d{3}$|^\d{1,4}$")
"""The ends of numbers that belong to nobody (NANP 555-01xx, Ofcom 020 7946 0xxx), and extensions."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that is replayed."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv(choice.VARIABLE, "replay")
    with Lab("replayed") as made:
        yield made.up()


@pytest.mark.parametrize("name", datasets.registry())
def test_every_dataset_is_as_it_was_recorded_and_small(name: str) -> None:
    folder = datasets.fetch(name)
    assert datasets.MAX_BYTES >= sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_every_recorded_scenario_is_there_broken_and_fixed() -> None:
    assert HEALTHY_NAME in STATES
    assert {f"{slug}/{state}" for slug in SLUGS for state in ("broken", "fixed")} == {*STATES} - {HEALTHY_NAME}
    assert {*SLUGS} <= {*Shelf.here().slugs()}


@pytest.mark.parametrize("name", STATES)
def test_the_ladder_of_a_recorded_call_is_the_one_that_was_drawn_then(name: str) -> None:
    _, session = revived(name)
    for number, call in enumerate(session.calls, 1):
        drawn = (datasets.home() / name / f"calls/{number}-ladder.txt").read_text()
        assert drawn == f"{ladder(call).text(exact=False)}\n"


@pytest.mark.parametrize("slug", SLUGS)
def test_broken_fails_and_the_reference_fix_passes(lab: Lab, slug: str) -> None:
    scenario = lab.break_(slug)
    assert not lab.verify().passed
    if edits := [change for change in scenario.fix if change.file]:
        staging.carry_out(lab, edits, "fix")
        assert lab.verify().passed
    assert verdict(scenario, revived(f"{slug}/fixed")[0]).passed


def test_a_lesson_s_cells_work_from_the_recording(lab: Lab) -> None:
    call = lab.call("phone-1001", "+15550100")
    assert call.answered
    assert {"inside", "outside"} == set(call.trace.messages["point"])
    assert lab.inbound(lab.values["did.first"]).answered
    assert "Registered" in lab.asterisk("pjsip show registrations")
    assert {"provider": "Registered"} == lab.status().registrations
    assert lab.verify().passed
    assert lab.provider.portal().trunks
    assert lab.log()


def test_evidence_is_cited_from_the_recording(lab: Lab) -> None:
    lab.break_("inbound-401")
    found = lab.evidence(log="No matching endpoint found", layer="signalling", object="identify.match")
    assert "100%" in str(found)


def test_what_needs_a_live_lab_says_so_in_one_line(lab: Lab) -> None:
    deeds = {
        "A call of phone-1001 to 911": lambda: lab.call("phone-1001", "911"),
        "`core reload`": lambda: lab.asterisk("core reload"),
        "`Reload`": lab.reload,
        "Making the line bad": lambda: lab.impair(loss=0.1),
        "Using 1001 by hand": lambda: lab.phone("1001"),
        "The provider's set": lambda: lab.provider.set("realm", "x"),
        "A new capture inside": lambda: lab.capture(["inside"]).__enter__(),
        "Loading other firewall rules": lambda: lab.firewall(""),
    }
    for what, deed in deeds.items():
        with pytest.raises(ReplayError) as caught:
            deed()
        assert str(caught.value).splitlines()[0] == (
            f"{what} needs a live lab, and here are only recordings (labkit doctor says why)."
        )


def test_an_edited_file_is_not_judged_but_the_recorded_outcomes_are_told(lab: Lab) -> None:
    lab.break_("inbound-401")
    lab.config["pjsip.d/mine.conf"] = "; mine\n"
    lab.apply()
    with pytest.raises(ReplayError, match=r"Trying edited files .*\nRecorded broken: Not passed.*\nRecorded fixed: P"):
        lab.verify()
    lab.undo()
    assert not lab.verify().passed
    lab.heal()
    assert lab.verify().passed


def test_a_refusal_of_ami_is_replayed_as_one(lab: Lab) -> None:
    _, session = revived(HEALTHY_NAME)
    refused = [action for action, reply in session.actions.items() if reply.response.get("Response") == "Error"]
    for action in refused:
        name, *headers = action.split()
        with pytest.raises(HostError):
            lab.ami(name, **dict(each.split("=", 1) for each in headers))


def test_another_process_finds_the_replayed_lab(lab: Lab) -> None:
    lab.break_("inbound-401")
    with Lab.attach("replayed") as other:
        assert "inbound-401" == (other.scenario.slug if other.scenario else "")
    lab.down()
    with pytest.raises(HostError, match="does not run"):
        Lab.attach("replayed")


def test_the_doctor_looks_at_the_recordings(lab: Lab) -> None:
    report = doctor.examine(lab)
    assert "only a live lab can place" in str(report)
    assert "replay" in str(report)


def test_replay_is_the_last_resort() -> None:
    assert "replay" == list(choice.KINDS)[-1]
    assert "replay" not in choice.LIVE


@pytest.mark.parametrize("name", STATES)
def test_no_number_in_a_recording_is_anybody_s(name: str) -> None:
    run, session = revived(name)
    messages = open_trace(run.capture).messages if run.capture else None
    assert messages is not None
    users = {*messages["from_user"].dropna(), *messages["to_user"].dropna()}
    numbers = {call.to for call in run.calls} | {call.number for call in session.calls}
    numbers |= {re.sub(r"\D", "", user) for user in users if re.fullmatch(r"\+?[\d().-]+", user)}
    assert numbers
    assert [] == [number for number in numbers if not KEPT_FREE.search(number)]
