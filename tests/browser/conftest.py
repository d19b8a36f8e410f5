"""JupyterLab as `make lab` opens it, in a real Chromium, on copies of the lessons."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.browser.jupyterlab import PATIENCE_MS, JupyterLab
from tools.jupyter import ROOT, command

TOKEN = "for-the-tests-only"

SLOW = "[anywidget] Failed to initialize model."
"""What anywidget says when a browser took more than 2 s to begin with a widget, as on a busy machine it may."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium of this machine."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not on this machine: apt install chromium")
    return found


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the lessons, so that a run in the browser changes no file of the project."""
    return Path(shutil.copytree(ROOT / "notebooks", tmp_path_factory.mktemp("browser") / "notebooks"))


def log_beside(lessons: Path) -> Path:
    """Where the server says what it does."""
    return lessons.parent / "jupyterlab.log"


@pytest.fixture(scope="session")
def server(chromium: str, lessons: Path) -> Iterator[str]:
    """The address of a JupyterLab whose settings are nobody's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(lessons.parent / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    options = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    log = log_beside(lessons)
    with (
        log.open("w") as said,
        subprocess.Popen(command(*options, lessons=lessons), env=os.environ | own, stdout=said, stderr=said) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/api", process, log)
            yield address
        finally:
            process.terminate()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path, within_s: float = 120.0) -> None:
    """Wait until a server answers."""
    for _ in range(int(within_s / 0.1)):
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urllib.request.urlopen(address, timeout=1):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise AssertionError(f"JupyterLab did not answer within {within_s:g} s")


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """A page of 1280 x 900, the smallest screen that the lessons are made for."""
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


@pytest.fixture
def lab(page: Page, server: str, lessons: Path) -> JupyterLab:
    """JupyterLab in that page."""
    return JupyterLab(page, server, TOKEN, log_beside(lessons))


@pytest.fixture
def panels(lab: JupyterLab, lessons: Path) -> Iterator[Callable[..., list[Locator]]]:
    """Opens panels by their names, each in a cell of one notebook; the console stays without errors."""
    errors: list[str] = []
    lab.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    lab.page.on("pageerror", lambda error: errors.append(str(error)))

    def opened(*lines: str) -> list[Locator]:
        names = ", ".join(line.partition("(")[0] for line in lines)
        first = f"from labkit.lab.lab import Lab\nfrom labkit.panel import {names}\nlab = Lab().up()"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(source) for source in (first, *lines)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), lessons / "panels.ipynb")
        lab.open("panels.ipynb")
        lab.restart_and_run_all()
        boards = lab.page.locator(".labkit-board")
        expect(boards).to_have_count(len(lines))
        return boards.all()

    yield opened
    assert [error for error in errors if error != SLOW] == []
