"""Calls, their legs, and the evidence that ties legs together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.trace import Capture, Trace, open_trace


def trace(path: Path, *calls: Call) -> Trace:
    """A trace of one capture with all these legs."""
    return open_trace(wire.pcap(path / "x.pcap", merged(calls)))


def merged(calls: Iterable[Call]) -> list[wire.Frame]:
    """The frames of all legs in order of time."""
    return sorted((frame for call in calls for frame in call.frames()), key=lambda frame: frame[0])


def test_messages_have_what_the_wire_has(tmp_path: Path) -> None:
    table = trace(tmp_path, Call()).messages
    assert ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK"] == [
        each.start for each in open_trace(tmp_path / "x.pcap").sip
    ]
    first = table.iloc[0]
    assert (1, 0.0, "192.0.2.10", 5060) == (first.frame, first.time_s, first.src, first.src_port)
    assert ("1 INVITE", "call-1@192.0.2.10", "1001", "a", "") == (
        first.cseq,
        first.call_id,
        first.from_user,
        first.from_tag,
        first.to_tag,
    )
    assert "audio 192.0.2.10:40000 PCMA, PCMU, telephone-event sendrecv" == first.sdp
    assert [1, 1, 1, 2, 3, 3] == table.transaction.tolist()


def test_call_that_was_answered_and_ended(tmp_path: Path) -> None:
    row = trace(tmp_path, Call()).calls.iloc[0]
    assert ("ended", 200, "OK", 10.0) == (row.state, row.code, row.reason, row.duration_s)
    assert (0.1, 1.0, "192.0.2.10") == (row.ringing_s, row.answer_s, row.ended_by)


@pytest.mark.parametrize(
    ("refusal", "state"),
    [("486 Busy Here", "refused"), ("401 Unauthorized", "challenged"), ("487 Request Terminated", "cancelled")],
)
def test_call_that_failed(tmp_path: Path, refusal: str, state: str) -> None:
    row = trace(tmp_path, Call(refusal=refusal)).calls.iloc[0]
    assert (state, refusal) == (row.state, f"{row.code} {row.reason}")


LINKED = {
    "names the Call-ID": {"headers": "X-Call-ID: call-1@192.0.2.10\r\n", "caller": "x", "callee": "y"},
    "same Session-ID": {"caller": "x", "callee": "y", "start_s": 40.0},
    "is made of": {"call_id": "call-1-long-enough_b2b@pbx", "caller": "x", "callee": "y", "start_s": 30.0},
    "same media address": {"caller": "x", "callee": "y"},
    "same number": {"media": (("198.51.100.20", 1000), ("203.0.113.30", 2000)), "callee": "0442079460000"},
}


@pytest.mark.parametrize("sign", LINKED)
def test_legs_are_linked_and_say_why(tmp_path: Path, sign: str) -> None:
    session = "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=0\r\n" if "Session" in sign else ""
    first = Call(headers=session, call_id="call-1-long-enough" if "made" in sign else "call-1@192.0.2.10")
    second = first.beyond(**({"headers": session} | LINKED[sign]))
    calls = trace(tmp_path, first, second).calls
    assert [2] == calls.legs.tolist()
    assert sign in calls.evidence[0]


def test_legs_without_anything_in_common_stay_apart(tmp_path: Path) -> None:
    other = Call(call_id="other", src=("192.0.2.11", 5060), caller="1002", callee="442079460001",
                 media=(("192.0.2.11", 1), ("198.51.100.20", 2)), start_s=0.02)  # fmt: skip
    assert [1, 1] == trace(tmp_path, Call(), other).calls.legs.tolist()


def test_a_chain_of_b2buas_is_one_call(tmp_path: Path) -> None:
    legs = [Call()]
    for hop in range(4):
        legs.append(legs[-1].beyond(
            dst=(f"203.0.113.{30 + hop}", 5060), call_id=f"leg{hop}", start_s=0.02 * (hop + 1),
            media=((f"203.0.113.{hop}", 1000), (f"203.0.113.{hop + 100}", 1000)),
        ))  # fmt: skip
    calls = trace(tmp_path, *legs).calls
    assert [5] == calls.legs.tolist()
    assert 4 == len(calls.evidence[0].splitlines())


def test_a_packet_seen_on_both_sides_of_a_nat_is_one_packet(tmp_path: Path) -> None:
    inside = Call(src=("10.10.0.10", 5060), call_id="c")
    frames = list(inside.frames())
    outside = [
        (time_s + 0.001, packet.replace(bytes([10, 10, 0, 10]), bytes([203, 0, 113, 1]))) for time_s, packet in frames
    ]
    again = [*outside[:1], (outside[0][0] + 0.5, outside[0][1]), *outside[1:]]
    paths = {
        "inside": wire.pcap(tmp_path / "in.pcap", frames),
        "outside": wire.pcap(tmp_path / "out.pcap", sorted(again)),
    }
    found = open_trace(Capture(paths, {"203.0.113.1": "router"}))
    table = found.messages
    seen = table.groupby("packet").point.apply(list)
    assert [["inside", "outside"]] * 6 + [["outside"]] == sorted(seen.tolist())
    assert 1 == table[table.retransmission == 1].shape[0]
    assert "router" in set(table.src_name)
    assert 1 == len(found.calls)
    assert ["offer", "answer"] == found.offers.role.tolist()


@pytest.mark.parametrize("nat_takes_s", [0.00004, -0.00001], ids=["in order", "clocks of two captures apart"])
def test_a_leg_through_a_nat_is_linked_by_the_host_that_it_reached_behind_it(
    tmp_path: Path, nat_takes_s: float
) -> None:
    before = Call(src=("203.0.113.10", 5060), dst=("203.0.113.1", 5060), caller="15550123",
                  media=(("203.0.113.12", 20_000), ("203.0.113.1", 10_000)))  # fmt: skip
    behind = replace(before, dst=("10.10.0.10", 5060), start_s=nat_takes_s)
    rung = Call(src=("10.10.0.10", 5060), dst=("10.10.0.21", 5060), call_id="b", caller="15550123", callee="1001",
                start_s=0.005, media=(("10.10.0.10", 10_002), ("10.10.0.21", 40_000)))  # fmt: skip
    # the NAT changed where the packets go, and nothing in them
    frames = [(time_s, packet) for (time_s, _), (_, packet) in zip(behind.frames(), readdressed(before), strict=True)]
    paths = {
        "inside": wire.pcap(tmp_path / "in.pcap", sorted([*frames, *rung.frames()])),
        "outside": wire.pcap(tmp_path / "out.pcap", list(before.frames())),
    }
    calls = open_trace(Capture(paths)).calls
    assert [2] == calls.legs.tolist()
    assert "from 10.10.0.10 that leg 1 reached" in calls.evidence[0]


def readdressed(call: Call) -> Iterable[wire.Frame]:
    """The frames of a call as a NAT passes them on: its public address is 10.10.0.10 behind it."""
    for time_s, packet in call.frames():
        yield time_s, packet.replace(bytes([203, 0, 113, 1]), bytes([10, 10, 0, 10]))
