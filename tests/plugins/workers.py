"""How tests are shared out to workers (pytest-xdist): files stay whole, what cannot be had twice stays together."""

from __future__ import annotations

import re

import pytest
from xdist.remote import Producer  # type: ignore[attr-defined]
from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "compose": re.compile(r"tests/lab/test_(container_mishaps|(default_)?container|same_ladder)s?\.py|.*\[compose\b"),
    "loopback": re.compile(r".*\[loopback\b"),
    "provider": re.compile(r"tests/(unit/provider/|lab/test_sipp\.py)"),
    "browser": re.compile(r"tests/browser/"),
}
"""Tests of what a machine has once: an engine, a loopback interface, the provider's address, a processor to spare."""


class Sharing(LoadScopeScheduling):
    """One scope for each file, and one for each of `TOGETHER`."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """What a test belongs to; all of that runs on one worker, one after the other."""
    return next((name for name, tests in TOGETHER.items() if tests.match(nodeid)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Share out by these scopes."""
    return Sharing(config, log)
