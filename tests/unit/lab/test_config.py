"""Configuration files: real files, nothing outside, nothing lost."""

from pathlib import Path

import pytest

from labkit.errors import HostError
from labkit.lab.config import ConfigFiles


@pytest.fixture
def files(tmp_path: Path) -> ConfigFiles:
    origin = tmp_path / "origin"
    (origin / "pjsip.d").mkdir(parents=True)
    (origin / "pjsip.conf").write_text("#include pjsip.d/*.conf\n")
    (origin / "pjsip.d/trunk.conf").write_text("match = {{provider}}\n")
    made = ConfigFiles(tmp_path / "pbx/etc", origin, {"provider": "192.0.2.1"})
    made.make()
    return made


def test_files_are_made_with_their_values(files: ConfigFiles) -> None:
    assert dict(files) == {"pjsip.conf": "#include pjsip.d/*.conf\n", "pjsip.d/trunk.conf": "match = 192.0.2.1\n"}
    assert files.changed() == []
    assert files.diff() == ""


def test_an_edit_shows_in_the_diff(files: ConfigFiles) -> None:
    files.replace("pjsip.d/trunk.conf", "192.0.2.1", "192.0.2.9")
    assert files.changed() == ["pjsip.d/trunk.conf"]
    assert "-match = 192.0.2.1\n+match = 192.0.2.9\n" in files.diff()


def test_added_and_removed_files_are_changes(files: ConfigFiles) -> None:
    files["pjsip.d/new.conf"] = "x\n"
    del files["pjsip.conf"]
    assert files.changed() == ["pjsip.conf", "pjsip.d/new.conf"]


def test_making_healthy_files_keeps_the_edited_ones(files: ConfigFiles) -> None:
    files["pjsip.conf"] = "mine\n"
    files.make()
    assert files["pjsip.conf"] == "#include pjsip.d/*.conf\n"
    assert [path.read_text() for path in files.folder.parent.glob("kept/*/pjsip.conf")] == ["mine\n"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "pjsip.d/../../x", ""])
def test_names_outside_the_folder_are_refused(files: ConfigFiles, name: str) -> None:
    with pytest.raises(HostError, match="is not a file of the lab's configuration"):
        files[name] = "x"


def test_a_misspelt_file_is_named_with_the_nearest(files: ConfigFiles) -> None:
    with pytest.raises(HostError, match=r"no configuration file 'pjsip.cnf'; did you mean pjsip.conf"):
        files["pjsip.cnf"]


def test_a_text_to_replace_must_stand_there_once(files: ConfigFiles) -> None:
    with pytest.raises(HostError, match="0 times"):
        files.replace("pjsip.conf", "nothing like it", "x")


def test_a_text_that_nearly_stands_there_is_named(files: ConfigFiles) -> None:
    with pytest.raises(HostError, match=r"0 times; did you mean 'match = 192\.0\.2\.1'"):
        files.replace("pjsip.d/trunk.conf", "match=192.0.2.1", "x")


@pytest.mark.parametrize("new", ["match = 192.0.2.9", "match = 192.0.2.1\ntype = identify", "match = 192.0.2.10"])
def test_a_cell_that_replaces_a_text_may_be_run_again(files: ConfigFiles, new: str) -> None:
    for _ in range(2):
        files.replace("pjsip.d/trunk.conf", "match = 192.0.2.1", new)
    assert files["pjsip.d/trunk.conf"] == f"{new}\n"


def test_a_text_may_be_replaced_by_a_part_of_itself(files: ConfigFiles) -> None:
    files.replace("pjsip.d/trunk.conf", "192.0.2.1", "192.0")
    assert files["pjsip.d/trunk.conf"] == "match = 192.0\n"


def test_bytes_that_are_no_text_are_kept_as_they_are(files: ConfigFiles) -> None:
    path = files.folder / "pjsip.conf"
    path.write_bytes(b"; \xe9 \xff\n")
    files["copy.conf"] = files["pjsip.conf"]
    assert (files.folder / "copy.conf").read_bytes() == path.read_bytes()
    assert files.changed() == ["copy.conf", "pjsip.conf"]


def test_laying_files_writes_what_differs_and_removes_what_is_not_among_them(files: ConfigFiles) -> None:
    files["mine.conf"] = "x\n"
    untouched = (files.folder / "pjsip.conf").stat().st_mtime_ns
    files.lay(files.healthy() | {"pjsip.d/trunk.conf": "match = 1\n"})
    assert files.changed() == ["pjsip.d/trunk.conf"]
    assert (files.folder / "pjsip.conf").stat().st_mtime_ns == untouched


def test_what_an_editor_hides_is_no_configuration(files: ConfigFiles) -> None:
    hidden = files.folder / "pjsip.d/.ipynb_checkpoints"
    hidden.mkdir()
    (hidden / "trunk-checkpoint.conf").write_text("x\n")
    assert files.changed() == []
