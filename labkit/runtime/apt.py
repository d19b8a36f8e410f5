"""A private apt: fetches Debian packages as an ordinary user, by the host's own apt settings, into folders of ours.

Nothing of the host's package state is read or changed; apt itself checks the archive's signature and every hash
(apt-secure(8), apt.conf(5)).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from labkit.errors import RuntimeUnavailable
from labkit.progress import Step

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's archive keys, from the package debian-archive-keyring."""

MIRROR_VARIABLE = "LABKIT_DEBIAN_MIRROR"
"""Environment variable that names a Debian mirror for hosts whose apt has none."""

_CODENAMES = re.compile("bullseye|bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable")
_OWN_SETTINGS = re.compile(r"^Acquire::(?!IndexTargets|Changelogs|CompressionTypes|Languages|cdrom)")

_SETTINGS = """
Dir "{folder}";
Dir::Cache "{folder}/cache";
Dir::Etc "{folder}/etc";
Dir::Etc::main "/dev/null";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
Dir::Etc::parts "{folder}/etc/parts";
Dir::Etc::preferencesparts "{folder}/etc/parts";
Dir::Etc::sourcelist "{folder}/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::Log "{folder}";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "2";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One package file as the signed index describes it."""

    uri: str
    file_name: str
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The package's name without version and architecture."""
        return self.file_name.split("_", 1)[0]

    @property
    def version(self) -> str:
        """The package's version, its epoch decoded."""
        return unquote(self.file_name.split("_")[1])

    def is_whole(self, folder: Path) -> bool:
        """Whether the folder holds this file with the size and SHA-256 of the index."""
        path = folder / self.file_name
        if not path.is_file() or path.stat().st_size != self.size_bytes:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


class PrivateApt:
    """apt-get with state, cache and sources of its own below one folder."""

    def __init__(self, folder: Path, suite: str, mirror: str | None = None) -> None:
        """Speak of packages of `suite` on `mirror` (by default the first Debian mirror that the host's apt knows)."""
        self.folder = folder
        self.suite = suite
        self.archives = folder / "archives"
        self._mirror = mirror
        self._environment: dict[str, str] = {}

    def update(self) -> None:
        """Fetch the suite's signed index; RuntimeUnavailable where there is no apt, key, mirror or network."""
        self._write_settings(self._mirror or host_mirror())
        self._get("update", "--error-on=any")

    def resolve(self, names: Iterable[str]) -> list[Package]:
        """Give the packages and all that they depend on."""
        found = re.findall(r"^'([^']+)' (\S+) (\d+) SHA256:(\w+)", self._get("--print-uris", "install", *names), re.M)
        if not found:
            raise RuntimeUnavailable(f"apt found no packages for {' '.join(names)} in Debian {self.suite}.")
        return [Package(uri, file_name, int(size), sha256) for uri, file_name, size, sha256 in found]

    def download(self, packages: Iterable[Package], step: Step) -> None:
        """Fetch the files that the archive folder does not hold whole; what was fetched before a break is kept."""
        missing = [package for package in packages if not package.is_whole(self.archives)]
        for package in missing:
            (self.archives / package.file_name).unlink(missing_ok=True)
        if missing:
            self._download(missing, step)
        broken = [package.file_name for package in missing if not package.is_whole(self.archives)]
        if broken:
            raise RuntimeUnavailable(f"The download of {broken[0]} is broken. Run the same command again to go on.")

    def _download(self, missing: list[Package], step: Step) -> None:
        already = step.done_bytes
        command = ["apt-get", "-qq", "download", *(package.name for package in missing)]
        with subprocess.Popen(
            command,
            env=self._environment,
            cwd=self.archives,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as apt:
            while True:
                try:
                    said, _ = apt.communicate(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    step.reach(already + sum(_size(self.archives / package.file_name) for package in missing))
        if apt.returncode:
            raise _refused("download packages", said)

    def _get(self, *words: str) -> str:
        command = ["apt-get", "-q", *words]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise _refused(f"{words[0]} Debian {self.suite}", done.stderr)
        return done.stdout

    def _write_settings(self, mirror: str) -> None:
        if not KEYRING.exists():
            raise RuntimeUnavailable(
                f"{KEYRING} is missing: install the package debian-archive-keyring, or use Docker."
            )
        for name in ("etc/parts", "lists/partial", "cache/archives/partial", "archives"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {self.suite} main\n")
        (self.folder / "apt.conf").write_text("\n".join([*host_settings(), _SETTINGS.format(folder=self.folder)]))
        self._environment = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C.UTF-8"}


def host_settings() -> list[str]:
    """The host's own `Acquire` settings (proxy, timeouts, date checks) as lines of apt.conf."""
    return [line for line in _run("apt-config", "dump").splitlines() if _OWN_SETTINGS.match(line)]


def host_mirror() -> str:
    """The Debian mirror to use: LABKIT_DEBIAN_MIRROR, else the first one in the host's apt sources."""
    if named := os.environ.get(MIRROR_VARIABLE):
        return named
    listed = _run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)").splitlines()
    for uri, release, component in (line.split() for line in listed if line.count(" ") == 2):
        if _CODENAMES.fullmatch(release) and component == "main":
            return uri
    raise RuntimeUnavailable(
        f"This host's apt knows no Debian mirror. Name one in the environment variable {MIRROR_VARIABLE},\n"
        "or use Docker: labkit up --runtime compose."
    )


def _run(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise RuntimeUnavailable(
            f"{command[0]} is not on this host, and the lab's programs come by apt. Use Docker instead."
        )
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _refused(doing: str, said: str) -> RuntimeUnavailable:
    lines = [line for line in said.splitlines() if line.startswith("E:")] or said.splitlines() or ["it said nothing"]
    return RuntimeUnavailable(
        f"apt could not {doing}: {lines[0].removeprefix('E:').strip()}\n"
        f"Look at the network and at the host's apt settings, or name a mirror in {MIRROR_VARIABLE}; then run it again."
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
