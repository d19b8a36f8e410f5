"""Tests use labs of their own, apart from the learner's, and a watch sees to it that these labs keep to themselves.

Where several workers run the tests, each has labs of its own; the watch is one, and judges when all is over.
"""

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

NOT_APART = 6
"""The exit code where a lab did not keep to itself; no other run makes up for that."""


def labkit(*words: str, check: bool = True) -> None:
    """Run a command of labkit on the labs of this run."""
    subprocess.run([sys.executable, "-m", "labkit", *words], check=check, stdout=subprocess.DEVNULL)


@pytest.hookimpl(tryfirst=True)  # what workers inherit must be there before they are started
def pytest_sessionstart(session: pytest.Session) -> None:
    """Give the labs of this run, or of this worker, a folder of their own, and begin to watch."""
    home = session.config.stash[HOME] = tempfile.mkdtemp(prefix="labkit-")
    os.environ["LABKIT_HOME"] = home
    os.environ.pop("LABKIT_JOURNAL", None)  # a learner's own, which no test may write
    os.environ.setdefault("LABKIT_RUNTIME", "namespaces")  # what the lessons were recorded on; others name theirs
    if not hasattr(session.config, "workerinput"):
        os.environ[MARK] = home
        session.config.stash[WATCH] = Watch(home)
        session.config.stash[WATCH].start()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start a fresh lab before each lesson, so that no progress display is among the outputs of its first cell."""
    if isinstance(item.parent, IPyNbFile) and item.name == "Cell 0":
        labkit("up", "--fresh")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the labs of this run, then judge what the watch saw."""
    stash = session.config.stash
    if HOME not in stash:
        return
    for name in names():
        labkit("down", "--lab", name, check=False)
    shutil.rmtree(stash[HOME], ignore_errors=True)
    if watch := stash.get(WATCH, None):
        watch.stop()
        if watch.findings:
            session.exitstatus = NOT_APART


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the watch saw."""
    watch = config.stash.get(WATCH, None)
    if watch is None:
        return
    for finding in watch.findings:
        terminalreporter.write_line(f"FAILED the labs keep to themselves: {finding}", red=True)
    if not watch.findings:
        terminalreporter.write_line(f"The labs kept to themselves: {watch}")
