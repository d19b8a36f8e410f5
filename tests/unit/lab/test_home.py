"""Labs are found again by name, and two processes do not start the same one at once."""

from pathlib import Path

import pytest

from labkit.errors import HostError, NotReady
from labkit.lab import home
from labkit.lab.home import Home, State


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))


def test_what_is_written_down_is_found_again() -> None:
    with Home("a").locked():
        Home("a").write(State("namespaces", ready=True))
    assert Home("a").state == State("namespaces", ready=True)
    assert home.names() == ["a"]
    Home("a").forget()
    assert Home("a").state is None
    assert home.names() == []


def test_a_half_written_state_counts_as_none() -> None:
    with Home("a").locked():
        (Home("a").folder / "lab.json").write_text('{"runtime": "names')
    assert Home("a").state is None


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 40, "-a"])
def test_names_that_are_no_folder_are_refused(name: str) -> None:
    with pytest.raises(HostError, match="cannot be a lab's name"):
        Home(name)


def test_a_lab_is_started_by_one_process_at_a_time() -> None:
    with Home("a").locked(), pytest.raises(NotReady, match="Another process"), Home("a").locked(timeout_s=0.05):
        pass
