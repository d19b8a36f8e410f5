"""The editor writes what is typed into the lab's file, applies it, and brings what was refused to its line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.errors import ConfigRejected, HostError
from labkit.panel.editor import EditorPanel, colored
from tests.unit.panel.fakes import FakeLab

NAME = "pjsip.d/trunk-provider.conf"
TEXT = "[provider]\ntype = endpoint\ncontext = from-provider\n"


class FakeFiles(dict[str, str]):
    def __missing__(self, name: str) -> str:
        raise HostError(f"The lab has no configuration file {name!r}")

    def changed(self) -> list[str]:
        return [NAME]

    def diff(self) -> str:
        return "--- healthy/a\n+++ now/a\n@@ -1 +1 @@\n-old <b>\n+new\n"


class EditedLab(FakeLab):
    def __init__(self, folder: Path, refused: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self.config = FakeFiles({"pjsip.conf": "#include pjsip.d/*.conf\n", NAME: TEXT})
        self.refused = refused
        self.history = SimpleNamespace(broken=SimpleNamespace(files={**self.config, NAME: "[provider]\n"}))

    def apply(self) -> Any:
        self.asked.append("lab.apply()")
        if self.refused:
            raise ConfigRejected("Asterisk refused this", errors=self.refused)
        return SimpleNamespace(number=3, way="reload")


@pytest.fixture
def lab(tmp_path: Path) -> EditedLab:
    return EditedLab(tmp_path)


@pytest.fixture
def panel(lab: EditedLab) -> EditorPanel:
    made = EditorPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    made.editor.look(lab)  # type: ignore[arg-type]
    return made


def test_it_opens_the_real_file_and_says_which_differ(panel: EditorPanel) -> None:
    assert (panel.editor.paper.file, panel.editor.paper.text) == (NAME, TEXT)
    assert panel.editor.paper.files == [("pjsip.conf", ""), (NAME, "differs")]


def test_a_broken_lab_does_not_tell_in_which_file_the_fault_is(panel: EditorPanel, lab: EditedLab) -> None:
    lab.home.state = SimpleNamespace(broken=True)
    lab.history.broken.files = dict(lab.config)
    panel.editor.look(lab)  # type: ignore[arg-type]
    assert panel.editor.paper.files == [("pjsip.conf", ""), (NAME, "")]
    lab.config[NAME] += "; mine"
    panel.editor.look(lab)  # type: ignore[arg-type]
    assert panel.editor.paper.files[1] == (NAME, "differs")


def test_what_is_typed_is_in_the_lab_and_another_file_can_be_picked(panel: EditorPanel, lab: EditedLab) -> None:
    panel.editor.hear({"do": "type", "file": NAME, "text": TEXT + "allow = alaw\n"})
    assert lab.config[NAME].endswith("allow = alaw\n")
    panel.editor.hear({"do": "pick", "file": "pjsip.conf"})
    assert (panel.editor.paper.file, panel.editor.paper.text) == ("pjsip.conf", "#include pjsip.d/*.conf\n")


def test_what_somebody_else_changed_is_shown(panel: EditorPanel, lab: EditedLab) -> None:
    lab.config[NAME] = "[other]\n"
    panel.editor.look(lab)  # type: ignore[arg-type]
    assert panel.editor.paper.text == "[other]\n"


def test_a_file_that_is_gone_is_told(panel: EditorPanel) -> None:
    panel.editor.hear({"do": "pick", "file": "gone.conf"})
    assert panel.frame.alarm
    assert "no configuration file 'gone.conf'" in panel.frame.said


def test_apply_by_button_and_by_key_are_the_same(panel: EditorPanel, lab: EditedLab) -> None:
    panel.editor.apply.click()
    panel.settle()
    panel.editor.hear({"do": "apply"})
    panel.settle()
    assert lab.asked == ["lab.apply()", "lab.apply()"]
    assert panel.frame.said == "Version 3: reload, Asterisk refused nothing."


def test_what_asterisk_refused_stands_at_its_line_until_the_next_apply(panel: EditorPanel, lab: EditedLab) -> None:
    lab.refused = (f"Could not find option named 'contxt' in {NAME}, line 3",)
    panel.editor.apply.click()
    panel.settle()
    assert panel.frame.alarm
    assert [(mark["file"], mark["line"]) for mark in panel.editor.paper.marks] == [(NAME, 3)]
    lab.refused = ()
    panel.editor.apply.click()
    panel.settle()
    assert panel.editor.paper.marks == []


def test_help_follows_the_line(panel: EditorPanel) -> None:
    panel.editor.hear({"do": "at", "file": NAME, "line": 3})
    assert panel.editor.paper.help.startswith("endpoint.context: ")
    panel.editor.hear({"do": "at", "file": NAME, "line": 99})
    assert panel.editor.paper.help.startswith("endpoint.context: ")


def test_differences_have_signs_beside_colours_and_no_markup_of_the_files(panel: EditorPanel) -> None:
    panel.editor.healthy.click()
    panel.settle()
    assert '<span class="labkit-bad">-old &lt;b&gt;</span>' in panel.editor.shown.value
    assert panel.frame.said == "1 file differs from the healthy lab."
    panel.editor.broken.click()
    panel.settle()
    assert "+type = endpoint" in panel.editor.shown.value
    assert panel.frame.twin == "difference(lab.history.broken.files, lab.config, 'broken', 'now')"
    assert colored("") == ""
