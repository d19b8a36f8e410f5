"""What happened when: the SDP timeline, and digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from labkit.show.ladders import Source, trace_of
from labkit.show.lanes import Bar, Lane, lanes
from labkit.show.layout import LEGS
from labkit.show.panels import blank
from labkit.show.pictures import Picture
from labkit.show.rtp_arrows import records
from labkit.show.tracks import streams_of
from labkit.trace.trace import Trace

KEY = "dashed: offered, not yet answered"


def offers(source: Source, *, call: int | None = None, ports: bool = False) -> Picture:
    """The session description of each side over time (RFC 3264); `ports=True` writes the ports in the text form too."""
    trace = trace_of(source)
    rows = [row for row in records(trace.columns("offers")) if call is None or row["call"] == call]
    if not rows:
        return blank("SDP timeline", "no session description in this trace")
    start_s = min(row["time_s"] for row in rows)
    return lanes("SDP timeline", list(_lanes(trace, rows, start_s, ports)), KEY)


def dtmf(source: Source, *, call: int | None = None) -> Picture:
    """The digits of each direction that were sent as telephone events (RFC 4733)."""
    trace = trace_of(source)
    rows = records(trace.columns("dtmf"))
    found = [
        Lane(each.name, tuple(_digit(row) for row in rows if (row["point"], row["stream"]) == each.sighting))
        for each in streams_of(trace, call)
    ]
    dialled = [lane for lane in found if lane.bars]
    title = "Digits (RFC 4733)"
    return lanes(title, dialled) if dialled else blank(title, "no telephone event in this trace")


def _digit(row: dict[str, Any]) -> Bar:
    duration_s = (row["duration_ms"] or 0.0) / 1000
    unended = "" if row["ended"] else ", its end was never seen"
    words = f"{row['digit']}  {row['duration_ms'] or 0:.0f} ms in {row['packets']} packets{unended}"
    return Bar(row["time_s"], row["time_s"] + duration_s, str(row["digit"]), words)


def _lanes(trace: Trace, rows: Sequence[dict[str, Any]], start_s: float, ports: bool) -> Iterator[Lane]:
    """One lane for each side of each leg."""
    ends = _ends(trace)
    legs = sorted({row["leg"] for row in rows})
    for leg in legs:
        letter = f", leg {LEGS[legs.index(leg) % len(LEGS)]}" if len(legs) > 1 else ""
        for side in ("caller", "callee"):
            own = [row for row in rows if row["leg"] == leg and row["side"] == side and row["kind"] == "audio"]
            if own:
                name = f"{own[0]['src_name']} ({side}{letter})"
                agreed = {row["round"]: row["time_s"] for row in rows if row["leg"] == leg and row["role"] == "answer"}
                yield Lane(name, tuple(_bars(own, agreed, ends[leg], start_s, ports)))


def _bars(
    rows: Sequence[dict[str, Any]], agreed: dict[int, float], end_s: float, start_s: float, ports: bool
) -> Iterator[Bar]:
    """Each description until the next one of the same side, or the end of the leg; firm from its answer on."""
    until = [row["time_s"] for row in rows[1:]] + [max(end_s, rows[-1]["time_s"])]
    for row, end in zip(rows, until, strict=True):
        firm_s = min(max(agreed.get(row["round"], end), row["time_s"]), end)
        pending = firm_s > row["time_s"]
        words = _words(row, ports)
        if pending:
            yield Bar(row["time_s"] - start_s, firm_s - start_s, _label(row), words, firm=False)
        if firm_s < end or not pending:
            yield Bar(firm_s - start_s, end - start_s, _label(row), "" if pending else words)


def _ends(trace: Trace) -> dict[int, float]:
    """When each leg ended: with its BYE, or with the last that was heard of it."""
    return {leg.number: leg.end_s or leg.known[-1].message.time_s for leg in trace.legs_found}


def _label(row: dict[str, Any]) -> str:
    return f"{_codecs(row)} {row['address']}:{row['port']}{_direction(row)}"


def _words(row: dict[str, Any], ports: bool) -> str:
    role = "repeated" if row["role"] == "repeat" else row["role"]
    where = f"{row['address']}:{row['port']}" if ports else row["address"]
    crypto = f", {row['crypto']}" if row["crypto"] else ""
    ptime = f", {row['ptime_ms']:.0f} ms a packet" if row["ptime_ms"] and row["ptime_ms"] == row["ptime_ms"] else ""
    changed = f", changed: {', '.join(row['changed'])}" if row["changed"] else ""
    return f"{role:8}  {row['message']}  {_codecs(row)} {where}{_direction(row)}{ptime}{crypto}{changed}"


def _codecs(row: dict[str, Any]) -> str:
    return " ".join(row["codecs"]) or "nothing"


def _direction(row: dict[str, Any]) -> str:
    return "" if row["direction"] == "sendrecv" else f" {row['direction']}"
