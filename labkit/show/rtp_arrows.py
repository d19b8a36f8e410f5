"""RTP streams as arrows of a ladder: seen at several points they are one, and both directions share an arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from labkit.show.passage import Endpoint, Passage, Sighting, passage
from labkit.show.sheet import Arrow

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

SLACK_S = 1.0
"""Media may come so long before the message that announces it, and the way back so long after the end of the way."""


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


def ways(trace: Trace) -> list[Way]:
    """The streams, those seen at several points once."""
    groups: list[list[dict[str, Any]]] = []
    for row in records(trace.columns("streams")):
        mates = (group for group in groups if _same(group, row))
        group = next(mates, None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    return sorted((_way(group) for group in groups), key=lambda way: way.first_s)


def _same(group: Sequence[dict[str, Any]], row: Mapping[str, Any]) -> bool:
    """Whether a row is another sighting: same SSRC at a new point, and at least one end unchanged."""
    other = group[0]
    ends = [(row[end], row[f"{end}_port"]) == (other[end], other[f"{end}_port"]) for end in ("src", "dst")]
    new = all(row["point"] != each["point"] for each in group)
    return new and any(ends) and row["ssrc"] == other["ssrc"]


def _way(group: Sequence[Mapping[str, Any]]) -> Way:
    seen = [
        Sighting(row["first_s"], (row["src"], row["src_port"]), (row["dst"], row["dst_port"])) for row in group
    ]  # fmt: skip
    path = passage(seen)
    end = next(row for row in reversed(group) if (row["dst"], row["dst_port"]) == path.target)
    codec = end["codec"] or f"payload type {end['payload_type']}"
    last_s = end["first_s"] + end["duration_s"]
    return Way(path, codec, int(end["packets"]), int(end["lost"]), min(row["first_s"] for row in group), last_s)


def announcer(way: Way, announced: Mapping[Endpoint, list[tuple[float, str]]]) -> str | None:
    """Call-ID of the leg that a stream belongs to: the last that announced one of its ends before it began."""
    ends = [way.passage.target, way.passage.source, *([way.passage.nat] if way.passage.nat else [])]
    for end in ends:
        times = [entry for entry in announced.get(end, []) if entry[0] <= way.first_s + SLACK_S]
        if times:
            return max(times)[1]
    return None


def joined(arrows: list[Arrow], new: Arrow) -> list[Arrow]:
    """The arrows with one more, which becomes the way back of one that runs at the same time."""
    for place, old in enumerate(arrows):
        ends = (old.source, old.target, old.call) == (new.target, new.source, new.call)
        if ends and old.backward is None and (old.end_s or 0) + SLACK_S >= new.time_s:
            both = replace(
                old, backward=new.forward, end_s=max(old.end_s or 0, new.end_s or 0),
                label=_label(old.label, new.label),
            )  # fmt: skip
            return [*arrows[:place], both, *arrows[place + 1 :]]
    return [*arrows, new]


def _label(one: str, other: str) -> str:
    """One codec, or both where the directions differ."""
    return one if one.upper() == other.upper() else f"{one}, {other.removeprefix('RTP ')}"


def records(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The rows of a table, whose columns are lists or arrays, as mappings of plain values."""
    plain = [each.tolist() if hasattr(each, "tolist") else each for each in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
