"""Ladders in Chromium: on light and dark pages, in exported HTML, in an untrusted notebook, and the live one."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, Route, expect

from labkit.show.ladder_widget import SCRIPT, STYLE, LadderWidget
from labkit.show.ladders import Ladder
from tests.browser.jupyterlab import SCREENS, JupyterLab
from tests.unit.show import drawn

INVITE = (
    b"INVITE sip:+15550100@provider SIP/2.0\r\nVia: SIP/2.0/UDP 10.10.0.10;branch=z9hG4bK1\r\nCall-ID: <b>1</b>\r\n"
    b"Max-Forwards: 70\r\n\r\nv=0\r\n"
)
MODEL = """
import definition from "./ladder.js";
const state = STATE;
const model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; },
  save_changes: () => {}, on: () => {},
};
definition.render({ model, el: document.querySelector("main") });
"""


@pytest.fixture
def ladder() -> Ladder:
    """A call whose messages all have the same text."""
    sheet = drawn.good_call()
    return Ladder(drawn.replace(sheet, arrows=tuple(drawn.replace(arrow, raw=INVITE) for arrow in sheet.arrows)))


@pytest.fixture
def notebook(ladder: Ladder) -> nbformat.NotebookNode:
    """A notebook with a ladder as its output, signed by nobody."""
    data = {"text/plain": str(ladder), "text/html": ladder.html()}
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    cell = nbformat.v4.new_code_cell("ladder(call)", outputs=[output], execution_count=1)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})


def looked_at(page: Page, name: str) -> None:
    """Keep a screenshot of the whole page."""
    page.screenshot(path=SCREENS / f"ladder-{name}.png", full_page=True)


def assert_drawn(image: Locator, ladder: Ladder) -> None:
    """The picture is there, in full, with the text ladder as its alternative."""
    expect(image).to_be_visible()
    assert image.evaluate("each => each.complete && each.naturalWidth > 0")
    assert str(ladder) == image.get_attribute("alt")
    box = image.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1280
    assert box["width"] >= 600


def assert_message_opens(page: Page) -> None:
    """The fourth message unfolds by clicks, with its text as text."""
    page.locator("summary", has_text="21 messages in full").click()
    page.locator("summary", has_text="F4 INVITE").click()
    expect(page.locator("details[open] details[open] pre")).to_contain_text("Call-ID: <b>1</b>")


@pytest.mark.parametrize(("theme", "colours"), [("light", "#fff; color: #111"), ("dark", "#111; color: #eee")])
def test_a_ladder_is_readable_on_a_page_of_1280(
    page: Page, ladder: Ladder, tmp_path: Path, theme: str, colours: str
) -> None:
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><body style="background: {colours}">{ladder.html()}')
    page.goto(path.as_uri())
    assert_drawn(page.locator("img"), ladder)
    assert_message_opens(page)
    assert page.evaluate("document.documentElement.scrollWidth <= 1280")
    looked_at(page, f"page-{theme}")


def test_a_ladder_is_unchanged_in_exported_html(
    page: Page, ladder: Ladder, notebook: nbformat.NotebookNode, tmp_path: Path
) -> None:
    body, _ = HTMLExporter().from_notebook_node(notebook)
    path = tmp_path / "exported.html"
    path.write_text(body, encoding="utf-8")
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    assert_drawn(page.locator("img"), ladder)
    assert_message_opens(page)
    looked_at(page, "exported")


def test_a_ladder_is_unchanged_in_an_untrusted_notebook(
    lab: JupyterLab, ladder: Ladder, notebook: nbformat.NotebookNode, lessons: Path
) -> None:
    nbformat.write(notebook, lessons / "untrusted.ipynb")
    lab.open("untrusted.ipynb")
    expect(lab.page.locator("#jp-main-statusbar [title*='not trusted' i]")).to_be_visible()
    assert_drawn(lab.page.locator(".jp-OutputArea img"), ladder)
    assert_message_opens(lab.page)
    lab.screenshot("ladder-untrusted")


@pytest.fixture
def live(page: Page, ladder: Ladder, tmp_path: Path) -> Page:
    """The live ladder on a page of its own, with the model that the notebook would hold."""
    widget = LadderWidget.of(ladder)
    names = ("picture", "text", "width", "rows", "inks", "chosen")
    state = json.dumps({name: getattr(widget, name) for name in names})
    files = {
        "ladder.js": (SCRIPT, "text/javascript"),
        "model.js": (MODEL.replace("STATE", state), "text/javascript"),
        "": (f"<style>{STYLE}</style><main></main><script type=module src=model.js></script>", "text/html"),
    }

    def serve(route: Route) -> None:
        text, kind = files[route.request.url.removeprefix("http://ladder.test/")]
        route.fulfill(body=text, content_type=f"{kind}; charset=utf-8")

    page.route("http://ladder.test/**", serve)
    page.goto("http://ladder.test/")
    return page


def test_the_live_ladder_opens_a_message_by_click_and_by_arrow_keys(live: Page, ladder: Ladder) -> None:
    panel, figure = live.locator(".labkit-panel"), live.locator(".labkit-figure")
    expect(panel).to_contain_text("Click a message")
    places = {row["title"].split("</b>")[0]: row for row in LadderWidget.of(ladder).rows}
    middle = (places["<b>F7 407 Proxy Authentication Required"]["top"] + 0.005) * 1000
    live.locator("img").click(position={"x": 300, "y": middle})
    expect(panel).to_contain_text("F7 407 Proxy Authentication Required")
    expect(panel).to_contain_text("Call-ID: <b>1</b>")
    expect(panel).to_contain_text("at 0 a request dies with 483. (RFC 3261, 20.22)")
    for key, expected in (("ArrowDown", "F8"), ("ArrowUp", "F7"), ("End", "F21"), ("ArrowDown", "F21"), ("Home", "F1")):
        figure.press(key)
        expect(panel.locator("h4")).to_contain_text(expected)
    figure.press("End")
    expect(live.locator(".labkit-mark")).to_be_in_viewport()
    looked_at(live, "live")
