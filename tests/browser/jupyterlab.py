"""JupyterLab as somebody with a mouse sees it."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

SCREENS = Path(__file__).parents[2] / "build/screens"
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
SETTLE_MS = 1_000
"""A kernel that is restarted in the moment it came up loses its line to JupyterLab; no hand is that fast."""


class JupyterLab:
    """One browser page with JupyterLab in it."""

    def __init__(self, page: Page, address: str, token: str, log: Path) -> None:
        """Speak of the JupyterLab at an address, which logs into a file."""
        self.page = page
        self._address = address
        self._token = token
        self._log = log

    def open(self, lesson: str) -> None:
        """Open a lesson in a workspace of its own and wait until it is drawn and its kernel is ready."""
        workspace = f"{self._address}/lab/workspaces/{uuid4().hex}"
        self.page.goto(f"{workspace}/tree/{lesson}?token={self._token}")
        try:
            self._wait_drawn()
        except AssertionError as why:
            raise AssertionError(f"{why}\nJupyterLab said:\n{self._log.read_text()[-4000:]}") from None

    def _wait_drawn(self) -> None:
        expect(self.page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()
        self.wait_idle()
        self.page.wait_for_timeout(SETTLE_MS)

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing left to do."""
        expect(self.page.locator("#jp-main-statusbar", has_text="| Idle")).to_be_visible()

    def menu(self, name: str, item: str) -> None:
        """Choose an item of a menu by clicks."""
        self.page.locator(".lm-MenuBar-item", has_text=name).first.click()
        self.page.locator(".lm-Menu-item", has_text=item).first.click()

    def restart_and_run_all(self) -> None:
        """Run > Restart Kernel and Run All Cells, to the end of the last cell."""
        self.menu("Run", "Restart Kernel and Run All Cells")
        self.page.locator('.jp-Dialog button:has-text("Restart")').click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)
        expect(self.page.locator(".jp-InputPrompt", has_text="[*]").first).to_be_visible()
        expect(self.page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(0, timeout=3 * PATIENCE_MS)
        self.wait_idle()

    def save(self) -> None:
        """File > Save Notebook."""
        self.menu("File", "Save Notebook")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)

    def wear(self, theme: str) -> None:
        """Settings > Theme > JupyterLab Light or Dark."""
        self.page.locator(".lm-MenuBar-item", has_text="Settings").first.click()
        self.page.locator(".lm-Menu-item", has_text="Theme").first.hover()
        self.page.locator(".lm-Menu-item", has_text=f"JupyterLab {theme}").first.click()
        light = "true" if theme == "Light" else "false"
        expect(self.page.locator(f"body[data-jp-theme-light={light}]")).to_have_count(1)
        self.page.wait_for_timeout(500)

    def screenshot(self, name: str) -> Path:
        """Keep what is seen now under build/screens."""
        path = SCREENS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def portrait(self, board: Locator, name: str) -> None:
        """Keep the whole of a panel, however high it is."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 1280, "height": 3600})
        board.screenshot(path=SCREENS / f"{name}.png")
        if before:
            self.page.set_viewport_size(before)
