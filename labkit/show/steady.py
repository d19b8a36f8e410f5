"""What two runs of the same call have in common: the order of a ladder without its accidents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from labkit.show.sheet import Arrow, Kind, Sheet

TOGETHER_S = 0.1
"""Media that begin this soon before a message begin with it: which of both comes first is an accident."""


def steady(sheet: Sheet) -> Sheet:
    """The sheet with media after the messages that they begin among, leg by leg, and drawn from left to right."""
    places = {column.name: place for place, column in enumerate(sheet.columns)}
    turned = (_from_left(arrow, places) for arrow in sheet.arrows)
    return replace(sheet, arrows=tuple(_by_leg(sorted(turned, key=_begin_s))))


def _begin_s(arrow: Arrow) -> float:
    return arrow.time_s + TOGETHER_S if arrow.kind is Kind.RTP else arrow.time_s


def _by_leg(arrows: list[Arrow]) -> Iterator[Arrow]:
    for _, neighbours in groupby(arrows, key=lambda arrow: arrow.kind):
        yield from sorted(neighbours, key=lambda arrow: arrow.leg or 0 if arrow.kind is Kind.RTP else 0)


def _from_left(arrow: Arrow, places: dict[str, int]) -> Arrow:
    """Media both ways, the way back of which may have begun first."""
    if arrow.backward is None or places[arrow.source] <= places[arrow.target]:
        return arrow
    forward, backward = arrow.backward, arrow.forward
    return replace(arrow, source=arrow.target, target=arrow.source, forward=forward, backward=backward)
