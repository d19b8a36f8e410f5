"""One clock for all media sessions of an event loop: every 10 ms it calls those that are due.

The event loop sees one timer, however many sessions there are, and no timer when there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

TICK_MS = 10
"""The clock's step; every ptime is a multiple of it."""

TICK_S = TICK_MS / 1000

LATE_S = 0.010
"""A tick this late is counted as late."""

GIVE_UP_S = 1.0
"""A clock this far behind (a suspended machine) goes on from now instead of catching up."""

Tick = Callable[[float], object]
"""What is called at a tick, with the time the tick was due at (the loop's clock)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The place of one callable on the clock; `Ticker.remove` takes it off."""

    number: int
    """Its name there."""
    fellows: dict[int, Tick]
    """What is called at the same step, by name."""


_tickers: WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker] = WeakKeyDictionary()


def shared_ticker() -> Ticker:
    """The running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]


class Ticker:
    """Calls what was added, each in its own period; idle when there is nothing."""

    def __init__(self) -> None:
        """Begin with nothing to do; the loop is not touched yet."""
        self.ticks = 0
        self.late_ticks = 0
        self.max_late_s = 0.0
        self._rings: dict[int, list[dict[int, Tick]]] = {}
        self._given = self._active = 0
        self._number = 0
        self._epoch_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether it has nothing to call, and so no timer in the loop."""
        return self._timer is None

    def add(self, tick: Tick, period_ms: int) -> Ticket:
        """Call `tick` every `period_ms` until its ticket is removed; first within that time, where most room is."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._number, self._epoch_s = 0, loop.time()
            self._timer = loop.call_at(self._epoch_s + TICK_S, self._run, loop)
        steps = period_ms // TICK_MS
        fellows = min(self._rings.setdefault(steps, [{} for _ in range(steps)]), key=len)
        self._given += 1
        fellows[self._given] = tick
        self._active += 1
        return Ticket(self._given, fellows)

    def replace(self, ticket: Ticket, tick: Tick) -> None:
        """Call another one in its place, at the same moments; harmless when it was removed before."""
        if ticket.number in ticket.fellows:
            ticket.fellows[ticket.number] = tick

    def remove(self, ticket: Ticket) -> None:
        """Call it no more; harmless when it was removed before."""
        if ticket.fellows.pop(ticket.number, None) is None:
            return
        self._active -= 1
        if not self._active and self._timer:
            self._timer.cancel()
            self._timer = None

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do one step and wait for the next; one that is overdue comes as soon as others had their turn.

        What a callable raises goes to the loop's exception handler and does not stop the clock.
        """
        timer, due_s, now_s = self._timer, self._due_s(self._number + 1), loop.time()
        self._note_lateness(now_s - due_s)
        if now_s - due_s > GIVE_UP_S:
            self._epoch_s += now_s - due_s
        self._number += 1
        try:
            self._tick(due_s)
        finally:
            if self._timer is timer:  # nobody stopped the clock
                self._timer = loop.call_at(self._due_s(self._number + 1), self._run, loop)

    def _due_s(self, number: int) -> float:
        return self._epoch_s + number * TICK_S

    def _note_lateness(self, late_s: float) -> None:
        self.ticks += 1
        self.late_ticks += late_s > LATE_S
        self.max_late_s = max(self.max_late_s, late_s)

    def _tick(self, due_s: float) -> None:
        for steps, ring in tuple(self._rings.items()):
            for tick in tuple(ring[self._number % steps].values()):
                try:
                    tick(due_s)
                except StopIteration:  # a generator that was closed and replaced in this very step
                    continue
