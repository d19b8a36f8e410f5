"""Docker as a command: the engine, Compose v2, and what their refusals mean."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from labkit.errors import HostError, LabError, RuntimeUnavailable

OLDEST_COMPOSE = (2, 17)
"""The lab's compose.yaml needs this version of Compose."""

_PATIENCE_S = 120.0

_NO_COMPOSE = "Docker has no Compose v2 here: install the package docker-compose-plugin (docker-compose 1 is too old)."

_UNAVAILABLE = (
    (r"not a docker command|unknown (shorthand )?flag|unknown docker command", _NO_COMPOSE),
    (
        "permission denied",
        "You may not talk to Docker's engine: {said}\nAsk an administrator for: usermod -aG docker YOU",
    ),
    (
        r"cannot connect to the docker daemon|is the docker daemon running|connection refused|no such host"
        r"|error during connect|failed to connect to the docker api|eof",
        "Docker's engine does not answer: {said}\nStart it (Docker Desktop, or: sudo systemctl start docker).",
    ),
    (
        r"no space left on device",
        "Docker's disk is full: {said}\nMake room, for instance by: docker system prune",
    ),
    (
        r"pool overlaps|address already in use|no available network|fully subnetted",
        "The lab's networks collide with others on this machine: {said}\nLook at: docker network ls; then labkit up.",
    ),
    (
        r"no such image|pull access denied|unable to find image|manifest unknown|failed to resolve reference",
        "The lab's image is missing: {said}\nMake it: labkit image build, or bring it: labkit image load FILE",
    ),
)
_REFUSAL = re.compile(
    "error response from daemon|cannot connect to the docker daemon|error during connect", re.IGNORECASE
)
_GONE = re.compile(r"no such container|is not running|container .* is restarting|cannot exec in a", re.IGNORECASE)


def explain(doing: str, said: str) -> LabError:
    """What a refusal of Docker means and what to do about it."""
    lines = [line for line in said.strip().splitlines() if line.strip()] or ["it said nothing"]
    last = lines[-1].removeprefix("Error response from daemon: ")
    for pattern, message in _UNAVAILABLE:
        if re.search(pattern, said, re.IGNORECASE):
            return RuntimeUnavailable(message.format(said=last))
    if _GONE.search(said):
        return HostError(f"A container of the lab is gone: {last}\nStart the lab again: labkit up")
    return HostError(f"Docker could not {doing}: {last}")


def is_refusal(said: str) -> bool:
    """Whether these are words of Docker itself and not of a program in a container."""
    return _REFUSAL.match(said) is not None


def docker(doing: str, words: Sequence[str], environment: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Run `docker WORDS` and give what it printed; else a LabError that says what could not be done."""
    command = ["docker", *words]
    try:
        done = subprocess.run(
            command, input=stdin, env={**os.environ, **(environment or {})}, timeout=_PATIENCE_S,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise RuntimeUnavailable("Docker is not installed here: there is no program `docker`.") from None
    except subprocess.TimeoutExpired:
        raise RuntimeUnavailable(f"Docker could not {doing} within {_PATIENCE_S:g} s. Does its engine hang?") from None
    if done.returncode:
        raise explain(doing, done.stderr or done.stdout)
    return done.stdout


def obstacle() -> str | None:
    """Why this machine cannot run containers of Compose; None where it can."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    try:
        docker("ask its engine", ["version", "--format", "{{.Server.Version}}"])
        check_compose()
    except LabError as why:
        return str(why)
    return None


def check_compose() -> None:
    """RuntimeUnavailable where Compose is missing or too old for the lab's file."""
    version = docker("run Compose", ["compose", "version", "--short"]).strip()
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) < OLDEST_COMPOSE:
        wanted = ".".join(map(str, OLDEST_COMPOSE))
        raise RuntimeUnavailable(
            f"Docker Compose {version} is too old: the lab needs {wanted}, package docker-compose-plugin"
        )


def image_label(image: str, label: str) -> str | None:
    """A label of an image, empty where it has none; None where there is no such image."""
    return _image(image, f'{{{{index .Config.Labels "{label}"}}}}')


def image_id(image: str) -> str | None:
    """The identity of an image; None where there is no such image."""
    return _image(image, "{{.Id}}")


def _image(image: str, wanted: str) -> str | None:
    try:
        return docker("look at the image", ["image", "inspect", image, "--format", wanted]).strip()
    except RuntimeUnavailable as why:
        if "image is missing" in str(why):
            return None
        raise


def image_bytes(image: str) -> int:
    """Size of an image."""
    return int(docker("look at the image", ["image", "inspect", image, "--format", "{{.Size}}"]))


def remove_image(image: str) -> None:
    """Remove an image that nobody uses; one that a lab still runs on stays."""
    with suppress(HostError):
        docker("remove an image", ["image", "rm", image])


def import_image(tar: IO[bytes], image: str, changes: Sequence[str]) -> None:
    """Make an image from the tar stream of its files (`docker import`)."""
    words = ["docker", "import", *(f"--change={change}" for change in changes), "-", image]
    done = subprocess.run(words, stdin=tar, capture_output=True, text=True, check=False)
    if done.returncode:
        raise explain("import the image", done.stderr)


def save_image(image: str, path: Path) -> None:
    """Write an image into a file (`docker save`)."""
    docker("save the image", ["save", "--output", str(path), image])


def load_image(path: Path) -> str:
    """Take an image from a file (`docker load`); gives what Docker says of it."""
    return docker("load the image", ["load", "--input", str(path)]).strip()
