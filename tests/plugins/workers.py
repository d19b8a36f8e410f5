"""How tests are shared out to workers (pytest-xdist): files stay whole, what cannot be had twice stays together."""

from __future__ import annotations

import re

import pytest
from xdist.remote import Producer  # type: ignore[attr-defined]
from xdist.scheduler import LoadScopeScheduling

ENGINE = {f"tests/lab/test_{name}.py" for name in ("containers", "container_mishaps", "same_ladder")}
"""Tests that use the one engine and its networks."""

BROWSER = "tests/browser/"
"""Tests that want a processor to themselves."""

ALONE = re.compile(r"\[(compose|loopback)\b")
"""Runtimes that a machine has once: one engine, one loopback interface."""


class Sharing(LoadScopeScheduling):
    """One scope for each file, and one for each runtime of `ALONE`."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """What a test belongs to; all of that runs on one worker, one after the other."""
    file = nodeid.partition("::")[0]
    if file.startswith(BROWSER):
        return BROWSER
    if file in ENGINE:
        return "compose"
    found = ALONE.search(nodeid)
    return found[1] if found else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Share out by these scopes."""
    return Sharing(config, log)
