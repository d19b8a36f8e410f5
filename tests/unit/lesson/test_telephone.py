"""What a lesson says of keys and of ringing, held to recorded calls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from labkit import datasets
from labkit.lesson import keys, presses, ringing, understood
from labkit.runtime import topology
from labkit.trace import open_trace
from labkit.trace.capture import Capture


def recorded(name: str, number: int = 1) -> Any:
    """A call of a recording, as far as a view looks at it."""
    folder = datasets.fetch(name) / "calls"
    points = {point: folder / f"{number}-{point}.pcap.gz" for point in ("inside", "outside")}
    trace = open_trace(Capture(points, topology.load().names))
    return SimpleNamespace(trace=trace, near=SimpleNamespace(call_id=trace.legs_found[0].call_id))


def test_keys_that_nobody_agreed_on_are_seen_as_events_of_a_type_that_is_not_in_the_answer() -> None:
    table = keys(recorded("ivr-ignores-keys/broken"))
    assert ["8, 101", "0, 8"] == list(table.loc["pbx", ["sent", "agreed"]])
    assert table.loc["pbx", "events"].endswith("34#")


def test_keys_that_go_as_tones_are_heard_in_the_audio() -> None:
    table = keys(recorded("ivr-ignores-keys/fixed"))
    assert ["8", "0, 8", "-", "1234#", "-"] == list(table.loc["pbx"])[1:]
    assert "1234#" == table.loc["phone-1001", "events"]


def test_the_text_of_the_pressed_keys_has_no_times() -> None:
    words = str(presses(recorded("ivr-ignores-keys/broken")))
    assert "  phone-1001 → pbx PCMA (inside): 1234#" in words.splitlines()
    assert " s  " not in words


def test_a_call_without_keys_says_so() -> None:
    call = recorded("ringing-stops-before-the-answer/broken")
    assert "no telephone event" in str(presses(call))
    assert ["-"] == list(set(keys(call)["events"]))


@pytest.mark.parametrize(("state", "told", "with_sdp"), [("broken", "180, 183", "183"), ("fixed", "180", "-")])
def test_what_the_caller_is_told_before_the_answer(state: str, told: str, with_sdp: str) -> None:
    table = ringing(recorded(f"ringing-stops-before-the-answer/{state}"))
    assert ["phone-1001", told, with_sdp, "none before the answer", "200"] == list(table.loc["pbx"])
    assert "180, 183" == table.loc["provider", "provisional"]


@pytest.mark.parametrize(
    ("digits", "told", "words"),
    [
        ("1234#", "", "The other end understood 1234#."),
        ("", "", "The other end understood no key."),
        ("", "12", "The other end understood no key.\nIt was told 12 by INFO, which its voice computer does not see."),
    ],
)
def test_what_the_other_end_understood_is_said_without_figures_of_one_run(digits: str, told: str, words: str) -> None:
    far = SimpleNamespace(media=SimpleNamespace(digits=digits), digits_by_info=told)
    assert words == str(understood(SimpleNamespace(far=far)))  # type: ignore[arg-type]


def test_a_call_that_reached_nobody_was_understood_by_nobody() -> None:
    assert "The other end understood no key." == str(understood(SimpleNamespace(far=None)))  # type: ignore[arg-type]
