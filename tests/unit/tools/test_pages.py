"""The pages of the lessons lead to each other, show every cell and output, and fetch nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labkit.course import syllabus
from tools import pages

LESSONS = syllabus.lessons()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages.write(tmp_path_factory.mktemp("site"), LESSONS).parent


def test_every_lesson_has_a_page_that_the_index_leads_to(site: Path) -> None:
    index = (site / "index.html").read_text()
    assert [each.path.stem for each in LESSONS if f'<a href="{each.path.stem}.html">' not in index] == []
    assert all(LESSONS[0].title in (site / name).read_text() for name in ("index.html", f"{LESSONS[0].path.stem}.html"))


def test_no_link_within_the_site_is_dead_and_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text()
        links = set(re.findall(r'(?:href|src)="([^"#]+)', text))
        near = {link for link in links if not link.startswith(("http", "data:"))}
        assert {link for link in near if not (site / link).exists()} == set()
        assert re.findall(r"<script|<iframe|@import|url\(|src=.http", text) == []
        assert re.findall(r'<link[^>]*href="(?!style\.css)', text) == []
    assert "http" not in (site / "style.css").read_text()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_a_page_has_every_cell_and_output_and_its_solutions_folded(site: Path, lesson: syllabus.Lesson) -> None:
    cells = [cell for cell in json.loads(lesson.path.read_text())["cells"] if cell["cell_type"] == "code"]
    text = (site / f"{lesson.path.stem}.html").read_text()
    assert text.count('<div aria-label="Code of cell') == len(cells)
    assert text.count('<div aria-label="Output of cell') == len([cell for cell in cells if cell["outputs"]])
    solutions = [cell for cell in cells if "solution" in cell["metadata"].get("tags", ())]
    assert text.count('<details class="solution">') == len(solutions)
    assert text.count("<h1") == 1


def test_the_map_names_each_symptom_that_a_lesson_teaches(site: Path) -> None:
    index = (site / "index.html").read_text()
    assert all(f'<th scope="row">{name}<span' in index for each in LESSONS for name in each.symptoms)
