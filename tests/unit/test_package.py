"""What `import labkit` promises: light, complete, and clear about what it does not have."""

import subprocess
import sys

import pytest

import labkit

HEAVY = ("numpy", "pandas", "matplotlib", "pyshark")


@pytest.mark.parametrize("name", labkit.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(labkit, name).__name__ == name


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(AttributeError, match="labkit has no 'Labb'; it has: Capture, Lab,"):
        _ = labkit.Labb


def test_importing_it_loads_nothing_heavy() -> None:
    assert loaded("labkit", "asyncio", *HEAVY) == "[]"


def test_a_lab_loads_what_reads_captures_only_when_it_reads_one() -> None:
    assert loaded("labkit.lab.lab", *HEAVY) == "[]"


def loaded(module: str, *others: str) -> str:
    """Which of others the import of a module loads."""
    script = f"import sys, {module}; print(sorted({{*{others}}} & set(sys.modules)))"
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()
