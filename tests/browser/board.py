"""A panel as somebody sees it who has a mouse, only a keyboard, or only what is read out."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.jupyterlab import JupyterLab

MOST_TABS = 80
GRAVE = {"serious", "critical"}


def said(board: Locator, text: str) -> None:
    """The panel says so, in the line that is read out."""
    expect(board.get_by_role("status")).to_contain_text(text)


def push(board: Locator, name: str, text: str = "") -> None:
    """Press a button by the mouse; the panel says this of it."""
    board.get_by_role("button", name=name, exact=True).click()
    if text:
        said(board, text)


def grave(page: Page, within: str | None = None) -> list[str]:
    """What axe holds to be grave on a page, or within a part of it, with the element."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"][:3]
    ]


def leave_nobody_out(lab: JupyterLab, **boards: Locator) -> None:
    """On dark and light pages axe finds nothing grave in any panel; what they look like is kept by their names."""
    for theme in ("Dark", "Light"):
        lab.wear(theme)
        assert grave(lab.page, ".labkit-board") == []
        for name, board in boards.items():
            lab.portrait(board, f"panel-{name}-{theme.lower()}")


class Keys:
    """Somebody without a mouse."""

    def __init__(self, page: Page) -> None:
        """Begin where the keyboard is."""
        self.press = page.keyboard.press
        self.type = page.keyboard.type

    def to(self, wanted: Locator, key: str = "Tab") -> None:
        """Go to a control by Tab; what has the focus there is seen to have it."""
        for _ in range(MOST_TABS):
            if wanted.evaluate("node => node === document.activeElement"):
                assert wanted.evaluate(RING) >= 2, f"the focus is not seen on {wanted}"
                return
            self.press(key)
        raise AssertionError(f"{MOST_TABS} times {key} do not lead to {wanted}")

    def back(self, wanted: Locator) -> None:
        """Go back to a control."""
        self.to(wanted, "Shift+Tab")

    def push(self, button: Locator, key: str = "Enter") -> None:
        """Go to a button and press it."""
        self.to(button)
        self.press(key)


RING = """node => {
  const { outlineStyle, outlineWidth } = getComputedStyle(node);
  return outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
}"""
"""How many pixels wide the ring around a control is."""
