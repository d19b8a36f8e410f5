"""Repeated OPTIONS and REGISTER exchanges, folded into one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from labkit.show.sheet import Arrow, Kind

KEEPALIVES = ("OPTIONS", "REGISTER")
"""Methods that repeat all day and say nothing new while the answer stays the same."""
CHALLENGES = (401, 407)
"""Codes after which the same request comes again with credentials (RFC 3261, section 22)."""

Pair = tuple[str, str, str]
"""Method, asker, asked."""


@dataclass(slots=True)
class Exchange:
    """A request outside of any call with its answers, and once more with credentials if it was challenged."""

    pair: Pair
    keys: set[str] = field(default_factory=set)
    places: list[int] = field(default_factory=list)
    pattern: list[str] = field(default_factory=list)
    """Labels in order, retransmissions included: equal patterns are the same story."""
    challenged: bool = False

    def add(self, place: int, arrow: Arrow) -> None:
        """Take in one more message."""
        self.keys.add(arrow.key)
        self.places.append(place)
        self.pattern.append(f"{arrow.label}{' again' if arrow.again else ''}")
        self.challenged = len(self.keys) == 1 and arrow.code in CHALLENGES


def folded(arrows: tuple[Arrow, ...], least: int = 2) -> Iterator[tuple[int, Arrow]]:
    """Each arrow with its place, where every run of `least` or more repetitions is one note at the first of them."""
    notes: dict[int, Arrow] = {}
    gone: set[int] = set()
    for run in _runs(_exchanges(arrows), least):
        gone.update(place for exchange in run for place in exchange.places)
        notes[run[0].places[0]] = _note(arrows, run)
    for place, arrow in enumerate(arrows):
        if place in notes:
            yield place, notes[place]
        elif place not in gone:
            yield place, arrow


def _exchanges(arrows: tuple[Arrow, ...]) -> dict[Pair, list[Exchange]]:
    found: dict[Pair, list[Exchange]] = {}
    by_key: dict[str, Exchange] = {}
    for place, arrow in enumerate(arrows):
        if arrow.kind is not Kind.SIP or arrow.call is not None:
            continue
        if arrow.code is None and arrow.label in KEEPALIVES and arrow.key not in by_key:
            pair = (arrow.label, arrow.source, arrow.target)
            history = found.setdefault(pair, [])
            if not (history and history[-1].challenged):
                history.append(Exchange(pair))
            by_key[arrow.key] = history[-1]
        if exchange := by_key.get(arrow.key):
            exchange.add(place, arrow)
    return found


def _runs(exchanges: dict[Pair, list[Exchange]], least: int) -> Iterator[list[Exchange]]:
    """Repetitions of the exchange just before them, as long as they go on."""
    for history in exchanges.values():
        run: list[Exchange] = []
        for before, after in pairwise(history):
            if before.pattern != after.pattern:
                if len(run) >= least:
                    yield run
                run = []
            else:
                run.append(after)
        if len(run) >= least:
            yield run


def _note(arrows: tuple[Arrow, ...], run: list[Exchange]) -> Arrow:
    first, last = arrows[run[0].places[0]], arrows[run[-1].places[-1]]
    starts = [arrows[exchange.places[0]].time_s for exchange in run]
    gaps = sorted(after - before for before, after in pairwise(starts))
    every = f", every {gaps[len(gaps) // 2]:.0f} s" if gaps else ""
    label = f"{first.label}, {last.label}: {len(run)} more{every}"
    return Arrow(Kind.NOTE, first.source, first.target, first.time_s, label, frame=first.frame, end_s=last.time_s)
