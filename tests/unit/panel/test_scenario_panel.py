"""A broken trunk from its story to the verdict: what each button does, what it costs, what survives a restart."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.lab.home import State
from labkit.lab.lab import Lab
from labkit.panel import scenario_panel
from labkit.panel.citing import NOTHING
from labkit.panel.exhibits import Exhibit, of_command, of_log
from labkit.panel.scenario import STEPS, ScenarioPanel, titles
from labkit.panel.score import FILE
from labkit.scenario.citation import Assessment
from labkit.scenario.shelf import Shelf
from labkit.scenario.verdict import Check, Verdict
from tests.unit.panel.fakes import FakeLab, same_code

SLUG = "inbound-401"
SCENARIO = Shelf.here().read(SLUG)
FRAME = Exhibit("call1 F2 401", {"frame": 2, "point": "outside"}, "call1")


class BrokenLab(FakeLab):
    """A lab that a scenario can break; verdicts and assessments are given to it."""

    def __init__(self, folder: Path, broken: bool = False) -> None:
        super().__init__(folder)
        self.config: dict[str, str] = {}
        self.history = SimpleNamespace(broken=SimpleNamespace(at="2026-11-23 06:00:00", files={}))
        self.passes = True
        if broken:
            self.home.state = State("namespaces", True, SLUG, None, True)

    @property
    def scenario(self) -> Any:
        return SCENARIO if self.home.state else None

    def break_(self, slug: str, seed: int | None = None) -> Any:
        self.asked.append(f"lab.break_({slug!r})" if seed is None else f"lab.break_({slug!r}, seed={seed})")
        self.home.state = State("namespaces", True, slug, seed, True)
        return SCENARIO

    def evidence(self, of: Any, **cited: Any) -> Assessment:
        self.asked.append(f"lab.evidence({of}, {', '.join(f'{key}={value!r}' for key, value in cited.items())})")
        return Assessment(True, True, 0.0, ("Evidence: yes.",))

    def verify(self) -> Verdict:
        self.asked.append("lab.verify()")
        return Verdict(
            SLUG, SCENARIO.title, (Check("customer: answered", self.passes, "answered", "401"),), "The cause."
        )

    def asterisk(self, line: str) -> str:
        self.asked.append(f"lab.asterisk({line!r})")
        return "Endpoint: <provider>"

    def log_since_change(self) -> list[Any]:
        return []


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_JOURNAL", str(tmp_path / "journal.jsonl"))
    return tmp_path / "journal.jsonl"


@pytest.fixture
def lab(tmp_path: Path) -> BrokenLab:
    return BrokenLab(tmp_path)


@pytest.fixture
def panel(lab: BrokenLab) -> ScenarioPanel:
    return ScenarioPanel("default", lambda: lab, SLUG)  # type: ignore[arg-type,return-value]


@pytest.fixture
def broken(panel: ScenarioPanel) -> ScenarioPanel:
    panel.break_.click()
    panel.settle()
    return panel


def test_the_list_has_every_scenario_and_tells_no_cause() -> None:
    assert sorted(slug for _, slug in titles()) == Shelf.here().slugs()
    told = {slug: words for words, slug in titles()}
    assert told[SLUG] == f"★ {SCENARIO.title} (about {SCENARIO.minutes} min)"


def test_it_is_opened_for_any_lab_with_a_scenario_chosen() -> None:
    for opened, name in ((scenario_panel(slug=SLUG), "default"), (scenario_panel(Lab("other"), SLUG), "other")):
        assert (opened.chosen.value, opened.name) == (SLUG, name)
        opened.close()


def test_to_break_shows_the_story_the_calls_and_the_clock(broken: ScenarioPanel, lab: BrokenLab) -> None:
    assert lab.asked == [same_code(broken.frame.twin)] == [f"lab.break_({SLUG!r})"]
    assert "nobody can reach us" in broken.story.value
    assert SCENARIO.cause.strip()[:40] not in broken.story.value
    assert [each.description for each in broken.looking.buttons.children] == ["+15550123 calls +442079460000"]
    assert len(broken.citing.rows.children) == 5
    broken._tell(broken.score.began_s + 65)
    assert "time 1:05" in broken.clock.value


def test_a_seed_and_a_surprise(panel: ScenarioPanel, lab: BrokenLab) -> None:
    panel.seed.value = " 7 "
    panel.break_.click()
    panel.settle()
    panel.any.click()
    panel.settle()
    assert lab.asked[0] == f"lab.break_({SLUG!r}, seed=7)"
    assert ", seed=" in lab.asked[1]


def test_several_calls_can_be_placed_side_by_side(panel: ScenarioPanel) -> None:
    panel.looking.meet(Shelf.here().read("third-agent-forbidden"))
    assert [each.description for each in panel.looking.buttons.children] == [
        "phone-1001 calls +15550120", "phone-1002 calls +15550110", "phone-1001 calls +15550106", "All at once",
    ]  # fmt: skip


def test_one_step_is_shown_at_a_time_and_says_so(broken: ScenarioPanel) -> None:
    broken.steps[STEPS[2]].click()
    assert [name for name, part in broken.parts.items() if part.layout.display != "none"] == [STEPS[2]]


def test_hints_open_one_by_one_at_their_price_and_are_written_down(broken: ScenarioPanel, journal: Path) -> None:
    question, *_ = broken.citing.questions
    assert question.hint.description == "Hint 1 of 2 (costs 5 points)"
    question.hint.click()
    assert escape(SCENARIO.question[0].hints[0]) in question.reply.value
    assert escape(SCENARIO.question[0].hints[1]) not in question.reply.value
    question.hint.click()
    question.hint.click()
    assert (broken.score.hints, question.hint.description) == (2, "No more hints")
    assert broken.frame.twin == f'hint("{SLUG}.who")'
    notes = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(note["what"], note["name"]) for note in notes] == [("hint", f"{SLUG}.who")] * 2


def test_a_question_is_answered_in_words(broken: ScenarioPanel) -> None:
    question, *_ = broken.citing.questions
    question.answer.value = "provider"
    question.check.click()
    assert "✕ Not yet." in question.reply.value
    question.answer.value = "pbx"
    question.check.click()
    assert "✓ Right." in question.reply.value
    assert broken.frame.twin == f"check(\"{SLUG}.who\", 'pbx')"


def test_what_is_cited_is_judged_and_only_the_first_time_counts(broken: ScenarioPanel, lab: BrokenLab) -> None:
    broken.looking.calls["call1"] = SimpleNamespace(trace="call1")  # type: ignore[assignment]
    broken.citing.found([FRAME])
    broken.citing.layer.value, broken.citing.object.value = "signalling", "identify.match"
    for _ in range(2):
        broken.citing.cite.click()
        broken.settle()
    said = "lab.evidence(call1, frame=2, point='outside', layer='signalling', object='identify.match')"
    assert broken.frame.twin == said
    assert sorted(lab.asked[-1][:-1].split(", ")) == sorted(said[:-1].split(", "))
    assert broken.score.credit == 0.67
    assert "Evidence: yes." in broken.citing.verdict.value


def test_what_was_looked_at_can_be_cited_the_newest_first_and_a_click_in_the_ladder_chooses(
    broken: ScenarioPanel,
) -> None:
    assert broken.citing.shows.value == NOTHING
    broken.citing.found([FRAME])
    broken.citing.found([*of_log(["NOTICE a: b", "NOTICE a: b"]), of_command("pjsip show identifies")])
    assert [each.words for _, each in broken.citing.shows.options] == [
        "log: NOTICE a: b", "Asterisk said to: pjsip show identifies", "call1 F2 401",
    ]  # fmt: skip
    assert broken.citing.shows.value == FRAME
    broken.citing.shows.value = of_command("pjsip show identifies")
    broken.citing.choose(Exhibit("of another call"))
    assert broken.citing.shows.value == of_command("pjsip show identifies")
    broken.citing.choose(FRAME)
    assert broken.citing.shows.value == FRAME


def test_what_asterisk_prints_is_shown_as_text_and_can_be_cited(broken: ScenarioPanel, lab: BrokenLab) -> None:
    broken.looking.command.value = "pjsip show endpoints"
    broken.looking.ask.click()
    broken.settle()
    assert lab.asked[-1] == same_code(broken.frame.twin)
    assert "Endpoint: &lt;provider&gt;" in broken.looking.printed.value
    assert broken.citing.shows.value.cited == {"command": "pjsip show endpoints"}


def test_a_verdict_that_fails_costs_and_one_that_passes_stops_the_clock(broken: ScenarioPanel, lab: BrokenLab) -> None:
    lab.passes = False
    broken.verify.click()
    broken.settle()
    assert (broken.score.failed, broken.score.passed_s) == (1, None)
    lab.passes = True
    broken.verify.click()
    broken.settle()
    assert broken.score.points == 50
    assert "solved in" in broken.clock.value
    assert "The cause." in broken.verdict.value


def test_a_look_at_the_healthy_files_has_its_price_and_is_written_down(broken: ScenarioPanel, journal: Path) -> None:
    assert "costs 20 points" in broken.editor.healthy.description
    broken._peeked()
    assert broken.score.cost == 20
    assert f"{SLUG}.diff" in journal.read_text()


def test_after_a_restart_of_the_kernel_the_panel_goes_on(broken: ScenarioPanel, lab: BrokenLab, tmp_path: Path) -> None:
    broken.citing.questions[0].hint.click()
    again = ScenarioPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    again.look(lab)  # type: ignore[arg-type]
    assert (again.score, again.scenario) == (broken.score, SCENARIO)
    assert again.chosen.value == SLUG
    (tmp_path / FILE).unlink()
    other = ScenarioPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    other.look(lab)  # type: ignore[arg-type]
    assert other.score.hints == 0
    assert other.score.began_s > 0


def test_a_lab_that_was_healed_elsewhere_has_no_story(broken: ScenarioPanel, lab: BrokenLab) -> None:
    lab.home.state = None
    broken.look(lab)  # type: ignore[arg-type]
    assert "Choose a scenario" in broken.story.value
    assert broken.clock.value == ""
    assert len(broken.looking.buttons.children) == 0
