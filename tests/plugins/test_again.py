"""What failed beside another worker runs again alone; what fails twice has failed, and many at once are not excused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import again

ONCE = """
from pathlib import Path

def test_once():
    seen = Path("seen")
    there, _ = seen.exists(), seen.touch()
    assert there

def test_other():
    raise AssertionError("never run again")
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a test that passes the second time, in a run that has ended."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    (tmp_path / "test_it.py").write_text(ONCE)
    again.FAILED.parent.mkdir(parents=True)
    return tmp_path


def failed(*names: str) -> None:
    """Leave behind what a run leaves in which these failed."""
    again.FAILED.write_text(json.dumps(dict.fromkeys(names, True)))


def test_what_fails_again_has_failed_and_what_passes_has_passed(there: Path) -> None:
    failed("test_it.py::test_once")
    assert [again.main(), again.main()] == [1, 0]


def test_many_at_once_are_not_excused(there: Path) -> None:
    (there / "seen").touch()
    failed(*(f"test_it.py::test_once[{number}]" for number in range(again.MOST + 1)))
    assert again.main() == 1


def test_a_run_that_names_no_test_is_not_excused(there: Path) -> None:
    assert again.main() == 1


def test_notebooks_are_repeated_whole() -> None:
    assert again.to_repeat(
        {"notebooks/01.ipynb::Cell 3": True, "notebooks/01.ipynb::Cell 4": True, "a.py::b": True}
    ) == [
        "a.py::b",
        "notebooks/01.ipynb",
    ]
