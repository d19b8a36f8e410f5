"""Work shared out to labs side by side, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import current_process, get_context, util
from typing import Any, TypeVar

from labkit.lab.lab import Lab
from labkit.runtime import choice
from labkit.scenario.model import Scenario
from labkit.scenario.shelf import Shelf

Result = TypeVar("Result")

_OURS: list[Lab] = []
"""The one lab of this process."""


def possible(runtime: str | None) -> list[Scenario]:
    """The scenarios that a runtime can break; others need what it reports to lack."""
    capabilities = choice.KINDS[choice.choose(runtime).name].capabilities
    shelf = Shelf.here()
    return [each for each in map(shelf.read, shelf.slugs()) if set(each.needs) <= capabilities]


def abreast(
    work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], count: int, name: str, runtime: str | None
) -> Iterator[Result]:
    """What `work(lab, *task)` gave for each task, in order, from so many labs that end with the last task."""
    own = f"{name}-{os.getpid()}"  # two benches at once do not take each other's labs
    with ProcessPoolExecutor(count, get_context("spawn"), _begin, (own, runtime)) as pool:
        yield from pool.map(_work, *zip(*((work, task) for task in tasks), strict=True))


def _begin(name: str, runtime: str | None) -> None:
    number = current_process().name.rpartition("-")[2]
    lab = Lab(f"{name}-{number}", runtime).up()
    _OURS.append(lab)
    util.Finalize(lab, lab.down, exitpriority=1)


def _work(work: Callable[..., Result], task: tuple[Any, ...]) -> Result:
    return work(_OURS[0], *task)
