"""No version of the lab's files is ever lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.errors import HostError
from labkit.lab.history import History

WRITER = """
import sys
from pathlib import Path
from labkit.lab.history import History
history = History(Path(sys.argv[1]))
for number in range(100000):
    history.add(f"edit {number}", {"pjsip.conf": f"{number} " * 5000})
    print(number, flush=True)
"""


def test_versions_are_kept_in_order(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("start", {"a.conf": "one\n"}, "restart")
    history.add("apply", {"a.conf": "two\n"}, "reload", ["a.conf, line 1: no"])
    assert [version.label for version in history] == ["start", "apply"]
    assert history[-1].errors == ("a.conf, line 1: no",)
    assert history.diff(1, 2).splitlines()[-2:] == ["-one", "+two"]
    assert str(history).count("\n") == 1


def test_only_what_is_new_is_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.keep("before", {"a.conf": "one"})
    history.keep("before", {"a.conf": "one"})
    history.keep("before", {"a.conf": "two"})
    assert [version.files["a.conf"] for version in history] == ["one", "two"]
    assert history.applied.files == {}
    history.add("apply", {"a.conf": "three"}, "reload")
    history.keep("before", {"a.conf": "four"})
    assert history.applied.files == {"a.conf": "three"}


def test_the_version_that_a_scenario_broke_is_found(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(HostError, match="labkit break SLUG"):
        _ = history.broken
    history.add("break inbound-401", {"a.conf": "bad"})
    history.add("apply", {"a.conf": "good"})
    assert history.broken.files == {"a.conf": "bad"}


def test_a_version_that_is_not_there_is_named_with_those_there_are(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("start", {})
    with pytest.raises(HostError, match="keeps no version 7; it has 1 to 1"):
        history.version(7)


def test_every_version_that_was_added_survives_a_kill(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.3)
    os.kill(writer.pid, signal.SIGKILL)
    said = len(writer.stdout.read().splitlines()) + 1
    writer.stdout.close()
    writer.wait()
    history = History(tmp_path)
    assert said <= len(history) <= said + 1
    assert [version.files["pjsip.conf"] for version in history] == [f"{at} " * 5000 for at in range(len(history))]
    history.add("after", {})
    assert history[-1].label == "after"
