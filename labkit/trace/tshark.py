"""tshark: where it is, which version, and what it is asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import CaptureError

NEWEST = (4, 6)
"""Version whose definitions the `tshark_*` columns follow where no tshark is installed."""
_PATIENCE_S = 600.0
_ANSWERED: dict[Path | None, tuple[int, int]] = {}
"""Versions that were told already: a program stays the same while this one runs."""
_VERSION = re.compile(rb"TShark \(Wireshark\) (\d+)\.(\d+)")


def find() -> Path | None:
    """The tshark to use: what LABKIT_TSHARK names, else the one on PATH; None if there is none."""
    found = os.environ.get("LABKIT_TSHARK") or shutil.which("tshark")
    return Path(found) if found else None


class Version:
    """The version of the installed tshark, asked for in the background because the answer takes 0.1 s."""

    def __init__(self) -> None:
        """Start asking."""
        self._program = find()
        self._known = _ANSWERED.get(self._program)
        self._process = self._start(self._program) if self._program and not self._known else None

    @staticmethod
    def _start(program: Path) -> subprocess.Popen[bytes] | None:
        try:
            return subprocess.Popen([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except OSError:
            return None

    def __enter__(self) -> Version:
        return self

    def __exit__(self, *exc: object) -> None:
        self()

    def __call__(self) -> tuple[int, int]:
        """Major and minor number; `NEWEST` if nothing sensible was answered."""
        if self._known is None:
            answer = self._process.communicate()[0] if self._process else b""
            match = _VERSION.search(answer)
            self._known = (int(match[1]), int(match[2])) if match else NEWEST
            _ANSWERED[self._program] = self._known
        return self._known


def ask(path: Path, options: Sequence[str]) -> bytes:
    """What tshark prints about a file; CaptureError if there is no tshark or it fails."""
    program = find()
    if program is None:
        raise CaptureError("tshark was not found; install it, or name it in LABKIT_TSHARK")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="labkit-tshark-") as home:
        surroundings = os.environ | {"HOME": home, "XDG_CONFIG_HOME": home}
        command = [str(program), "-n", "-r", str(path), *options]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, env=surroundings, check=False)
        except (OSError, subprocess.TimeoutExpired) as why:
            raise CaptureError(f"{program} could not be run on {path}: {why}", path=path) from why
    if done.returncode and not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CaptureError(f"tshark could not read {path}: {said[-1] if said else done.returncode}", path=path)
    return done.stdout
