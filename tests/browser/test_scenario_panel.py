"""One broken trunk from its story to the verdict in the scenario panel: by mouse, and again by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from labkit.panel.scenario import STEPS
from tests.browser.board import Keys, grave, push, said
from tests.browser.jupyterlab import JupyterLab

pytestmark = pytest.mark.timeout(300)
SLUG = "inbound-401"
RIGHT = "match = 203.0.113.10"


@pytest.fixture
def board(panels: Callable[..., list[Locator]]) -> Locator:
    """The scenario panel."""
    return panels(f'scenario_panel(lab, "{SLUG}")')[0]


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
    lab.portrait(board, "panel-scenario-look")
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
    lab.portrait(board, "panel-scenario-cite")
    board.get_by_role("button", name="3 Mend").click()
    area = board.locator("textarea")
    lines = area.input_value().splitlines()
    lines[wrong_line(board)] = RIGHT
    area.click()
    area.fill("\n".join(lines) + "\n")
    expect(board.locator(".labkit-help pre")).to_contain_text("default")
    lab.portrait(board, "panel-scenario-mend")
    board.get_by_role("button", name="Apply").click()
    said(board, "Asterisk refused nothing")
    board.get_by_role("button", name="4 Verify").click()
    board.get_by_role("button", name="Verify", exact=True).click()
    said(board, "Passed: Registered, but every inbound call is refused")
    expect(board).to_contain_text("100 points")
    for theme in ("Dark", "Light"):
        lab.wear(theme)
        assert barriers(page, board) == []
        lab.portrait(board, f"panel-scenario-{theme.lower()}")


def barriers(page: Page, board: Locator) -> list[str]:
    """What axe holds to be grave within the panel, step by step."""
    found = []
    for step in STEPS:
        push(board, step)
        found += grave(page, ".labkit-board")
    return found


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
    keys.back(board.get_by_role("button", name="2 Cite"))
    keys.press("Enter")
    keys.to(board.get_by_label("Layer"))
    keys.press("s")
    keys.to(board.get_by_label("Object.option"))
    keys.type("identify.match")
    keys.push(board.get_by_role("button", name="Cite", exact=True))
    said(board, "100% of it is right")
    keys.back(board.get_by_role("button", name="3 Mend"))
    keys.press("Enter")
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
    keys.back(board.get_by_role("button", name="4 Verify"))
    keys.press("Enter")
    keys.push(board.get_by_role("button", name="Verify", exact=True))
    said(board, "Passed: Registered, but every inbound call is refused")
    expect(lab.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2)
