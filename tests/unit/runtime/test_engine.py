"""What Docker's refusals become: one clear message each, with what to do."""

import stat
from pathlib import Path

import pytest

from labkit.errors import HostError, LabError, RuntimeUnavailable
from labkit.runtime import engine

STOPPED = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
REFUSALS = [
    (STOPPED, RuntimeUnavailable, r"engine does not answer.*\nStart it"),
    ("error during connect: Get http://x/v1.41/info: EOF", RuntimeUnavailable, "engine does not answer"),
    ("permission denied while trying to connect to the Docker daemon socket", RuntimeUnavailable, "usermod -aG docker"),
    ("Error response from daemon: write /x: no space left on device", RuntimeUnavailable, "disk is full.*\n.*prune"),
    (
        "failed to create network: Error response from daemon: Pool overlaps with other one on this address space",
        RuntimeUnavailable,
        r"collide.*\n.*docker network ls",
    ),
    ("Error response from daemon: No such image: sip-trunk-lab", RuntimeUnavailable, "labkit image build"),
    ("docker: 'compose' is not a docker command.", RuntimeUnavailable, "no Compose v2.*docker-compose-plugin"),
    ("unknown shorthand flag: 'p' in -p", RuntimeUnavailable, "no Compose v2"),
    ("Error response from daemon: No such container: labkit-1-pbx-1", HostError, r"is gone.*\n.*labkit up"),
    ("Error response from daemon: Container 12ab is not running", HostError, r"is gone.*\n.*labkit up"),
    ("Error response from daemon: something new", HostError, "could not start a lab: something new"),
]


def docker_that(says: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program `docker` first on PATH."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(("said", "kind", "message"), REFUSALS)
def test_a_refusal_becomes_a_message_with_a_way_out(said: str, kind: type[LabError], message: str) -> None:
    with pytest.raises(kind, match=message):
        raise engine.explain("start a lab", said)


def test_a_failing_command_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(f"echo '{STOPPED}' >&2; exit 1", tmp_path, monkeypatch)
    with pytest.raises(RuntimeUnavailable, match="engine does not answer"):
        engine.docker("look", ["version"])
    assert "engine does not answer" in str(engine.obstacle())


def test_no_docker_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Docker is not installed" == engine.obstacle()
    with pytest.raises(RuntimeUnavailable, match="not installed"):
        engine.docker("look", ["version"])


@pytest.mark.parametrize(
    ("version", "obstacle"),
    [
        ("2.40.3-3", None),
        ("v2.17.0", None),
        ("5.0.1", None),
        ("2.2.1", "Docker Compose 2.2.1 is too old: the lab needs 2.17, package docker-compose-plugin"),
        ("1.29.2", "Docker Compose 1.29.2 is too old: the lab needs 2.17, package docker-compose-plugin"),
    ],
)
def test_compose_must_be_new_enough(
    version: str, obstacle: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_that(f"echo {version}", tmp_path, monkeypatch)
    assert obstacle == engine.obstacle()


def test_docker_s_own_words_are_told_from_a_program_s() -> None:
    assert engine.is_refusal("Error response from daemon: No such container: x")
    assert engine.is_refusal(STOPPED)
    assert not engine.is_refusal("tcpdump: nosuch: No such device exists")


def test_an_image_is_looked_up_by_its_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that("echo 12ab", tmp_path, monkeypatch)
    assert "12ab" == engine.image_label("sip-trunk-lab", "labkit.recipe")
    docker_that("echo 'Error: No such image: sip-trunk-lab' >&2; exit 1", tmp_path, monkeypatch)
    assert None is engine.image_label("sip-trunk-lab", "labkit.recipe")
