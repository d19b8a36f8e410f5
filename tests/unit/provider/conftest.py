"""A provider and a phone on loopback, in one event loop, with short SIP timers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from labkit.phone.line import Line
from labkit.phone.settings import Account, Behaviour
from labkit.provider.service import Service
from labkit.sip.timers import Timing

FAST = Timing(0.05, 0.2, 0.2)
"""A tenth of the RFC's values and less: a transaction gives up after 3.2 s."""

DID, SECOND_DID = "+442079460000", "+442079460001"


def table(**changes: Any) -> dict[str, Any]:
    """A policy with one trunk of each kind and a few telephones."""
    made: dict[str, Any] = {
        "bind": {"first": "127.0.0.60", "second": "127.0.0.61", "media": "127.0.0.62", "port": 15060},
        "trunk": [
            {"name": "registered", "account": "trunk-4420", "password": "right", "dids": [DID, SECOND_DID]},
            {"name": "static", "kind": "address", "sbc": "second", "dids": ["+442079460010"],
             "allow": ["127.0.0.71"], "peer": "127.0.0.71:15071"},
        ],
        "number": [
            {"number": "+15550100", "ring_s": 0.05},
            {"number": "+15550101", "status": 0},
            {"number": "+15550102", "status": 486, "cause": 17, "ring_s": 0.0},
        ],
    }  # fmt: skip
    return made | changes


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    provider = Service(table(), FAST)
    await provider.open()
    yield provider
    await provider.close()


@pytest.fixture
async def new_phone() -> AsyncIterator[Callable[..., Any]]:
    lines: list[Line] = []

    async def make(**changes: Any) -> Line:
        account = {"user": "trunk-4420", "password": "right", "bind": "127.0.0.71", "registrar": ("127.0.0.60", 15060)}
        line = Line(Account(**{**account, "port": 15071, **changes}), Behaviour(source="tone:620@-10"), FAST)
        await line.open()
        lines.append(line)
        return line

    yield make
    for line in lines:
        await line.close()
