"""Which runtime a lab gets: the one that was named, else the first that this machine can run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import RuntimeUnavailable
from labkit.runtime.base import Runtime
from labkit.runtime.compose import Compose
from labkit.runtime.loopback import Loopback
from labkit.runtime.namespaces import Namespaces
from labkit.runtime.replay import Replay

VARIABLE = "LABKIT_RUNTIME"
"""Environment variable that names a runtime."""


Kind = type[Compose] | type[Namespaces] | type[Loopback] | type[Replay]

KINDS: dict[str, Kind] = {"compose": Compose, "namespaces": Namespaces, "loopback": Loopback, "replay": Replay}
"""By name, the one that is preferred first."""

LIVE = tuple(name for name in KINDS if name != Replay.name)
"""Those that run a lab."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A runtime by name, and why that one."""

    name: str
    reason: str


def choose(named: str | None = None) -> Choice:
    """Choose for a new lab; RuntimeUnavailable tells every obstacle where nothing can run."""
    for name, source in ((named, "it was asked for"), (os.environ.get(VARIABLE), f"{VARIABLE} names it")):
        if name:
            return Choice(_known(name).name, source)
    passed: list[str] = []
    for name, obstacle in obstacles():
        if obstacle is None:
            return Choice(name, "; ".join(["the first that this machine can run", *passed]))
        passed.append(f"not {name}: {obstacle.splitlines()[0]}")
    raise RuntimeUnavailable("No lab can run here.\n" + "\n".join(passed))


def obstacles() -> Iterator[tuple[str, str | None]]:
    """Every runtime in order of preference, with what stands in its way here."""
    return ((name, kind.obstacle()) for name, kind in KINDS.items())


def made(name: str, folder: Path) -> Runtime:
    """The runtime of that name for the lab in a folder, whether it runs or not."""
    return _known(name)(folder)


def _known(name: str) -> Kind:
    if name not in KINDS:
        raise RuntimeUnavailable(f"There is no runtime {name!r}; there are: {', '.join(KINDS)}.")
    return KINDS[name]
