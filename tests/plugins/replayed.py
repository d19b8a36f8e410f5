"""Every lesson runs a second time, on its takes: nbval compares its cells with what is committed, and no lab runs.

There is nothing but Python then: no lab, and no program that a lab would be made of.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from labkit.lab import takes
from labkit.runtime import choice

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


class Replayed(IPyNbFile):
    """A lesson whose kernel finds recordings alone."""

    home = ""

    def setup(self) -> None:
        """Start the kernel where there never was a lab."""
        self.home = tempfile.mkdtemp(prefix="labkit-replay-")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(choice.VARIABLE, "replay")
            patch.setenv("LABKIT_HOME", f"{self.home}/labs")
            patch.setenv("LABKIT_CACHE", f"{self.home}/cache")
            super().setup()

    def collect(self) -> Iterator[pytest.Item]:
        """The cells, under names of their own; or that the takes are not theirs."""
        cells = list(super().collect())
        if takes.is_current(self.path.stem, [each.cell.source for each in cells]):
            for each in cells:
                known = {"cell_num": each.cell_num, "cell": each.cell, "options": each.options}
                yield IPyNbCell.from_parent(self, name=f"Replayed cell {each.cell_num}", **known)
        else:
            yield Outdated.from_parent(self, name="Takes")

    def teardown(self) -> None:
        """End the kernel."""
        super().teardown()
        shutil.rmtree(self.home, ignore_errors=True)


class Outdated(pytest.Item):
    """A lesson that was changed since it was recorded."""

    def runtest(self) -> None:
        """Fail."""
        file = self.path.relative_to(NOTEBOOKS.parent)
        pytest.fail(f"the takes of {file} are not those of its cells: python -m tools.record {file}", pytrace=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Replayed | None:
    """Take each lesson a second time."""
    lesson = file_path.parent == NOTEBOOKS and file_path.suffix == ".ipynb"
    return Replayed.from_parent(parent, path=file_path) if lesson else None
