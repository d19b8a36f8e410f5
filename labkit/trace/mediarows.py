"""The columns of the tables about media that need the calls as well: streams, intervals, findings, digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.trace import rows
from labkit.trace.dtmf import Digit, digits
from labkit.trace.intervals import intervals as per_second
from labkit.trace.nat import Sighting, along
from labkit.trace.parties import Party
from labkit.trace.quality import Quality, estimate
from labkit.trace.reality import Seen
from labkit.trace.reality import findings as contradictions
from labkit.trace.reports import Report, reports
from labkit.trace.scan import Flow

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

Columns = dict[str, Any]


def streams(trace: Trace) -> Columns:
    """Columns of `Trace.streams`: the figures, whose they are, what RTCP says, how it may have sounded."""
    columns = rows.streams(trace)
    if not columns:
        return {}
    flows = _flows(columns)
    numbers = _numbers(columns, flows)
    parties = _parties(trace, columns, flows, numbers)
    call_of = {leg.number: call.number for call in trace.calls_found for leg in call.legs}
    told = _reported(trace, columns, flows)
    return {
        "stream": numbers, **columns,
        "leg": [each and each.leg for each in parties],
        "call": [each and call_of[each.leg] for each in parties],
        "side": [each.side if each else None for each in parties],
        "negotiated": rows.objects([_negotiated(each) for each in parties]),
        "dtmf": ["".join(each.digit for each in own) for own in _digits(trace)],
        **_rtcp(told, columns["clock_rate_hz"]), **_quality(columns, told),
    }  # fmt: skip


def _flows(columns: Columns) -> list[Flow]:
    names = ("src", "src_port", "dst", "dst_port")
    return [Flow(str(a), int(b), str(c), int(d)) for a, b, c, d in zip(*(columns[name] for name in names), strict=True)]


def _numbers(columns: Columns, flows: list[Flow]) -> list[int]:
    """One number for each stream; the same for sightings of it at several points.

    What passes a NAT keeps its SSRC and one of its ends.
    """
    known: dict[tuple[object, ...], int] = {}
    numbers: list[int] = []
    most = 0
    for point, ssrc, flow in zip(columns["point"], columns["ssrc"], flows, strict=True):
        keys = (ssrc, "src", flow.src, flow.src_port), (ssrc, "dst", flow.dst, flow.dst_port)
        twins = [known[key] for key in keys if key in known and (point, known[key]) not in known]
        most += not twins
        number = twins[0] if twins else most
        known.update(dict.fromkeys(keys, number))
        known[point, number] = number
        numbers.append(number)
    return numbers


def _parties(trace: Trace, columns: Columns, flows: list[Flow], numbers: list[int]) -> list[Party | None]:
    """Who sends each stream; where a NAT hides that from one point, what another one says."""
    begins = zip(flows, columns["first_s"].tolist(), strict=True)
    own = [trace.parties.party(flow, first_s) for flow, first_s in begins]
    told = {number: party for number, party in zip(numbers, own, strict=True) if party}
    return [party or told.get(number) for number, party in zip(numbers, own, strict=True)]


def _negotiated(party: Party | None) -> list[int]:
    return list(party.formats) if party else []


def _digits(trace: Trace) -> list[list[Digit]]:
    """The digits of each stream."""
    found: list[list[Digit]] = []
    for point, each in trace.rtp.items():
        for first, behind in each.batches():
            own: list[list[Digit]] = [[] for _ in range(first, behind)]
            for digit in digits(trace.scans[point], each.packets(first, behind)):
                own[digit.stream].append(digit)
            found += own
    return found


def _reported(trace: Trace, columns: Columns, flows: list[Flow]) -> list[list[Report]]:
    """RTCP reports about each stream, of its receiver."""
    by_key: dict[tuple[str, int, str], list[Report]] = {}
    for point, each in trace.scans.items():
        for report in reports(each.control):
            by_key.setdefault((point, report.ssrc, report.reporter), []).append(report)
    points, names = columns["point"], columns["ssrc"]
    return [
        by_key.get((str(point), int(ssrc, 16), flow.dst), [])
        for point, ssrc, flow in zip(points, names, flows, strict=True)
    ]  # fmt: skip


def _rtcp(told: list[list[Report]], clocks_hz: Sequence[int]) -> Columns:
    ms = [1000 / clock if clock else None for clock in map(int, clocks_hz)]
    return {
        "rtcp_reports": [len(each) for each in told],
        "rtcp_lost": [each[-1].lost if each else None for each in told],
        "rtcp_loss_max": [max((one.fraction_lost for one in each), default=None) for each in told],
        "rtcp_jitter_max_ms": [
            max(one.jitter for one in each) * scale if each and scale else None
            for each, scale in zip(told, ms, strict=True)
        ],
        "rtcp_rtt_ms": [_round_trip_ms(each) for each in told],
    }


def _round_trip_ms(told: list[Report]) -> float | None:
    """Median of the round trips."""
    known = [each.round_trip_s for each in told if each.round_trip_s is not None]
    return float(np.median(known)) * 1000 if known else None


def _quality(columns: Columns, told: list[list[Report]]) -> Columns:
    estimates: list[Quality] = []
    for codec, lost, expected, bursts, reports_ in zip(
        columns["codec"], columns["lost"].tolist(), columns["expected"].tolist(), columns["bursts"].tolist(), told,
        strict=True,
    ):  # fmt: skip
        loss = max(lost, 0) / expected if expected else 0.0
        burst_ratio = lost / bursts * (1 - loss) if bursts and lost > 0 else 1.0
        estimates.append(estimate(str(codec), loss, burst_ratio, (_round_trip_ms(reports_) or 0.0) / 2))
    return {
        "r_factor": [each.r_factor for each in estimates], "mos": [each.mos for each in estimates],
        "mos_assumes": [each.assumes for each in estimates],
    }  # fmt: skip


def intervals(trace: Trace) -> Columns:
    """Columns of `Trace.intervals`."""
    numbers = iter(trace.columns("streams").get("stream", []))
    parts = []
    for point, each in trace.rtp.items():
        for first, behind in each.batches():
            own = [next(numbers) for _ in range(first, behind)]
            part = per_second(each.packets(first, behind))
            part["stream"] = np.array(own)[part["stream"]]
            parts.append({"point": np.full(len(part["stream"]), point), **part})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}


def findings(trace: Trace) -> Columns:
    """Columns of `Trace.findings`."""
    found = contradictions(trace.legs_found, _seen(trace), trace.parties, list(trace.capture.points))
    call_of = {leg.number: call.number for call in trace.calls_found for leg in call.legs}
    names = ("kind", "leg", "point", "side", "time_s", "frame", "negotiated", "seen")
    columns: Columns = {name: [getattr(each, name) for each in found] for name in names}
    return {"call": [call_of[each.leg] for each in found], **columns, "text": [str(each) for each in found]}


def _seen(trace: Trace) -> list[Seen]:
    columns = rows.streams(trace)
    if not columns:
        return []
    flows = _flows(columns)
    numbers, ends = _numbers(columns, flows), [(flow[:2], flow[2:]) for flow in flows]
    parties = _parties(trace, columns, flows, numbers)
    sightings: dict[int, list[Sighting]] = {}
    for number, first_s, each in zip(numbers, columns["first_s"].tolist(), ends, strict=True):
        sightings.setdefault(number, []).append(Sighting(first_s, *each))
    seen = []
    for place, (number, flow) in enumerate(zip(numbers, flows, strict=True)):
        sent, heard = along(sightings[number])
        seen.append(Seen(
            str(columns["point"][place]), flow, float(columns["first_s"][place]),
            tuple(columns["payload_types"][place]), parties[place], heard.source, sent.target,
        ))  # fmt: skip
    return seen


def dtmf(trace: Trace) -> Columns:
    """Columns of `Trace.dtmf`."""
    numbers = trace.columns("streams").get("stream", [])
    points = [point for point, each in trace.rtp.items() for _ in each.flows]
    found = list(zip(points, numbers, _digits(trace), strict=True))
    flat = [(point, number, each) for point, number, own in found for each in own]
    names = ("frame", "time_s", "digit", "event", "duration_ms", "ended", "packets")
    columns: Columns = {"point": [point for point, _, _ in flat], "stream": [number for _, number, _ in flat]}
    return columns | {name: [getattr(each, name) for _, _, each in flat] for name in names}
