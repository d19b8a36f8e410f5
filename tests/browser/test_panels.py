"""One broken trunk from its story to the verdict in the scenario panel: by mouse, and again by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from labkit.panel.scenario import STEPS
from tests.browser.jupyterlab import PATIENCE_MS, JupyterLab

SLUG = "inbound-401"
RIGHT = "match = 203.0.113.10"
CELL = f"""from labkit.lab.lab import Lab
from labkit.panel import scenario_panel
lab = Lab().up()
scenario_panel(lab, "{SLUG}")"""
MOST_TABS = 80
GRAVE = {"serious", "critical"}


@pytest.fixture
def board(lab: JupyterLab, lessons: Path) -> Iterator[Locator]:
    """A notebook with the scenario panel in it; the console stays without errors."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(CELL)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lessons / "clinic.ipynb")
    lab.open("clinic.ipynb")
    errors: list[str] = []
    lab.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    lab.page.on("pageerror", lambda error: errors.append(str(error)))
    lab.restart_and_run_all()
    board = lab.page.locator(".labkit-board")
    expect(board.get_by_role("button", name="Break it")).to_be_visible(timeout=PATIENCE_MS)
    yield board
    assert errors == []


def said(board: Locator, text: str) -> None:
    """The panel says so, in the line that is read out."""
    expect(board.get_by_role("status")).to_contain_text(text, timeout=PATIENCE_MS)


def wrong_line(board: Locator) -> int:
    """The place of the line that is wrong, from 0, as an eye finds it."""
    lines = board.locator("textarea").input_value().splitlines()
    return next(at for at, line in enumerate(lines) if line.startswith("match ="))


def test_break_fix_verify_by_mouse(lab: JupyterLab, board: Locator) -> None:
    page = lab.page
    board.get_by_role("button", name="Break it").click()
    said(board, "Broken: Registered, but every inbound call is refused")
    board.get_by_role("button", name="calls +44").click()
    said(board, "401 Unauthorized")
    lab.screenshot("panel-scenario-look")
    figure = board.locator(".labkit-figure img")
    box = figure.bounding_box()
    assert box is not None
    figure.click(position={"x": box["width"] / 2, "y": box["height"] * 0.62})
    expect(board.locator(".labkit-panel h4")).to_contain_text("F2 401")
    board.get_by_role("button", name="2 Cite").click()
    board.get_by_label("Layer").select_option(
        label="signalling: SIP itself: who is who, who may what, where requests go"
    )
    board.get_by_label("Object.option").fill("identify.match")
    expect(board.get_by_label("What shows it").locator("option:checked")).to_contain_text("401 Unauthorized")
    board.get_by_role("button", name="Cite", exact=True).click()
    said(board, "100% of it is right")
    lab.screenshot("panel-scenario-cite")
    board.get_by_role("button", name="3 Mend").click()
    area = board.locator("textarea")
    lines = area.input_value().splitlines()
    lines[wrong_line(board)] = RIGHT
    area.click()
    area.fill("\n".join(lines) + "\n")
    expect(board.locator(".labkit-help pre")).to_contain_text("default")
    lab.screenshot("panel-scenario-mend")
    board.get_by_role("button", name="Apply").click()
    said(board, "Asterisk refused nothing")
    board.get_by_role("button", name="4 Verify").click()
    board.get_by_role("button", name="Verify", exact=True).click()
    said(board, "Passed: Registered, but every inbound call is refused")
    expect(board).to_contain_text("100 points")
    lab.screenshot("panel-scenario-verify")
    assert barriers(page, board) == []
    dark(page)
    assert barriers(page, board) == []
    lab.screenshot("panel-scenario-dark")


def barriers(page: Page, board: Locator) -> list[str]:
    """What axe holds to be grave within the panel, step by step, with the element."""
    found = []
    for step in STEPS:
        board.get_by_role("button", name=step).click()
        found += Axe().run(page, context=".labkit-board").response["violations"]
    grave = [each for each in found if each["impact"] in GRAVE]
    return [f"{each['id']}: {node['html'][:160]}" for each in grave for node in each["nodes"]]


def dark(page: Page) -> None:
    """Settings > Theme > JupyterLab Dark."""
    page.locator(".lm-MenuBar-item", has_text="Settings").first.click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.locator(".lm-Menu-item", has_text="JupyterLab Dark").first.click()
    expect(page.locator("body[data-jp-theme-light=false]")).to_have_count(1, timeout=PATIENCE_MS)
    page.wait_for_timeout(500)


class Keys:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        """Begin where the keyboard is."""
        self.press = page.keyboard.press
        self.type = page.keyboard.type

    def to(self, wanted: Locator) -> None:
        """Go to a control by Tab."""
        for _ in range(MOST_TABS):
            if wanted.evaluate("node => node === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {wanted}")

    def push(self, button: Locator, key: str = "Enter") -> None:
        """Go to a button and press it."""
        self.to(button)
        self.press(key)


def test_break_fix_verify_by_keyboard_alone(lab: JupyterLab, board: Locator) -> None:
    keys = Keys(lab.page)
    keys.push(board.get_by_role("button", name="Break it"))
    said(board, "Broken: Registered, but every inbound call is refused")
    keys.push(board.get_by_role("button", name="calls +44"), "Space")
    said(board, "401 Unauthorized")
    keys.to(board.locator(".labkit-figure"))
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(board.locator(".labkit-panel h4")).to_contain_text("F2 401")
    back(keys, board.get_by_role("button", name="2 Cite"))
    keys.to(board.get_by_label("Layer"))
    keys.press("s")
    keys.to(board.get_by_label("Object.option"))
    keys.type("identify.match")
    keys.push(board.get_by_role("button", name="Cite", exact=True))
    said(board, "100% of it is right")
    back(keys, board.get_by_role("button", name="3 Mend"))
    area = board.locator("textarea")
    keys.to(area)
    keys.press("Control+Home")
    for _ in range(wrong_line(board)):
        keys.press("ArrowDown")
    keys.press("Home")
    keys.press("Shift+End")
    keys.type(RIGHT)
    expect(board.locator(".labkit-help pre")).to_contain_text("identify.match")
    keys.press("Control+s")
    said(board, "Asterisk refused nothing")
    back(keys, board.get_by_role("button", name="4 Verify"))
    keys.push(board.get_by_role("button", name="Verify", exact=True))
    said(board, "Passed: Registered, but every inbound call is refused")
    expect(lab.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(1)


def back(keys: Keys, button: Locator) -> None:
    """Go back to a button by Shift and Tab, and press it."""
    for _ in range(MOST_TABS):
        if button.evaluate("node => node === document.activeElement"):
            keys.press("Enter")
            return
        keys.press("Shift+Tab")
    raise AssertionError(f"{MOST_TABS} times Shift and Tab do not lead to {button}")
