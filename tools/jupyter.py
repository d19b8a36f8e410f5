"""JupyterLab at the first lesson, on loopback only, kept behind its token."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_LESSON = "00-start-here.ipynb"


def command(*options: str, lessons: Path = ROOT / "notebooks") -> list[str]:
    """Words that start JupyterLab of this environment on a folder of lessons, the first one open."""
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={lessons}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
        *(["--allow-root"] if os.geteuid() == 0 else []),
        *options,
    ]


def has_browser() -> bool:
    """Whether somebody sits before a screen here; LAB_BROWSER=0 or 1 overrules."""
    if said := os.environ.get("LAB_BROWSER"):
        return said != "0"
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def become_jupyterlab() -> None:
    """Turn this process into JupyterLab; without a browser it prints the address to open."""
    words = command(*([] if has_browser() else ["--no-browser"]))
    os.execv(words[0], words)
