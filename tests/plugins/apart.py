"""Tests use labs of their own, apart from the learner's, and a watch sees to it that these labs keep to themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from nbval.plugin import IPyNbFile

from labkit.lab.home import names
from tests.plugins.watch import MARK, Watch

WATCH = pytest.StashKey[Watch]()
HOME = pytest.StashKey[str]()
LAST = "tests/lab/test_apart.py"
"""Judges the watch, so it runs after everything else."""


def labkit(*words: str, check: bool = True) -> None:
    """Run a command of labkit on the labs of this run."""
    subprocess.run([sys.executable, "-m", "labkit", *words], check=check, stdout=subprocess.DEVNULL)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to watch, and give the labs of this run a folder of their own."""
    home = tempfile.mkdtemp(prefix="labkit-")
    os.environ[MARK], os.environ["LABKIT_HOME"] = home, home
    os.environ.setdefault("LABKIT_RUNTIME", "namespaces")  # what the lessons were recorded on; others name theirs
    session.config.stash[HOME] = home
    session.config.stash[WATCH] = Watch(home)
    session.config.stash[WATCH].start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the judgement of the watch last."""
    items.sort(key=lambda item: item.nodeid.startswith(LAST))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start a fresh lab before each lesson, so that no progress display is among the outputs of its first cell."""
    if isinstance(item.parent, IPyNbFile) and item.name == "Cell 0":
        labkit("up", "--fresh")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the labs of this run and the watch."""
    config = session.config
    if HOME not in config.stash:
        return
    for name in names():
        labkit("down", "--lab", name, check=False)
    config.stash[WATCH].stop()
    shutil.rmtree(config.stash[HOME], ignore_errors=True)
