"""The clock of all sessions calls what is on it, each at its own step."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

from labkit.rtp.ticker import Ticker


def counting(calls: list[float]) -> Generator[None, float, None]:
    """A generator that notes the times that it is sent."""
    while True:
        calls.append((yield))


async def test_one_that_was_replaced_is_called_no_more_and_the_other_in_its_place() -> None:
    ticker, before, after = Ticker(), list[float](), list[float]()
    ticket = ticker.add(before.append, 10)
    await asyncio.sleep(0.03)
    ticker.replace(ticket, after.append)
    seen = len(before)
    await asyncio.sleep(0.03)
    ticker.remove(ticket)
    assert ticker.idle
    assert seen == len(before) > 0
    assert len(after) > 0


async def test_a_generator_that_ends_in_the_step_of_its_call_stops_nobody() -> None:
    ticker, calls, others = Ticker(), list[float](), list[float]()
    closed = counting(calls)
    next(closed)
    ticker.add(lambda due_s: closed.close(), 10)
    ticker.add(closed.send, 10)
    ticket = ticker.add(others.append, 10)
    await asyncio.sleep(0.03)
    assert calls == []
    assert len(others) > 0
    ticker.remove(ticket)


async def test_one_that_was_removed_is_not_put_back_by_a_replacement() -> None:
    ticker = Ticker()
    ticket = ticker.add(lambda due_s: None, 10)
    ticker.remove(ticket)
    ticker.replace(ticket, lambda due_s: None)
    assert ticker.idle
