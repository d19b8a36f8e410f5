"""The timers of SIP (RFC 3261 table 4) and a wheel that carries hundreds of thousands of them."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """The values that all timers of RFC 3261 are made of; shorten them in tests only."""

    t1_s: float = 0.5
    """Round-trip estimate: first retransmission interval."""
    t2_s: float = 4.0
    """Longest retransmission interval of non-INVITE requests and INVITE responses."""
    t4_s: float = 5.0
    """Longest time a message stays in the network."""

    @property
    def timeout_s(self) -> float:
        """64*T1: timers B, F, H, J, L, M and the life of an unacknowledged 2xx."""
        return 64 * self.t1_s


class Timer:
    """One callback to come."""

    __slots__ = ("_args", "_callback")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        """Keep what to call."""
        self._callback: Callable[..., object] | None = callback
        self._args = args

    def cancel(self) -> None:
        """Never call; harmless when called or cancelled before."""
        self._callback, self._args = None, ()

    @property
    def alive(self) -> bool:
        """Whether the callback is still to come."""
        return self._callback is not None

    def fire(self) -> None:
        """Call once."""
        callback, args = self._callback, self._args
        if callback:
            self.cancel()
            callback(*args)


class TimerWheel:
    """Timers in slots of 10 ms on one event-loop handle: starting and cancelling cost a list append and a store."""

    RESOLUTION_S = 0.01

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make an empty wheel of a loop."""
        self._loop = loop
        self._slots: dict[int, list[Timer]] = {}
        self._order: list[int] = []
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0

    def after(self, delay_s: float, callback: Callable[..., object], *args: Any) -> Timer:
        """Call `callback(*args)` no earlier than in so many seconds."""
        timer = Timer(callback, args)
        slot = int((self._loop.time() + delay_s) / self.RESOLUTION_S) + 1
        waiting = self._slots.get(slot)
        if waiting is None:
            self._slots[slot] = waiting = []
            heapq.heappush(self._order, slot)
            self._arm(slot)
        waiting.append(timer)
        return timer

    def _arm(self, slot: int) -> None:
        if self._handle is None or slot < self._due:
            if self._handle:
                self._handle.cancel()
            self._due = slot
            self._handle = self._loop.call_at(slot * self.RESOLUTION_S, self._turn)

    def _turn(self) -> None:
        self._handle = None
        now = int(self._loop.time() / self.RESOLUTION_S + 1e-6)
        while self._order and self._order[0] <= now:
            for timer in self._slots.pop(heapq.heappop(self._order)):
                timer.fire()
        if self._order:
            self._arm(self._order[0])

    def __len__(self) -> int:
        return sum(timer.alive for timers in self._slots.values() for timer in timers)

    def close(self) -> None:
        """Forget every timer."""
        if self._handle:
            self._handle.cancel()
        self._slots.clear()
        self._order.clear()
