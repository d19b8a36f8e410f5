"""The columns of the tables. Names, meaning and units of all of them: docs/tables.md."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.trace import figures, tshark
from labkit.trace.facts import Facts
from labkit.trace.legs import Leg
from labkit.trace.offers import Description
from labkit.trace.offers import offers as descriptions
from labkit.trace.streams import Streams

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

Columns = dict[str, Any]
WHOLE = ("code", "provisional_code", "final_code", "leg", "call", "ptime_ms", "tshark_packets", "tshark_lost",
         "rtcp_lost", "frame")  # fmt: skip
"""Columns of whole numbers of which some may be missing."""


def messages(trace: Trace) -> Columns:
    """Columns of `Trace.messages`."""
    sip, known, sorted_ = trace.sip, trace.facts, trace.transactions_found
    leg_of = {leg.call_id: leg.number for leg in trace.legs_found}
    call_of = {leg.number: call.number for call in trace.calls_found for leg in call.legs}
    legs = [leg_of.get(each.call_id) for each in sip]
    names = ("point", "frame", "time_s", "src", "src_port", "dst", "dst_port", "transport", "method")
    columns: Columns = {name: [getattr(each, name) for each in sip] for name in names}
    columns["code"] = [each.code for each in sip]
    columns |= {name: [getattr(each, name) for each in sip] for name in ("reason", "cseq", "call_id")}
    columns |= {name: [getattr(each, name) for each in known] for name in (
        "from_user", "from_tag", "to_user", "to_tag", "uri", "branch", "user_agent", "sdp", "damage",
    )}  # fmt: skip
    return columns | {
        "size_bytes": [len(each.data) for each in sip],
        "src_name": [trace.capture.name(each.src) for each in sip],
        "dst_name": [trace.capture.name(each.dst) for each in sip],
        "transaction": sorted_.number_of, "packet": sorted_.packet_of, "retransmission": sorted_.repeats,
        "leg": legs, "call": [None if leg is None else call_of[leg] for leg in legs],
    }  # fmt: skip


def transactions(trace: Trace) -> Columns:
    """Columns of `Trace.transactions`."""
    columns: dict[str, list[Any]] = {name: [] for name in (
        "transaction", "method", "call_id", "cseq", "src", "src_port", "dst", "dst_port", "frame", "time_s",
        "provisional_code", "provisional_s", "final_code", "final_reason", "final_s", "sent", "messages",
    )}  # fmt: skip
    for each in trace.transactions_found.all:
        head = each.request or each.messages[0]
        early, final = each.provisional, each.final
        opened = each.request.time_s if each.request else None
        row = (
            each.number, head.method or head.cseq_method, head.call_id, head.cseq, head.src, head.src_port, head.dst,
            head.dst_port, head.frame, head.time_s, early and early.code, _after(opened, early),
            final and final.code, final and final.reason, _after(opened, final),
            sum(one.method == head.method and one.point == head.point for one in each.messages), len(each.messages),
        )  # fmt: skip
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return dict(columns)


def legs(trace: Trace) -> Columns:
    """Columns of `Trace.legs`."""
    found = trace.legs_found
    call_of = {leg.number: call.number for call in trace.calls_found for leg in call.legs}
    columns = {"leg": [leg.number for leg in found], "call": [call_of[leg.number] for leg in found]}
    return columns | {"call_id": [leg.call_id for leg in found]} | _life(trace, found)


def calls(trace: Trace) -> Columns:
    """Columns of `Trace.calls`: those of the first leg, and what ties the legs together."""
    found = trace.calls_found
    return {
        "call": [call.number for call in found],
        "legs": [len(call.legs) for call in found],
        "call_ids": [[leg.call_id for leg in call.legs] for call in found],
        "evidence": ["\n".join(map(str, call.links)) for call in found],
        **_life(trace, [call.legs[0] for call in found]),
        "messages": [sum(len(leg.known) for leg in call.legs) for call in found],
    }


def _life(trace: Trace, found: list[Leg]) -> Columns:
    invites = [leg.invite for leg in found]
    outcomes = [leg.outcome for leg in found]
    return {
        "from_user": [each.from_user for each in invites], "to_user": [each.to_user for each in invites],
        "src": [each.message.src for each in invites], "dst": [each.message.dst for each in invites],
        "src_name": [trace.capture.name(each.message.src) for each in invites],
        "dst_name": [trace.capture.name(each.message.dst) for each in invites],
        "state": [leg.state for leg in found],
        "code": [each and each.code for each in outcomes],
        "reason": [each.reason if each else None for each in outcomes],
        "start_s": [leg.start_s for leg in found],
        "ringing_s": [_after(leg.start_s, leg.ringing) for leg in found],
        "answer_s": [_after(leg.start_s, leg.answer) for leg in found],
        "duration_s": [_duration(leg) for leg in found],
        "ended_by": [trace.capture.name(leg.bye.src) if leg.bye else None for leg in found],
    }  # fmt: skip


def offers(trace: Trace) -> Columns:
    """Columns of `Trace.offers`."""
    found = trace.described
    call_of = {leg.number: call.number for call in trace.calls_found for leg in call.legs}
    columns: Columns = {"call": [call_of[leg] for leg, _ in found], "leg": [leg for leg, _ in found]}
    states = [_state(trace, each) for _, each in found]
    return columns | {name: [state[name] for state in states] for name in (states[0] if states else ())}


def described(trace: Trace) -> list[tuple[int, Description]]:
    """Number of the leg and description, for all media sections of all legs."""
    return [(leg.number, each) for leg in trace.legs_found for each in descriptions(_once(trace, leg))]


def _once(trace: Trace, leg: Leg) -> list[Facts]:
    """Messages of a leg without retransmissions and without further sightings of a packet."""
    first: dict[int, Facts] = {}
    for each in leg.known:
        packet, repeat = trace.sightings[id(each)]
        if not repeat and each.message.transport != "ICMP":
            first.setdefault(packet, each)
    return list(first.values())


def _state(trace: Trace, each: Description) -> Columns:
    message, session, media = each.facts.message, each.announcement.session, each.announcement.media
    address, port = each.announcement.endpoint
    return {
        "point": message.point, "frame": message.frame, "time_s": message.time_s, "message": message.start,
        "src": message.src, "src_name": trace.capture.name(message.src), "side": each.side, "role": each.role,
        "round": each.round, "place": each.announcement.place, "kind": media.kind, "address": address, "port": port,
        "protocol": media.protocol, "direction": session.direction(media),
        "codecs": [form.name for form in media.rtp_formats],
        "payload_types": [form.payload_type for form in media.rtp_formats],
        "clock_rates_hz": [form.clock_rate_hz for form in media.rtp_formats],
        "ptime_ms": media.ptime_ms, "crypto": each.crypto, "changed": list(each.changed),
    }  # fmt: skip


def streams(trace: Trace) -> Columns:
    """Columns of `Trace.streams` that need no more than packets and descriptions."""
    with tshark.Version() as version:
        batches = [(point, each, run) for point, each in trace.rtp.items() for run in each.batches()]
    if not batches:
        return {}
    with ThreadPoolExecutor(2) as pool:  # numpy lets go of the interpreter, so two cores work
        parts = list(pool.map(_streams, *zip(*batches, strict=True), repeat(version())))
    columns: Columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns | {f"{end}_name": [trace.capture.name(each) for each in columns[end]] for end in ("src", "dst")}


def _streams(point: str, found: Streams, run: tuple[int, int], version: tuple[int, int]) -> Columns:
    packets = found.packets(*run)
    flows = [flow for flow, _ in packets.flows]
    formats = [[(kind, *history[0][1:]) for kind, history in each.items()] for each in packets.formats]
    columns: Columns = {
        "point": [point] * len(flows),
        **{name: [getattr(flow, name) for flow in flows] for name in ("src", "src_port", "dst", "dst_port")},
        "ssrc": [f"0x{ssrc:08x}" for _, ssrc in packets.flows],
        "payload_type": [each[0][0] for each in formats], "codec": [each[0][1] for each in formats],
        "clock_rate_hz": [each[0][2] for each in formats],
        "payload_types": objects([[kind for kind, _, _ in each] for each in formats]),
        "codecs": objects([[name for _, name, _ in each] for each in formats]),
    }  # fmt: skip
    return columns | figures.figures(packets, version)


def objects(values: list[Any]) -> Any:
    """An array whose elements are lists."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _after(start_s: float | None, message: Any) -> float | None:
    """Seconds from the start to a message."""
    return None if start_s is None or message is None else round(message.time_s - start_s, 9)


def _duration(leg: Leg) -> float | None:
    """Seconds from the answer to the BYE."""
    return None if leg.answer is None or leg.bye is None else round(leg.bye.time_s - leg.answer.time_s, 9)
