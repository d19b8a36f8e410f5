"""The journal takes every line of everybody who writes, and gives back every line that can be read."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from labkit import journal


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner who did nothing yet."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(journal.VARIABLE, raising=False)
    return tmp_path / "home/progress.jsonl"


def names() -> list[str]:
    return [event.name for event in journal.read()]


def test_what_was_done_comes_back_with_its_moment() -> None:
    assert [] == journal.read()
    journal.note("break", "inbound-401", lab="default", seed=7)
    journal.note("verify", "inbound-401", right=False, lab="default")
    broke, verified = journal.read()
    assert ("break", "inbound-401", None, "default", 7) == (broke.what, broke.name, broke.right, broke.lab, broke.seed)
    assert verified.right is False
    assert datetime.now(UTC) - verified.at < timedelta(minutes=1)


def test_what_is_about_nothing_is_not_written(file: Path) -> None:
    journal.note("verify", "", right=True)
    assert not file.exists()


def test_lines_are_only_ever_added(file: Path) -> None:
    journal.note("check", "05.order", right=True)
    before = file.read_bytes()
    journal.note("check", "05.desk", right=True)
    assert file.read_bytes().startswith(before)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"at": "2026-11-23T06:00:00+00:00", "what": "che',
        b"\x00\xff\xfe\n",
        b"[]\n",
        b'"at"\n',
        b'{"what": "check", "name": "x"}\n',
        b'{"at": "yesterday", "what": "check", "name": "x"}\n',
        b'{"at": "2026-11-23T06:00:00+00:00"}\n',
        b"\n\n",
    ],
)
def test_a_broken_or_cut_line_loses_no_other(file: Path, broken: bytes) -> None:
    journal.note("check", "before")
    with file.open("ab") as lines:
        lines.write(broken)
    journal.note("check", "after")
    assert names() == ["before", "after"]


def test_a_line_of_a_later_version_is_read_as_far_as_it_is_known(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"at": "2030-01-01T00:00:00+00:00", "what": "check", "name": "05.order", "mood": "fine"}\n')
    assert names() == ["05.order"]


def test_two_who_write_at_once_lose_nothing() -> None:
    script = "import sys; from labkit import journal\nfor n in range(200): journal.note('check', f'{sys.argv[1]}.{n}')"
    both = [subprocess.Popen([sys.executable, "-c", script, name]) for name in ("one", "other")]
    assert [process.wait() for process in both] == [0, 0]
    assert {f"{name}.{number}" for name in ("one", "other") for number in range(200)} == set(names())


def test_a_line_costs_little_however_long_the_file_is(file: Path) -> None:
    file.parent.mkdir()
    line = b'{"at": "2026-11-23T06:00:00+00:00", "what": "check", "name": "05.order", "right": true}\n'
    file.write_bytes(line * 100_000)
    began = time.process_time()
    for _ in range(20):
        journal.note("check", "05.desk", right=True)
    assert time.process_time() - began < 20 * 0.005


def test_where_nothing_can_be_written_the_lesson_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, "/proc/no/such/place.jsonl")
    journal.note("check", "05.order")
    assert journal.read() == []
    monkeypatch.setenv(journal.VARIABLE, "/dev/null")
    journal.note("check", "05.order")
    assert journal.read() == []


def test_a_line_tells_which_cells_ran_since_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = ["", "lab.break_()"]
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=ran))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(journal, "_told_of", 0)
    journal.note("break", "inbound-401")
    ran += ["lab.config.replace()", "lab.verify()\n"]
    journal.note("verify", "inbound-401", right=True)
    told = [event.cells for event in journal.read()]
    assert told[0][-1:] == told[1][:1] == (journal.fingerprint("lab.break_()"),)
    assert told[1][1:] == (journal.fingerprint("lab.config.replace()"), journal.fingerprint("lab.verify()"))
    ran += [str(number) for number in range(1000)]
    journal.note("check", "05.order")
    assert journal.MOST_CELLS == len(journal.read()[-1].cells)
