"""The first cell of a lesson finds a lab anywhere; what only a live one can do is said without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from labkit.lesson import opening
from labkit.runtime import choice


def test_what_needs_a_live_lab_says_so_in_a_line_of_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv(choice.VARIABLE, "replay")
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}), colors="nocolor")
    shell.user_ns["In"] = ["lab"]
    monkeypatch.setattr(opening, "get_ipython", lambda: shell)
    shell.user_ns["lab"] = opening.open_lesson()
    result = shell.run_cell('lab.call("phone-1001", "911")')
    assert "ReplayError" == type(result.error_in_exec).__name__
    told = capsys.readouterr().out
    assert "A call of phone-1001 to 911 needs a live lab" in told
    assert "Traceback" not in told
