"""The set-up does what is missing and nothing twice, and reads pip's progress."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import bootstrap

PIP_SAYS = """\
Collecting numpy
  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.6 MB)
  Using cached idna-3.20-py3-none-any.whl (71 kB)
  Downloading six-1.17.0-py2.py3-none-any.whl.metadata (1.7 kB)
Installing collected packages: numpy, idna
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three small files, set up with the tests' packages."""
    (tmp_path / "tools").mkdir()
    (tmp_path / ".venv").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "tools/jupyterlab-overrides.json"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv/holds")
    bootstrap.STAMP.write_text(f"{bootstrap.fingerprint()} [test]\n")
    return tmp_path


def test_what_is_there_is_not_set_up_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "--test"])
    monkeypatch.setattr(bootstrap, "make_venv", lambda: pytest.fail("it was set up again"))
    monkeypatch.setattr(bootstrap, "install", lambda extra: pytest.fail("it was set up again"))
    bootstrap.main()


def test_an_environment_with_the_tests_packages_serves_the_lab_too(project: Path) -> None:
    assert bootstrap.holds("[test]")
    assert bootstrap.holds("")
    bootstrap.STAMP.write_text(f"{bootstrap.fingerprint()} \n")
    assert bootstrap.holds("")
    assert not bootstrap.holds("[test]")


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "tools/jupyterlab-overrides.json"])
def test_a_change_of_what_decides_the_environment_is_noticed(project: Path, name: str) -> None:
    (project / name).write_text("changed")
    assert not bootstrap.holds("")


def test_a_set_up_that_was_broken_off_is_no_set_up(project: Path) -> None:
    bootstrap.STAMP.unlink()
    assert not bootstrap.holds("")


def test_pips_lines_become_packages_and_megabytes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = PIP_SAYS.splitlines(keepends=True)
    assert lines == list(bootstrap.show_progress(iter(lines)))
    assert "Python packages: 2, 17 MB, installing\n" == capsys.readouterr().out
