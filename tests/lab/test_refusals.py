"""A machine that cannot hold a lab is told what is missing and what to do: the real refusals of a real kernel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

OWN_SPACE = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"]


def refused(tmp_path: Path, script: str, *words: str) -> str:
    """What labkit says on a machine that a shell script has made worse, in namespaces of its own."""
    environment = {**os.environ, "LABKIT_HOME": str(tmp_path / "labs"), "PYTHONPATH": str(Path.cwd())}
    command = [*OWN_SPACE, "sh", "-c", f'{script}; exec "$@"', "sh", sys.executable, "-m", "labkit", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr


def test_no_namespaces(tmp_path: Path) -> None:
    said = refused(tmp_path, "echo 0 > /proc/sys/user/max_user_namespaces", "up", "--runtime", "namespaces")
    assert "user.max_user_namespaces=0" in said
    assert "sysctl user.max_user_namespaces=10000" in said
    assert "Docker" in said


def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    script = f"mount -t tmpfs -o size=50m none {tmp_path}/cache; export LABKIT_CACHE={tmp_path}/cache"
    said = refused(tmp_path, script, "cache", "fetch")
    assert "50 MB free; 500 MB are needed" in said
    assert "LABKIT_CACHE" in said


def test_no_apt(tmp_path: Path) -> None:
    script = f"export LABKIT_CACHE={tmp_path}/cache PATH={tmp_path}"
    said = refused(tmp_path, script, "cache", "fetch")
    assert "is not on this host" in said
    assert "Docker" in said


def test_a_mirror_that_is_none(tmp_path: Path) -> None:
    script = f"export LABKIT_CACHE={tmp_path}/cache LABKIT_DEBIAN_MIRROR=http://127.0.0.1:9/debian"
    said = refused(tmp_path, script, "cache", "fetch")
    assert "apt could not update Debian forky" in said
    assert "LABKIT_DEBIAN_MIRROR" in said


@pytest.mark.parametrize("words", [["call", "phone-1001", "600"], ["asterisk", "core", "show", "version"]])
def test_a_lab_that_does_not_run(tmp_path: Path, words: list[str]) -> None:
    assert "Start it: labkit up" in refused(tmp_path, "true", *words)
