"""Put what the project needs into .venv, or do nothing where it is there already.

    python3 tools/bootstrap.py          what `make lab` needs
    python3 tools/bootstrap.py --test   what `make test` needs as well

Standard library only: it runs on a bare Debian 12, whose python3 has neither pip nor ensurepip.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "holds"
CONSTRAINTS = ROOT / "constraints.txt"
PIP_PACKAGE = "python3-pip-whl"
PACKAGE = re.compile(
    r"(?:Downloading|Using cached) (?P<name>[^-\s]+)-\S+\.(?:whl|gz) \((?P<size>[\d.]+) (?P<unit>[kM]?B)\)"
)
MEGABYTES = {"B": 1e-6, "kB": 1e-3, "MB": 1.0}

sys.path.insert(0, str(ROOT))


def main() -> None:
    """Set up what is missing; the rootfs of the lab is fetched while pip works."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older python3 is what this line is for
        sys.exit(f"The lab needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    extra = "[test]" if "--test" in sys.argv else ""
    if holds(extra):
        return
    rootfs = prefetch_rootfs()
    if not PYTHON.exists():
        make_venv()
    install(extra)
    STAMP.write_text(f"{fingerprint()} {extra}\n")
    rootfs.wait()


def fingerprint() -> str:
    """A digest of everything that decides what .venv must hold, its own place included."""
    files = (ROOT / "pyproject.toml", CONSTRAINTS, ROOT / "tools/jupyterlab-overrides.json")
    parts = [*(file.read_bytes() for file in files), sys.version.encode(), bytes(VENV)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def holds(extra: str) -> bool:
    """Whether .venv is up to date; one with the tests' packages serves both."""
    if not STAMP.exists():
        return False
    stamped, _, has = STAMP.read_text().strip().partition(" ")
    return stamped == fingerprint() and (not extra or extra == has)


def prefetch_rootfs() -> subprocess.Popen[bytes]:
    """Fetch the lab's programs meanwhile; `labkit up` fetches again, and explains, what fails here."""
    fetch = [sys.executable, "-c", "from labkit.runtime import rootfs; rootfs.ensure()"]
    return subprocess.Popen(fetch, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_venv() -> None:
    """Make .venv with pip in it, also where the system's Python came without."""
    say(f"Python environment in {VENV}")
    has_pip = importlib.util.find_spec("ensurepip") is not None
    venv.create(VENV, clear=True, symlinks=True, with_pip=has_pip)
    if not has_pip:
        with tempfile.TemporaryDirectory() as folder:
            wheel = debian_pip(Path(folder))
            run([str(PYTHON), str(wheel / "pip"), "install", "--quiet", "--no-index", str(wheel)])


def install(extra: str) -> None:
    """Install the project (in place) and its pinned packages; Python compiles what it needs when it first needs it."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-compile", "--prefer-binary", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "--editable", f"{ROOT}{extra}"]
    environment = os.environ | {"PIP_CONSTRAINT": str(CONSTRAINTS)}
    with subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
        output = list(show_progress(pip.stdout or iter(())))
    if pip.returncode:
        sys.exit("".join(output[-20:]) + "pip could not install the packages; its last words are above.")


def show_progress(lines: Iterator[str]) -> Iterator[str]:
    """Pass pip's lines on and show what they say of packages and megabytes."""
    count, size_mb = 0, 0.0
    for line in lines:
        if found := PACKAGE.search(line):
            count, size_mb = count + 1, size_mb + float(found["size"]) * MEGABYTES[found["unit"]]
            say(f"Python packages: {count}, {size_mb:.0f} MB, {found['name']}", passing=True)
        elif line.startswith("Installing collected"):
            say(f"Python packages: {count}, {size_mb:.0f} MB, installing")
        yield line


def say(text: str, passing: bool = False) -> None:
    """Print one line of progress; a passing one only in a terminal, where the next overwrites it."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="" if passing else "\n", flush=True)
    elif not passing:
        print(text, flush=True)


def run(command: list[str]) -> None:
    """Run a command, or end with what it printed."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{done.stdout}{' '.join(command)} failed.")


def debian_pip(folder: Path) -> Path:
    """Debian keeps pip as a wheel in a package of its own; fetch that, signature checked, and give the wheel."""
    from labkit.errors import LabError
    from labkit.progress import step
    from labkit.runtime.apt import PrivateApt

    apt = PrivateApt(folder, platform.freedesktop_os_release().get("VERSION_CODENAME", "bookworm"))
    try:
        apt.update()
        packages = [package for package in apt.resolve([PIP_PACKAGE]) if package.name == PIP_PACKAGE]
        with step("Downloading pip", sum(package.size_bytes for package in packages)) as downloading:
            apt.download(packages, downloading)
    except LabError as why:
        sys.exit(f"{why}\nThis Python has no pip. Where you may install packages: apt install python3-venv")
    run(["dpkg-deb", "--extract", str(apt.archives / packages[0].file_name), str(folder / "unpacked")])
    return next(folder.glob("unpacked/usr/share/python-wheels/pip-*.whl"))


if __name__ == "__main__":
    main()
