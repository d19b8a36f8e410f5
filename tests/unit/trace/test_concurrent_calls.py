"""Calls that begin at the same moment, with equal numbers: each keeps its own legs."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.trace import open_trace

PBX, PROVIDER = ("10.10.0.10", 5060), ("203.0.113.10", 5060)
PHONES = [(f"10.10.0.{20 + number}", 5060) for number in range(8)]
CALLER, DID = "15550194", "442079460000"
Pairs = list[tuple[Call, Call]]


def port(number: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Media ends of a leg of their own."""
    return ("198.51.100.1", 10_000 + 4 * number), ("198.51.100.2", 10_002 + 4 * number)


def through(number: int, start_s: float, phone: tuple[str, int], delay_s: float = 0.005) -> tuple[Call, Call]:
    """A call from the provider and the leg that the PBX opens to a phone for it."""
    came = Call(PROVIDER, PBX, f"came-{number}", CALLER, DID, start_s, port(2 * number))
    return came, Call(PBX, phone, f"rung-{number}", CALLER, "1001", start_s + delay_s, port(2 * number + 1))


def linked(path: Path, pairs: Pairs, hold_s: Iterable[float]) -> set[frozenset[str]]:
    """The Call-IDs of each call, as they are found in a capture of all these legs."""
    holds = zip(pairs, hold_s, strict=True)
    frames = [frame for pair, hold in holds for leg in pair for frame in leg.frames(hold)]
    trace = open_trace(wire.pcap(path / "x.pcap", sorted(frames, key=lambda frame: frame[0])))
    return {frozenset(ids) for ids in trace.calls.call_ids}


def truth(pairs: Pairs) -> set[frozenset[str]]:
    """The Call-IDs of each call."""
    return {frozenset(leg.call_id for leg in pair) for pair in pairs}


def test_calls_with_equal_numbers_in_the_same_milliseconds(tmp_path: Path) -> None:
    pairs = [through(number, number / 1000, PHONES[0]) for number in range(30)]
    assert truth(pairs) == linked(tmp_path, pairs, [2.0] * 30)


@pytest.mark.parametrize("seed", range(5))
def test_calls_that_overtake_each_other_are_told_by_their_ends(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    delays_s = [chance.uniform(0.001, 0.2) for _ in range(20)]
    pairs = [through(number, number / 1000, PHONES[number % 3], delay) for number, delay in enumerate(delays_s)]
    assert truth(pairs) == linked(tmp_path, pairs, chance.sample(range(1, 60), 20))


@pytest.mark.parametrize("seed", range(5))
def test_calls_both_ways_and_between_phones_at_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    pairs = []
    for number in range(20):
        start_s, delay_s = chance.uniform(0, 0.2), chance.uniform(0.001, 0.02)
        came = Call(PHONES[0], PBX, f"came-{number}", "1001", f"1555020{number:02d}", start_s, port(2 * number))
        goes = replace(came, src=PBX, dst=PROVIDER, call_id=f"goes-{number}", caller=DID, start_s=start_s + delay_s,
                       media=port(2 * number + 1))  # fmt: skip
        if number % 3 == 1:
            came = replace(came, src=PROVIDER, caller=f"1555010{number:02d}", callee=DID)
            goes = replace(goes, dst=PHONES[0], caller=came.caller, callee="1001")
        elif number % 3 == 2:
            came, goes = replace(came, callee=f"100{number}"), replace(goes, caller="1001", callee=f"100{number}")
            goes = replace(goes, dst=PHONES[1])
        pairs.append((came, goes))
    assert truth(pairs) == linked(tmp_path, pairs, [chance.uniform(0.5, 3) for _ in pairs])


def test_one_port_for_the_media_of_all_calls_links_none_of_them(tmp_path: Path) -> None:
    shared = ("198.51.100.9", 6000)
    pairs = []
    for number in range(20):
        came, goes = through(number, number / 1000, PHONES[0])
        pairs.append((replace(came, media=(shared, came.media[1])), replace(goes, media=(goes.media[0], shared))))
    assert truth(pairs) == linked(tmp_path, pairs, [2.0] * 20)


def test_a_call_rings_several_phones_and_goes_on_to_the_next_trunk(tmp_path: Path) -> None:
    came, rung = through(0, 0.0, PHONES[0])
    beside = replace(rung, dst=PHONES[1], call_id="beside", start_s=0.006, media=port(7))
    after = replace(rung, dst=PHONES[0], call_id="after", start_s=0.5, media=port(8))
    frames = [*came.frames(), *replace(rung, refusal="503 Service Unavailable").frames(), *beside.frames(),
              *after.frames()]  # fmt: skip
    calls = open_trace(wire.pcap(tmp_path / "x.pcap", sorted(frames, key=lambda frame: frame[0]))).calls
    assert [4] == calls.legs.tolist()


def test_a_phone_that_is_called_and_calls_at_once_is_no_b2bua(tmp_path: Path) -> None:
    came, rung = through(0, 0.0, PHONES[0])
    own = Call(PHONES[0], PBX, "own", "1001", "15550100", 0.006, port(9))
    frames = [frame for leg in (came, rung, own) for frame in leg.frames(1.0)]
    calls = open_trace(wire.pcap(tmp_path / "x.pcap", sorted(frames, key=lambda frame: frame[0]))).calls
    assert [["came-0", "rung-0"], ["own"]] == calls.call_ids.tolist()


def test_a_call_is_forwarded_under_the_number_that_was_called(tmp_path: Path) -> None:
    came = through(0, 0.0, PHONES[0])[0]
    onward = replace(came, src=PBX, dst=("192.0.2.30", 5060), call_id="onward", caller=DID, callee="447700900123",
                     start_s=0.005, media=port(5))  # fmt: skip
    pairs = [(came, onward)]
    assert truth(pairs) == linked(tmp_path, pairs, [1.0])
