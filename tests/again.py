"""Runs again, with the machine to itself, what failed beside other workers: `python -m tests.again`.

Calls are placed and heard in real time, and workers that share two processors now and then keep each other waiting.
What fails alone too has failed; where more than `MOST` failed, the others were not the reason and nothing runs again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
"""Where pytest keeps which tests failed."""

MOST = 12
"""Tests and notebooks."""


def to_repeat(failed: dict[str, bool]) -> list[str]:
    """Tests by their names, notebooks whole: a cell needs those before it."""
    return sorted({name.partition("::")[0] if ".ipynb::" in name else name for name in failed})


def main() -> int:
    """Repeat them, and answer with pytest's exit code."""
    names = to_repeat(json.loads(FAILED.read_text())) if FAILED.exists() else []
    if not 0 < len(names) <= MOST:
        return 1
    print(f"Again, alone: {len(names)} that failed beside other workers", *names, sep="\n  ", flush=True)
    return subprocess.run([sys.executable, "-m", "pytest", *names], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
