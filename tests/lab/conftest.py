"""The tests of this folder run on every runtime; what a runtime reports that it cannot do, it is not asked to do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.runtime import choice
from labkit.runtime.namespaces import Namespaces

OBSTACLES = dict(choice.obstacles())
HERE = [name for name in choice.LIVE if OBSTACLES[name] is None or "CI" in os.environ]
"""In CI every runtime that runs a lab, else those that this machine can run."""


@pytest.fixture(scope="module", params=HERE)
def runtime_name(request: pytest.FixtureRequest) -> Iterator[str]:
    """The runtime of every lab that is started meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(choice.VARIABLE, request.param)
        yield request.param


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what needs a capability that the runtime reports to lack."""
    beyond = [item for item in items if not _can(item)]
    config.hook.pytest_deselected(items=beyond)
    items[:] = [item for item in items if item not in beyond]


def _can(item: pytest.Item) -> bool:
    needs = [name for marker in item.iter_markers("needs") for name in marker.args]
    spec = getattr(item, "callspec", None)
    if not needs or spec is None or "runtime_name" not in spec.params:
        return True
    return choice.KINDS[spec.params["runtime_name"]].capabilities.issuperset(needs)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Namespaces]:
    """Bare hosts without any program."""
    made = Namespaces(tmp_path)
    made.up()
    yield made
    made.down()
