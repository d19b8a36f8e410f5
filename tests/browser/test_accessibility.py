"""The pages of the course leave nobody out: axe finds nothing serious in light or dark, with every fold open.

Every picture has words, no page is wider than the window, and none fetches anything from elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from labkit.course import syllabus
from labkit.course.report import page as report
from labkit.course.standing import standing
from tests.browser.board import grave
from tests.unit.course.course_sample import BEGAN, mended
from tools import pages

PAGES = ["index", *(lesson.path.stem for lesson in syllabus.lessons()), "progress"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, and a learner's report beside it."""
    folder = tmp_path_factory.mktemp("site")
    pages.write(folder, syllabus.lessons())
    learner = standing(mended("inbound-401"), syllabus.lessons(), syllabus.families())
    (folder / "progress.html").write_text(report(learner, BEGAN))
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leaves_nobody_out(page: Page, site: Path, name: str) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto((site / f"{name}.html").as_uri())
    page.screenshot(path=pages.ROOT / f"build/screens/site-{name}.png")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert grave(page) == []
    page.emulate_media(color_scheme="dark")
    assert grave(page) == []
    assert page.evaluate("[...document.images].filter(each => each.alt.length < 20).length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert [url for url in fetched if not url.startswith((site.as_uri(), "data:"))] == []


def test_a_page_that_leaves_somebody_out_is_found(page: Page) -> None:
    page.set_content('<html lang="en"><title>x</title><main><img src="data:,"><p style="color: #bbb">pale</p></main>')
    assert {found.split()[0] for found in grave(page)} == {"image-alt", "color-contrast"}
