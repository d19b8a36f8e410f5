"""What can go wrong with containers, each made to happen: one clear message, and the next `up` mends it."""

import os
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.errors import HostError, LabError, RuntimeUnavailable
from labkit.lab.lab import Lab
from labkit.runtime import choice, image
from labkit.runtime import engine as docker
from labkit.runtime.compose import Compose
from tests.engine import engine
from tests.lab.conftest import HERE

if "compose" not in HERE:
    __test__ = False
    pytest.skip("no engine here, and this is not CI", allow_module_level=True)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The healthy lab in containers."""
    with Lab("mishaps", "compose") as made:
        yield made.up(fresh=True)
        made.down()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name."""
    with tempfile.TemporaryDirectory(prefix="lk-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def private(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """An engine of the test's own, with the lab's image."""
    stick = tmp_path / "image.tar"
    image.ensure()
    docker.save_image(image.NAME, stick)
    with engine(folder) as process:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/socket")
        docker.load_image(stick)
        yield folder, process


def in_the_way(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `docker` first on PATH."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_container_that_was_killed_is_said_and_the_next_up_mends_it(lab: Lab) -> None:
    assert isinstance(lab.runtime, Compose)
    docker.docker("kill", ["kill", f"{lab.runtime.project}-phone-1002-1"])
    with pytest.raises(HostError, match=r"container of the lab is gone.*\n.*labkit up"):
        lab.runtime.run("phone-1002", ["asterisk", "-V"])
    assert not lab.ready
    lab.up()
    assert lab.call("phone-1002", "+15550100", hold_s=0.2).answered


def test_a_missing_image_is_made(lab: Lab) -> None:
    lab.down()
    docker.docker("remove the image", ["image", "rm", "--force", image.NAME])
    lab.up()
    assert lab.call("phone-1001", "+15550100", hold_s=0.2).answered


def test_an_engine_that_does_not_run_is_said(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert not lab.ready
    for deed in (lab.runtime.up, lab.runtime.down, lambda: lab.runtime.run("pbx", ["asterisk", "-V"])):
        with pytest.raises(RuntimeUnavailable, match=r"engine does not answer.*\nStart it"):
            deed()
    assert "compose" != choice.choose().name
    monkeypatch.undo()
    assert lab.ready


def test_an_engine_that_stops_in_the_middle_is_said_and_the_next_up_mends_it(
    private: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    folder, process = private
    with Lab("middle", "compose") as lab:
        stopper = threading.Thread(target=stop_at_first_container, args=[process])
        stopper.start()
        with pytest.raises(LabError, match=r"engine does not answer.*\nStart it"):
            lab.up()
        stopper.join()
    with engine(folder), Lab("middle", "compose") as lab:
        lab.up()
        assert lab.call("phone-1001", "+15550110", hold_s=0.2).answered
        lab.down()


def stop_at_first_container(process: subprocess.Popen[bytes]) -> None:
    """Stop the engine once it runs a container."""
    for _ in range(2000):
        if docker.docker("look", ["ps", "--quiet"]):
            break
        time.sleep(0.01)
    process.terminate()
    process.wait()


def test_a_full_disk_of_the_engine_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine(folder, disk="60m"):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/socket")
        with pytest.raises(LabError, match=r"Docker's disk is full.*\n.*docker system prune"):
            Compose(tmp_path).up()


@pytest.mark.parametrize(
    ("compose", "said"),
    [
        ('echo "2.10.2"', r"Docker Compose 2\.10\.2 is too old: the lab needs 2\.17, package docker-compose-plugin"),
        ("""echo "docker: 'compose' is not a docker command." >&2; exit 1""", r"Docker has no Compose v2 here"),
    ],
    ids=["old", "none"],
)
def test_an_old_compose_or_none_is_said(
    compose: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way(
        tmp_path, f'[ "$1" != compose ] || {{ {compose}; exit; }}\nexec {shutil.which("docker")} "$@"', monkeypatch
    )
    with pytest.raises(RuntimeUnavailable, match=said), Lab("old", "compose") as lab:
        lab.up()
    assert "compose" != choice.choose().name
