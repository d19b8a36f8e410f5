"""One healthy lab for all tests of this folder, ended after them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.runtime.namespaces import Namespaces


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Namespaces]:
    """Bare hosts without any program."""
    made = Namespaces(tmp_path)
    made.up()
    yield made
    made.down()
