"""What nbval lets pass and a lesson must not: each guard fails the cell that nbval would call green.

nbval compares a cell with its committed outputs. It compares nothing where the execution count is null, takes an
error that IPython only prints (an unknown magic, an exception in a thread) for output like any other, and runs a
shell command without looking at its exit code.

Two things are not compared: the HTML of a ladder and the image of a picture, in which times, Call-IDs and tags are
those of one run. Their text forms hold all that two runs have in common, and are compared.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell

LADDERS = Path(__file__).with_name("ladders.regex")
SHELL = re.compile(r"^\s*(?:\w+\s*=\s*)?!|^\s*%%?(?:sx|system|sh|bash|script)\b", re.MULTILINE)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Leave the HTML of ladders out of the comparison."""
    config.option.nbval_sanitize_with = str(LADDERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a cell that ran, and was compared, with nothing to show for it."""
    result = yield
    if isinstance(item, IPyNbCell) and (found := list(problems(item.cell, item.test_outputs or []))):
        item.raise_cell_error("; ".join(found))
    return result


def problems(cell: Any, outputs: list[Any]) -> Iterator[str]:
    """Name what is wrong with a cell whose outputs nbval accepted."""
    if cell.execution_count is None:
        yield "it has no execution count, so nothing was compared: run `make record`"
    if any(tag.lower().startswith("nbval") for tag in cell.metadata.get("tags", [])) or "NBVAL_" in cell.source:
        yield "it tells nbval what not to look at"
    if SHELL.search(cell.source):
        yield "it escapes to a shell, whose failure nobody sees"
    for output in outputs:
        if output.get("name") == "stderr":
            yield f"it wrote to stderr: {output.text.strip()}"
        if "UsageError" in output.get("text", ""):
            yield f"IPython refused a line of it: {output.text.strip()}"
