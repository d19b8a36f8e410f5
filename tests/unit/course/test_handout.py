"""A handout brings what is new and never touches what a learner wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labkit import cli
from labkit.course import syllabus
from labkit.course.handout import MANIFEST, hand_out
from labkit.errors import HostError

Publish = Callable[[str], None]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Makes a version of a course of two lessons, as an installed package holds it."""
    monkeypatch.setattr(syllabus, "_SOURCE", tmp_path / "site-packages/labkit")
    home = tmp_path / "site-packages/labkit/_notebooks"
    home.mkdir(parents=True)

    def version(text: str) -> None:
        syllabus.lessons.cache_clear()
        solution = new_code_cell("lab.verify()", metadata={"tags": ["solution"]})
        notebook = new_notebook(cells=[new_markdown_cell(f"# Who?\n\n{text}"), new_code_cell("lab"), solution])
        nbformat.write(notebook, home / "00-start.ipynb")
        (home / "05-who.ipynb").write_text((home / "00-start.ipynb").read_text().replace("Who?", "Whose?"))

    version("first")
    return version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mine/lessons"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {MANIFEST}


def write(path: Path, text: str) -> bytes:
    """What a learner does to a file."""
    path.write_text(path.read_text().replace('"lab"', json.dumps(text)))
    return path.read_bytes()


def test_the_first_time_every_lesson_is_new(publish: Publish, folder: Path) -> None:
    done = hand_out(folder)
    assert done.added == ("00-start.ipynb", "05-who.ipynb")
    assert (syllabus.home() / "05-who.ipynb").read_bytes() == (folder / "05-who.ipynb").read_bytes()
    assert names(folder) == {"00-start.ipynb", "05-who.ipynb"}


def test_what_nobody_changed_is_brought_up_to_date(publish: Publish, folder: Path) -> None:
    hand_out(folder)
    assert hand_out(folder).same == ("00-start.ipynb", "05-who.ipynb")
    publish("second")
    assert hand_out(folder).renewed == ("00-start.ipynb", "05-who.ipynb")
    assert "second" in (folder / "05-who.ipynb").read_text()
    assert names(folder) == {"00-start.ipynb", "05-who.ipynb"}


def test_what_the_learner_changed_is_kept_and_the_new_version_lies_beside(publish: Publish, folder: Path) -> None:
    hand_out(folder)
    mine = write(folder / "05-who.ipynb", "mine")
    assert hand_out(folder).kept == {"05-who.ipynb": ""}
    publish("second")
    done = hand_out(folder)
    assert done.kept == {"05-who.ipynb": "05-who.new.ipynb"}
    assert "05-who.ipynb is yours and kept as it is; the new version is 05-who.new.ipynb" in str(done)
    assert (folder / "05-who.ipynb").read_bytes() == mine
    assert "second" in (folder / "05-who.new.ipynb").read_text()
    assert hand_out(folder).kept == {"05-who.ipynb": "05-who.new.ipynb"}
    publish("third")
    assert hand_out(folder).kept == {"05-who.ipynb": "05-who.new.ipynb"}
    assert "third" in (folder / "05-who.new.ipynb").read_text()
    assert (folder / "05-who.ipynb").read_bytes() == mine


def test_a_new_version_in_which_the_learner_went_on_is_kept_too(publish: Publish, folder: Path) -> None:
    hand_out(folder)
    mine = write(folder / "05-who.ipynb", "mine")
    publish("second")
    hand_out(folder)
    also_mine = write(folder / "05-who.new.ipynb", "mine again")
    assert hand_out(folder).kept == {"05-who.ipynb": "05-who.new.ipynb"}
    publish("third")
    assert hand_out(folder).kept == {"05-who.ipynb": "05-who.new-2.ipynb"}
    assert (folder / "05-who.ipynb").read_bytes() == mine
    assert (folder / "05-who.new.ipynb").read_bytes() == also_mine
    assert "third" in (folder / "05-who.new-2.ipynb").read_text()


def test_a_lesson_that_the_learner_removed_comes_again(publish: Publish, folder: Path) -> None:
    hand_out(folder)
    (folder / "05-who.ipynb").unlink()
    assert hand_out(folder).added == ("05-who.ipynb",)


@pytest.mark.parametrize("manifest", [None, b"{cut", b"[]"], ids=["none", "cut", "of another kind"])
def test_files_that_nobody_knows_of_are_the_learners(publish: Publish, folder: Path, manifest: bytes | None) -> None:
    folder.mkdir(parents=True)
    (folder / "05-who.ipynb").write_text("mine")
    (folder / "diary.txt").write_text("mine")
    if manifest is not None:
        (folder / MANIFEST).write_bytes(manifest)
    assert hand_out(folder).kept == {"05-who.ipynb": "05-who.new.ipynb"}
    assert (folder / "05-who.ipynb").read_text() == (folder / "diary.txt").read_text() == "mine"


def test_without_solutions_all_other_cells_are_there(publish: Publish, folder: Path) -> None:
    hand_out(folder, solutions=False)
    cells = nbformat.read(folder / "05-who.ipynb", as_version=4).cells
    assert [cell.source for cell in cells] == ["# Whose?\n\nfirst", "lab"]
    assert hand_out(folder, solutions=False).same == ("00-start.ipynb", "05-who.ipynb")
    assert hand_out(folder).renewed == ("00-start.ipynb", "05-who.ipynb")


def test_the_lessons_themselves_are_not_handed_out_onto_themselves(publish: Publish) -> None:
    with pytest.raises(HostError, match="where the lessons themselves lie"):
        hand_out(syllabus.home())


def test_a_place_that_cannot_be_written_is_named(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError, match=r"file/lessons cannot be written: Not a directory"):
        hand_out(tmp_path / "file/lessons")


def test_the_command_says_what_it_did(publish: Publish, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["notebooks", str(folder), "--without-solutions"]) == 0
    assert f"{folder}: 2 new, 0 brought up to date, 0 as they were.\n" == capsys.readouterr().out


def test_the_real_lessons_are_found(folder: Path) -> None:
    syllabus.lessons.cache_clear()
    assert "00-start-here.ipynb" in hand_out(folder, solutions=False).added
    assert all("solution" not in cell.metadata.get("tags", ()) for path in folder.glob("*.ipynb")
               for cell in nbformat.read(path, as_version=4).cells)  # fmt: skip
