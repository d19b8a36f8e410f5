"""The lab's own small Linux: Asterisk 22 and its tools, unpacked once into the user's cache and shared by all labs."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import struct
import subprocess
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from labkit.errors import RuntimeUnavailable
from labkit.progress import Step, step
from labkit.runtime.apt import Package, PrivateApt
from labkit.runtime.topology import lab_env

_RECIPE_VERSION = 3
_ROOM_BYTES = 500 << 20
_UNUSED = ("doc", "man", "locale", "lintian", "bash-completion", "info", "icons", "applications", "bug", "mime")
_MERGED = ("bin", "sbin", "lib", "lib64")
_MOUNT_POINTS = ("proc", "sys", "dev", "run", "tmp", "root", "lab", "var/tmp", "etc/iproute2")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/nsswitch.conf": "hosts: files\n",
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
}
_OS_RELEASE = """PRETTY_NAME="Debian GNU/Linux {suite}"
NAME="Debian GNU/Linux"
VERSION_CODENAME={suite}
ID=debian
"""
_TSHARK = """#!/bin/sh
root=$(cd "$(dirname "$0")/../../.." && pwd)
export WIRESHARK_DATA_DIR="$root/usr/share/wireshark"
exec {words} "$@"
"""


@dataclass(frozen=True, slots=True)
class Rootfs:
    """An unpacked rootfs and what it holds."""

    path: Path
    """Its folder on this machine."""
    versions: dict[str, str]
    """Debian version of each package in it."""

    @property
    def asterisk_version(self) -> str:
        """Asterisk's own version, such as 22.10.1."""
        return self.versions["asterisk"].split(":")[-1].split("+")[0].split("~")[0]

    @property
    def modules(self) -> str:
        """Folder of Asterisk's modules, from the rootfs on."""
        return f"/{next(self.path.glob('usr/lib/*/asterisk/modules')).relative_to(self.path)}"

    def command(self, program: str) -> list[str]:
        """Words that run a program of the rootfs on this machine, outside of any lab, by the rootfs's own loader."""
        return [word.replace("$root", str(self.path)) for word in _loaded(self.path, program)]

    def tshark(self) -> Path:
        """A script that runs the rootfs's tshark on this machine."""
        return self.path / "usr/local/bin/tshark"


def offer_tshark() -> None:
    """Name the cache's tshark in LABKIT_TSHARK, where nothing is named there and this machine has none."""
    if "LABKIT_TSHARK" not in os.environ and shutil.which("tshark") is None and (found := find()):
        os.environ["LABKIT_TSHARK"] = str(found.tshark())


def cache_folder() -> Path:
    """Where rootfs and downloads are kept: LABKIT_CACHE, else labkit in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("LABKIT_CACHE") or Path(base) / "labkit")


def find() -> Rootfs | None:
    """The rootfs of today's recipe, when the cache has it."""
    path = cache_folder() / f"rootfs-{_key()}"
    manifest = path / "etc/labkit.json"
    return Rootfs(path, json.loads(manifest.read_text())) if manifest.exists() else None


def ensure() -> Rootfs:
    """Give the rootfs; fetch and unpack it first where the cache does not have it."""
    if found := find():
        return found
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / "lock"):
            return find() or _make(folder)
    except OSError as why:
        raise _no_room(folder, why) from why


def clear() -> int:
    """Remove every rootfs and download from the cache; gives the bytes that this made free."""
    folder = cache_folder()
    freed = sum(size for _, size in contents())
    for entry in (path for kind in ("rootfs", "partial", "apt") for path in folder.glob(f"{kind}-*")):
        shutil.rmtree(entry)
    return freed


def contents() -> list[tuple[str, int]]:
    """What the cache holds: names with sizes in bytes."""
    entries = sorted(path for path in cache_folder().glob("*") if path.is_dir())
    return [(entry.name, _folder_size(entry)) for entry in entries]


def _recipe() -> dict[str, Any]:
    return tomllib.loads((lab_env() / "image/packages.toml").read_text())


def recipe_id() -> str:
    """A short name of today's recipe, the same on every machine."""
    return hashlib.sha256(json.dumps([_recipe(), _RECIPE_VERSION], sort_keys=True).encode()).hexdigest()[:12]


def _key() -> str:
    text = json.dumps([_recipe(), os.uname().machine, _RECIPE_VERSION], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _make(folder: Path) -> Rootfs:
    if shutil.disk_usage(folder).free < _ROOM_BYTES:
        raise OSError(errno.ENOSPC, f"{_ROOM_BYTES >> 20} MB are needed")
    recipe = _recipe()
    apt = PrivateApt(folder / f"apt-{recipe['suite']}", recipe["suite"])
    with step(f"Asking Debian {recipe['suite']} for Asterisk 22"):
        apt.update()
        packages = [p for p in apt.resolve(recipe["packages"]) if not p.name.startswith(tuple(recipe["leave_out"]))]
    _check_version(packages)
    total = sum(package.size_bytes for package in packages)
    with step("Downloading Asterisk 22 and its tools", total) as downloading:
        apt.download(packages, downloading)
    partial = folder / f"partial-{_key()}"
    with step("Unpacking", total) as unpacking:
        _unpack(apt.archives, packages, partial, unpacking)
    _finish(partial, {package.name: package.version for package in packages})
    _tell_scanners(partial, recipe["suite"], [apt.archives / package.file_name for package in packages])
    ready = folder / f"rootfs-{_key()}"
    partial.rename(ready)
    shutil.rmtree(apt.folder, ignore_errors=True)
    return Rootfs(ready, json.loads((ready / "etc/labkit.json").read_text()))


def _check_version(packages: list[Package]) -> None:
    version = next(package.version for package in packages if package.name == "asterisk").split(":")[-1]
    if not version.startswith("22."):
        raise RuntimeUnavailable(f"This lab teaches Asterisk 22, but the mirror has {version}. Please report it.")


def _unpack(archives: Path, packages: list[Package], target: Path, progress: Step) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for name in _MERGED:
        (target / "usr" / name).mkdir(parents=True, exist_ok=True)
        (target / name).symlink_to(f"usr/{name}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for package in pool.map(lambda package: _unpack_one(archives / package.file_name, target, package), packages):
            progress.advance(package.size_bytes)


def _unpack_one(archive: Path, target: Path, package: Package) -> Package:
    leave_out = [f"--exclude=./usr/share/{name}" for name in _UNUSED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as stream:
        tar = ["tar", "-x", "-C", str(target), "--keep-directory-symlink", "--no-same-owner", *leave_out]
        done = subprocess.run(tar, stdin=stream.stdout, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = errno.ENOSPC if "No space" in done.stderr else errno.EIO
        raise OSError(reason, f"{package.file_name}: {done.stderr.strip().splitlines()[0]}")
    return package


def _finish(target: Path, versions: dict[str, str]) -> None:
    for name in _MOUNT_POINTS:
        (target / name).mkdir(parents=True, exist_ok=True)
    for name, text in _FILES.items():
        (target / name).write_text(text)
    sounds = target / "usr/share/asterisk/sounds"
    (sounds / "en").symlink_to(next(sounds.glob("en_*")).name)
    wrapper = target / "usr/local/bin/tshark"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(_TSHARK.format(words=" ".join(f'"{word}"' for word in _loaded(target, "usr/bin/tshark"))))
    wrapper.chmod(0o755)
    (target / "etc/labkit.json").write_text(json.dumps(versions, indent=1, sort_keys=True))


def _tell_scanners(target: Path, suite: str, archives: list[Path]) -> None:
    """Write down what a scanner of images reads: os-release(5), and the packages as dpkg does."""
    (target / "etc/os-release").write_text(_OS_RELEASE.format(suite=suite))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        entries = pool.map(_status, archives)
        (target / "var/lib/dpkg").mkdir(parents=True)
        (target / "var/lib/dpkg/status").write_text("\n".join(entries))


def _status(archive: Path) -> str:
    """A package's entry in dpkg's status file."""
    control = subprocess.run(["dpkg-deb", "--field", archive], capture_output=True, text=True, check=True).stdout
    return f"Status: install ok installed\n{control}"


def _loaded(root: Path, program: str) -> list[str]:
    """Words that load a program of the rootfs, with `$root` where the rootfs lies."""
    folders = sorted(folder.relative_to(root) for folder in (root / "usr/lib").glob("*-linux-gnu*"))
    libraries = ":".join(f"$root/{folder}:$root/{folder}/asterisk" for folder in folders)
    return [f"$root{_interpreter(root / program)}", "--library-path", libraries, f"$root/{program}"]


def _interpreter(program: Path) -> str:
    """The loader that an ELF program asks for (ELF-64 program header PT_INTERP)."""
    data = program.read_bytes()
    start, size, count = struct.unpack_from("<Q14xHH", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    for offset in range(start, start + size * count, size):
        kind, _, where, _, _, length = struct.unpack_from("<IIQQQQ", data, offset)
        if kind == 3:
            return data[where : where + length].rstrip(b"\0").decode()
    raise RuntimeUnavailable(f"{program} is not a dynamic program.")


def _no_room(folder: Path, why: OSError) -> RuntimeUnavailable:
    if why.errno != errno.ENOSPC:
        return RuntimeUnavailable(
            f"The cache {folder} cannot be filled: {why.strerror or why}. Set LABKIT_CACHE elsewhere."
        )
    free = shutil.disk_usage(folder).free >> 20
    return RuntimeUnavailable(
        f"The disk of {folder} is full ({free} MB free; {why.strerror}). Make room or set LABKIT_CACHE to another disk."
    )


def _folder_size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file, step("Waiting for another lab to fill the cache"):
        while not _lock(file):
            time.sleep(0.1)
        yield


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
