"""A lesson whose cells are not those of its takes fails by name."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from labkit.lab import takes
from tests.plugins import replayed
from tests.plugins.replayed import Outdated, Replayed

SCOPE = "asyncio_default_fixture_loop_scope=function"


def collected(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> list[pytest.Item]:
    """What is collected of a lesson of one cell."""
    path = pytester.path / "01-one.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1", execution_count=1)]), path)
    monkeypatch.setattr(replayed, "NOTEBOOKS", pytester.path)
    config = pytester.parseconfigure("--nbval", "--nbval-current-env", "-o", SCOPE)
    session = pytest.Session.from_config(config)
    return list(Replayed.from_parent(session, path=path).collect())


def test_a_lesson_is_replayed_cell_by_cell(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes, "is_current", lambda lesson, cells: (lesson, cells) == ("01-one", ["1 + 1"]))
    assert ["Replayed cell 0"] == [item.name for item in collected(pytester, monkeypatch)]


def test_a_lesson_that_was_changed_fails_and_says_what_to_do(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (item,) = collected(pytester, monkeypatch)
    assert isinstance(item, Outdated)
    with pytest.raises(pytest.fail.Exception, match=r"not those of its cells: python -m tools.record .*01-one"):
        item.runtest()
