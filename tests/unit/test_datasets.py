"""Datasets are used only as they were recorded; what is wrong with one is said with what to do."""

import json
from pathlib import Path

import pytest

from labkit import datasets
from labkit.datasets import Dataset
from labkit.errors import DatasetError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one dataset."""
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path))
    (tmp_path / "call/more").mkdir(parents=True)
    (tmp_path / "call/run.json").write_text("{}")
    (tmp_path / "call/more/inside.pcap").write_bytes(b"\x00\x01")
    datasets.register("call", Dataset("labkit record call", 7, {"asterisk": "22.10.1"}))
    return tmp_path


def test_the_registry_says_how_a_dataset_was_made_and_what_it_holds(home: Path) -> None:
    known = datasets.registry()["call"]
    assert ("labkit record call", 7, {"asterisk": "22.10.1"}) == (known.command, known.seed, known.versions)
    assert ["more/inside.pcap", "run.json"] == sorted(known.files)
    assert home / "call" == datasets.fetch("call")


def test_a_dataset_that_was_altered_is_refused_by_its_file(home: Path) -> None:
    (home / "call/run.json").write_text("{ }")
    with pytest.raises(DatasetError, match=r"call/run\.json has SHA-256 .*\n.*git checkout.*labkit record call"):
        datasets.fetch("call")


def test_a_file_that_is_missing_is_named(home: Path) -> None:
    (home / "call/more/inside.pcap").unlink()
    with pytest.raises(DatasetError, match=r"more/inside\.pcap is missing\.\nGet it again"):
        datasets.fetch("call")


def test_an_unknown_dataset_is_told_from_near_ones(home: Path) -> None:
    with pytest.raises(DatasetError, match=r"Nothing was recorded as 'calls'; there is: call\. Record it"):
        datasets.fetch("calls")


def test_a_registry_that_cannot_be_read_is_said(home: Path) -> None:
    (home / "registry.json").write_text("{,")
    with pytest.raises(DatasetError, match=r"registry\.json cannot be read .*git checkout"):
        datasets.fetch("call")


def test_without_any_registry_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path))
    assert {} == datasets.registry()
    with pytest.raises(DatasetError, match="there is: none at all"):
        datasets.fetch("call")


def test_a_dataset_that_is_too_large_is_not_registered(home: Path) -> None:
    (home / "call/more/inside.pcap").write_bytes(bytes(datasets.MAX_BYTES))
    with pytest.raises(DatasetError, match="call has 300002 bytes, at most 300000 are kept"):
        datasets.register("call", Dataset("labkit record call"))


def test_the_registry_is_sorted_so_that_a_change_shows(home: Path) -> None:
    (home / "a").mkdir()
    datasets.register("a", Dataset("labkit record a"))
    assert ["a", "call"] == list(json.loads((home / "registry.json").read_text()))
