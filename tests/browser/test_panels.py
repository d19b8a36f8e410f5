"""Every other panel in Chromium: what it does by mouse and by keys, and that a restart of the kernel ends nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.board import Keys, leave_nobody_out, push, said
from tests.browser.jupyterlab import JupyterLab

pytestmark = pytest.mark.timeout(300)
Panels = Callable[..., list[Locator]]


def cards(board: Locator) -> list[Locator]:
    """Those of the lab panel: two phones and a customer."""
    return board.locator(".labkit-card").all()


def seen(where: Locator, text: str) -> None:
    """It comes to stand there."""
    expect(where).to_contain_text(text)


def test_the_lab_panel_starts_a_lab_and_handles_calls_by_mouse_and_by_keyboard(lab: JupyterLab, panels: Panels) -> None:
    board = panels("lab_panel(lab)")[0]
    push(board, "Stop", "is down")
    seen(board, "The lab default does not run.")
    push(board, "Start", "is up")
    seen(board, "trunk provider Registered")
    first, second, customer = cards(board)
    first.get_by_label("answers by itself").uncheck()
    said(board, "rings until you press Answer")
    push(customer, "Call in")
    seen(first, "rings, called by +15550123")
    leave_nobody_out(lab, lab_panel=board)
    push(first, "Answer")
    seen(first, "talks with +15550123")
    for button, text in (("Hold", "sendonly"), ("Resume", "sendrecv"), ("Press", "pressed 1234#")):
        push(first, button)
        said(board, text)
    push(first, "Hang up")
    said(board, "phone-1001 hung up")
    seen(first, "no call")

    keys = Keys(lab.page)
    keys.push(second.get_by_role("button", name="Call"))
    seen(second, "talks with +15550100")
    lab.restart_and_run_all()
    first, second, _ = cards(board)
    seen(second, "talks with +15550100")
    expect(first.get_by_label("answers by itself")).not_to_be_checked()
    keys.push(second.get_by_role("button", name="Hold"))
    said(board, "phone-1002 put the other end on hold")
    seen(second, "holds +15550100")
    keys.to(second.get_by_label("Keys"))
    keys.press("Control+a")
    keys.type("42#")
    keys.push(second.get_by_role("button", name="Press"), "Space")
    said(board, "phone-1002 pressed 42#")
    keys.back(second.get_by_role("button", name="Hang up"))
    keys.press("Enter")
    seen(second, "no call")
    keys.push(first.get_by_label("answers by itself"), "Space")
    said(board, "phone-1001 answers by itself")


LENGTH = """async (player) => {
  if (player.readyState < 1) await new Promise((done) => player.addEventListener("loadedmetadata", done));
  return player.duration;
}"""
"""How many seconds a player plays."""
JITTERS = """() => [...document.querySelectorAll("svg[role=img]")].some(
  (chart) => parseFloat(chart.getAttribute("aria-label").match(/jitter ([0-9.]+) ms/)?.[1]) > 5)"""
"""Whether some end is told to hear more than 5 ms of jitter."""
BARS = 'svg rect[fill="var(--lk-bad)"]'


def test_a_running_call_is_seen_to_grow_to_suffer_and_can_be_heard(lab: JupyterLab, panels: Panels) -> None:
    board = panels("call_panel(lab)")[0]
    push(board, "Call out")
    ladder = board.locator(".labkit-ladder img").first
    expect(ladder).to_be_visible()
    early = len(ladder.get_attribute("alt") or "")
    heard = board.locator("svg[role=img]")
    expect(heard).to_have_count(2)
    board.get_by_label("The line").select_option(label="loses 5 %")
    expect(board.locator(BARS).first).to_be_attached()
    board.get_by_label("The line").select_option(label="jitters 20 ms")
    lab.page.wait_for_function(JITTERS)
    lab.portrait(board, "panel-call-bad")
    board.get_by_label("The line").select_option(label="good")
    push(board, "Hang up")
    said(board, "The ladder is whole")
    assert len(ladder.get_attribute("alt") or "") > early
    expect(ladder).to_have_attribute("alt", re.compile("BYE"))
    push(board, "Listen")
    said(board, "Press play")
    expect(board.locator("audio")).to_have_count(2)
    for player in board.locator("audio").all():
        assert player.evaluate(LENGTH) > 1
    leave_nobody_out(lab, call_panel=board)
    lab.restart_and_run_all()
    keys = Keys(lab.page)
    keys.push(board.get_by_role("button", name="Call in"))
    expect(heard).to_have_count(2)
    keys.push(board.get_by_role("button", name="Hang up"), "Space")
    said(board, "The ladder is whole")


def test_what_a_customer_may_set_is_set_and_pictures_explain_what_is_chosen(lab: JupyterLab, panels: Panels) -> None:
    lines = ("portal_panel(lab)", "object_panel(lab)", "lamp_panel(lab)", "progress_panel(lab)")
    lab.page.set_viewport_size({"width": 1280, "height": 3600})
    portal, objects, lamps, progress = panels(*lines)
    seen(portal, "the last call attempts")
    portal.get_by_label("Trunk").select_option("static")
    portal.get_by_label("Verified caller IDs").fill("+442079460001, +15550999")
    push(portal, "Verify", "caller IDs of the trunk static: +442079460001, +15550999.")
    seen(portal.locator("td", has_text="+15550999"), "+442079460001")

    objects.get_by_role("button", name="identify provider", exact=True).click()
    expect(objects.locator(".labkit-said")).to_contain_text("its endpoint: endpoint provider")
    keys = Keys(lab.page)
    keys.press("End")
    keys.press("Home")
    expect(objects.locator(".labkit-spot").first).to_be_focused()
    keys.press("ArrowRight")
    expect(objects.locator(".labkit-spot[aria-pressed=true]")).to_be_focused()

    keys.push(lamps.get_by_role("button", name="Call out and look"))
    said(lamps, "Nothing wrong was found.")
    lamps.get_by_role("button", name="RTP media").click()
    expect(lamps.locator(".labkit-said")).to_contain_text("RTP media: works.")

    keys.to(progress.locator(".labkit-spot").first)
    keys.press("ArrowDown")
    expect(progress.locator(".labkit-said")).to_contain_text("questions answered")
    progress.get_by_role("button", name="inbound-401:").click()
    expect(progress.locator(".labkit-said")).to_contain_text("registered, and no call comes in")

    leave_nobody_out(lab, portal=portal, objects=objects, lamps=lamps, progress=progress)

    lab.restart_and_run_all()
    portal.get_by_label("Trunk").select_option("static")
    expect(portal.get_by_label("Verified caller IDs")).to_have_value("+442079460001, +15550999")
    push(lamps, "Call in and look", "Nothing wrong was found.")
    for board in (objects, lamps, progress):
        board.locator(".labkit-spot").first.click()
        expect(board.locator(".labkit-said")).not_to_contain_text("Click a part")
