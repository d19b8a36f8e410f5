"""What `import labkit` promises: light, complete, and clear about what it does not have."""

import subprocess
import sys

import pytest

import labkit


@pytest.mark.parametrize("name", labkit.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(labkit, name).__name__ == name


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(AttributeError, match="labkit has no 'Labb'; it has: Capture, Lab,"):
        _ = labkit.Labb


def test_importing_it_loads_nothing_heavy() -> None:
    script = (
        "import sys, labkit; print(sorted({'asyncio', 'numpy', 'pandas', 'matplotlib', 'pyshark'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
