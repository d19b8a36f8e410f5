"""A lab that answers from recordings, what it cannot answer, and that it never guesses."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import journal
from labkit.errors import DatasetError, HostError, ReplayError
from labkit.lab import doctor, replayed
from labkit.lab.lab import Lab
from labkit.lab.recording import HEALTHY_NAME, revived
from labkit.runtime import choice
from labkit.scenario.shelf import Shelf


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that is replayed."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv(choice.VARIABLE, "replay")
    with Lab("replayed") as made:
        yield made.up()


def test_a_scenario_that_changed_since_it_was_recorded_is_not_replayed(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "scenarios/inbound-401"
    shutil.copytree(Shelf.here().folder("inbound-401"), changed)
    file = changed / "scenario.toml"
    told = file.read_text()
    file.write_text(told.replace('title = "', 'title = "Yes: ').replace('right = "', 'right = "Yes. '))
    monkeypatch.setenv("LABKIT_SCENARIOS", str(changed.parent))
    replayed._revived.cache_clear()
    lab.break_("inbound-401")
    assert "Yes: " in str(lab.verify())
    file.write_text(told.replace("203.0.113.40", "203.0.113.41"))
    replayed._revived.cache_clear()
    with pytest.raises(DatasetError, match=r"recorded when it was another.*labkit record inbound-401"):
        lab.verify()


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


def test_what_a_learner_does_to_the_lab_is_kept_in_the_journal(lab: Lab) -> None:
    lab.verify()
    lab.break_("inbound-401")
    lab.evidence(layer="signalling", object="identify.match")
    lab.verify()
    told = [(event.what, event.name, event.right, event.lab) for event in journal.read()]
    assert told == [
        ("break", "inbound-401", None, "replayed"),
        ("evidence", "inbound-401", False, "replayed"),
        ("verify", "inbound-401", False, "replayed"),
    ]


def test_what_needs_a_live_lab_says_so_in_one_line(lab: Lab) -> None:
    deeds = {
        "A call of phone-1001 to 911": lambda: lab.call("phone-1001", "911"),
        "`core reload`": lambda: lab.asterisk("core reload"),
        "`Reload`": lab.reload,
        "Making the line bad": lambda: lab.impair(loss=0.1),
        "Using phone-1001 by hand": lambda: lab.phone("1001").register(),
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
