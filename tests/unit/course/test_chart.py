"""The map and the report say the same: names and counts in words, no colour needed, nothing fetched."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labkit import cli, journal
from labkit.course.chart import SIGNS, chart, progress
from labkit.course.report import page
from tests.unit.course.course_sample import event, mended, told

LEARNER = told(
    *mended("refused"),
    *mended("silent", 1000),
    event(2000, "break", "lost"),
    event(3000, "break", "knocks"),
    event(3010, "hint", "knocks.object"),
    event(3100, "verify", "knocks", right=True),
    event(4000, "check", "05.order", right=True),
)


def test_the_words_of_the_map_have_every_name() -> None:
    words = str(chart(LEARNER))
    assert words.startswith("0 of 1 lessons answered, 2 faults and 1 of 2 families mastered.")
    assert "  05  1 of 2  Who <is> it?" in words
    assert "  inbound: mastered (2 of 2); registered, and no call comes in" in words
    assert "    mastered: refused, silent\n    met: lost" in words
    assert "  security: 0 of 1" in words
    assert "    mended with help: knocks" in words


def test_no_state_of_a_fault_is_told_by_colour_alone() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_is_a_picture_with_its_words(theme: str) -> None:
    shown = chart(LEARNER).on(theme)
    assert 'alt="0 of 1 lessons answered' in shown._repr_html_()
    assert len(shown.png()) < 60_000


class Page(HTMLParser):
    """Whether each element that is opened is closed again, and what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href") and "data:" not in str(value)]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_page_that_fetches_nothing_and_escapes_what_it_is_given() -> None:
    text = page(LEARNER, datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    parser = Page()
    parser.feed(text)
    assert parser.open == parser.fetched == []
    assert "url(" not in text
    assert "Who &lt;is&gt; it?" in text
    row = "<td>2026-11-23 06:16</td><td>silent</td><td>5.0 min</td><td>5.0 min</td><td>0</td><td>alone</td>"
    assert row in text
    assert "<td>1</td><td>with hints</td>" in text
    assert "<td>not mended</td>" in text


def test_the_command_prints_the_map_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "progress.jsonl"))
    journal.note("break", "inbound-401")
    journal.note("verify", "inbound-401", right=True)
    assert cli.main(["progress", "--html", str(tmp_path / "page.html")]) == 0
    assert "mastered: inbound-401" in capsys.readouterr().out
    assert "inbound-401 (mastered)" in (tmp_path / "page.html").read_text()
    assert "mastered: inbound-401" in str(progress())
    assert cli.main(["progress", "--json"]) == 0
    assert '"mastered": ["inbound-401"]' in capsys.readouterr().out


def test_a_page_that_cannot_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(journal.VARIABLE, "/dev/null")
    assert cli.main(["progress", "--html", str(tmp_path / "none/page.html")]) == 1
    assert re.match(r"labkit: \S+ cannot be written: No such file", capsys.readouterr().err)


def test_every_lesson_and_fault_of_the_map_can_be_chosen_and_tells_how_far_it_is() -> None:
    spots = {spot.name: spot for spot in chart(LEARNER).spots}
    assert len(spots) == len(LEARNER.lessons) + sum(map(len, LEARNER.families.values()))
    assert spots["lesson 05, 1 of 2 questions answered"].words.startswith("05  Who <is> it?\n1 of 2 questions answered")
    assert "inbound, mastered (2 of 2): registered" in spots["silent: mastered"].words
    assert {"lost: met", "knocks: mended with help"} <= set(spots)
    assert all(spot.left >= 0 and spot.left + spot.width <= 1 for spot in spots.values())
    assert all(spot.top >= 0 and spot.top + spot.height <= 1 for spot in spots.values())
