"""One clock and one poller for all media sessions of an event loop.

A session asks to be ticked every 10, 20, 30 ... ms and to be told when its sockets are readable. However many there
are, the loop sees one timer and one file descriptor (epoll or kqueue nests): a packet costs no event of its own.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Callable
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


class Ticket:
    """One callable on the clock; `Ticker.remove` takes it off."""

    __slots__ = ("active", "period", "tick")

    def __init__(self, tick: Tick, period: int) -> None:
        """Call `tick` every `period` steps of the clock."""
        self.tick = tick
        self.period = period
        self.active = True


_tickers: WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker] = WeakKeyDictionary()


def shared_ticker() -> Ticker:
    """The running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]


class Ticker:
    """Ticks callables in steps of 10 ms and polls sockets; idle when it has none."""

    def __init__(self) -> None:
        """Begin with nothing to do; the loop is not touched yet."""
        self.ticks = 0
        self.late_ticks = 0
        self.max_late_s = 0.0
        self._wheel: dict[int, list[Ticket]] = {}
        self._active = 0
        self._number = 0
        self._epoch_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._selector: selectors.BaseSelector | None = None

    @property
    def idle(self) -> bool:
        """Whether it has neither a callable nor a socket, and nothing in the loop."""
        return self._timer is None and self._selector is None

    def add(self, tick: Tick, period_ms: int) -> Ticket:
        """Call `tick` every `period_ms`, first within 10 ms, until its ticket is removed."""
        self._start()
        self._active += 1
        ticket = Ticket(tick, period_ms // TICK_MS)
        self._wheel.setdefault(self._number + 1, []).append(ticket)
        return ticket

    def remove(self, ticket: Ticket) -> None:
        """Call it no more; harmless when it was removed before."""
        self._active -= ticket.active
        ticket.active = False
        if not self._active and self._timer:
            self._timer.cancel()
            self._timer = None
            self._wheel.clear()

    def _start(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._number, self._epoch_s = 0, loop.time()
            self._timer = loop.call_at(self._epoch_s + TICK_S, self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do every tick that is due by now and wait for the next."""
        if loop.time() - self._due_s(self._number + 1) > GIVE_UP_S:
            self._epoch_s = loop.time() - self._number * TICK_S
        while self._active and (due_s := self._due_s(self._number + 1)) <= loop.time():
            self._note_lateness(loop.time() - due_s)
            self._number += 1
            self._tick(due_s)
        if self._active:
            self._timer = loop.call_at(self._due_s(self._number + 1), self._run, loop)

    def _due_s(self, number: int) -> float:
        return self._epoch_s + number * TICK_S

    def _note_lateness(self, late_s: float) -> None:
        self.ticks += 1
        self.late_ticks += late_s > LATE_S
        self.max_late_s = max(self.max_late_s, late_s)

    def _tick(self, due_s: float) -> None:
        wheel, number = self._wheel, self._number
        for ticket in wheel.pop(number, ()):
            if ticket.active:
                ticket.tick(due_s)
                wheel.setdefault(number + ticket.period, []).append(ticket)

    def watch(self, sock: socket.socket, readable: Callable[[], object]) -> None:
        """Call `readable` whenever there is something to read from a socket."""
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
            asyncio.get_running_loop().add_reader(self._selector, self._poll, self._selector)
        self._selector.register(sock, selectors.EVENT_READ, readable)

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no more; call it before the socket is closed."""
        if self._selector is None:
            return
        self._selector.unregister(sock)
        if not self._selector.get_map():
            asyncio.get_running_loop().remove_reader(self._selector)  # type: ignore[arg-type]  # it has fileno
            self._selector.close()
            self._selector = None

    def _poll(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(0):
            if selector is self._selector:
                key.data()
