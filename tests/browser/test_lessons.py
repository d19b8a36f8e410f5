"""Every lesson, opened in JupyterLab by a browser, runs to its end by clicks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.jupyterlab import JupyterLab
from tools.jupyter import ROOT

LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_to_its_end_by_clicks(lab: JupyterLab, lessons: Path, name: str) -> None:
    lab.open(name)
    lab.screenshot(f"{Path(name).stem}-opened")
    lab.restart_and_run_all()
    lab.screenshot(f"{Path(name).stem}-ran")
    lab.save()
    cells = [cell for cell in nbformat.read(lessons / name, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [output for cell in cells for output in cell.outputs if output.output_type == "error"] == []


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_shows_a_picture_in_its_first_view(lab: JupyterLab, name: str) -> None:
    lab.open(name)
    picture = lab.page.locator(".jp-Notebook img:visible").first
    expect(picture).to_be_in_viewport(ratio=0.5)


def test_no_news_pop_up_stands_in_the_way(lab: JupyterLab) -> None:
    lab.open(LESSONS[0])
    lab.page.wait_for_timeout(2000)
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)
