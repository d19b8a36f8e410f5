"""RTP streams as arrows of a ladder: seen at several points they are one, and both directions share an arrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from labkit.show.passage import Passage, passage
from labkit.show.sheet import Arrow
from labkit.trace.nat import Sighting

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

SLACK_S = 1.0
"""The way back may begin so long after the end of the way."""

FEW = 3
"""Packets of a stream that is only the beginning of another."""

AT_ONCE_S = 0.1
"""The other begins within this time."""


@dataclass(frozen=True, slots=True)
class Way:
    """One RTP stream from its sender to its receiver."""

    passage: Passage
    codec: str
    packets: int
    """As seen nearest to the receiver."""
    lost: int
    first_s: float
    last_s: float
    leg: int | None
    """Number of the leg whose descriptions announce it."""


def ways(trace: Trace) -> list[Way]:
    """The streams, those seen at several points once."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in records(trace.columns("streams")):
        groups.setdefault(row["stream"], []).append(row)
    return _continued(sorted((_way(group) for group in groups.values()), key=lambda way: way.first_s))


def _continued(found: Iterable[Way]) -> list[Way]:
    """The streams, where one that breaks off after a few packets and goes on with another SSRC is a single one.

    Asterisk does so where audio arrives while it still joins the two legs of a call.
    """
    kept: list[Way] = []
    for way in found:
        place = next((n for n, begun in enumerate(kept) if _goes_on(begun, way)), None)
        if place is None:
            kept.append(way)
        else:
            begun = kept[place]
            packets, lost = begun.packets + way.packets, begun.lost + way.lost
            kept[place] = replace(way, first_s=begun.first_s, packets=packets, lost=lost)
    return kept


def _goes_on(begun: Way, way: Way) -> bool:
    alike = (begun.passage, begun.codec, begun.leg) == (way.passage, way.codec, way.leg)
    return alike and begun.packets <= FEW and 0 <= way.first_s - begun.last_s <= AT_ONCE_S


def _way(group: Sequence[Mapping[str, Any]]) -> Way:
    ends = [((row["src"], row["src_port"]), (row["dst"], row["dst_port"])) for row in group]
    path = passage([Sighting(row["first_s"], *pair) for row, pair in zip(group, ends, strict=True)])
    last = next(row for row, (_, target) in zip(group, ends, strict=True) if target == path.target)
    return Way(
        passage=path,
        codec=last["codec"] or f"payload type {last['payload_type']}",
        packets=last["packets"],
        lost=last["lost"],
        first_s=min(row["first_s"] for row in group),
        last_s=last["first_s"] + last["duration_s"],
        leg=next((row["leg"] for row in group if row["leg"] is not None), None),
    )


def joined(single: Iterable[Arrow]) -> list[Arrow]:
    """The arrows in order, where one that runs back while another runs becomes its way back."""
    arrows: list[Arrow] = []
    alone: dict[tuple[str, str, int | None], list[int]] = {}
    for new in single:
        partners = alone.get((new.target, new.source, new.call), [])
        place = next((each for each in partners if (arrows[each].end_s or 0) + SLACK_S >= new.time_s), None)
        if place is None:
            alone.setdefault((new.source, new.target, new.call), []).append(len(arrows))
            arrows.append(new)
        else:
            partners.remove(place)
            arrows[place] = _both(arrows[place], new)
    return arrows


def _both(there: Arrow, back: Arrow) -> Arrow:
    end_s, label = max(there.end_s or 0, back.end_s or 0), _label(there.label, back.label)
    return replace(there, backward=back.forward, end_s=end_s, label=label)


def _label(one: str, other: str) -> str:
    """One codec, or both where the directions differ."""
    return one if one.upper() == other.upper() else f"{one}, {other.removeprefix('RTP ')}"


def records(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The rows of a table, whose columns are lists or arrays, as mappings of plain values."""
    plain = [each.tolist() if hasattr(each, "tolist") else each for each in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
