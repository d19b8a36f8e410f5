"""The clocks of a call, read from recordings: what was repeated, who ended it, and until when voice came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from labkit.lesson import clocks
from labkit.lesson.listening import recording
from labkit.lesson.telling import steady
from labkit.trace import open_trace

CUSTOMER = "+15550123"


def recorded(slug: str, caller: str = CUSTOMER) -> Any:
    """The call of a scenario's broken run that somebody placed, as a lesson would hold it."""
    trace = open_trace(recording(slug))
    legs = trace.legs
    own = legs[legs["from_user"] == caller].iloc[0]
    return SimpleNamespace(trace=trace, near=SimpleNamespace(call_id=own["call_id"]))


@pytest.fixture(scope="module")
def cut() -> Any:
    return recorded("drops-after-32-s")


def test_a_200_without_an_ack_is_repeated_after_doubling_waits(cut: Any) -> None:
    table = clocks.repeats(cut, "200 INVITE", by="pbx", unit_s=0.1)
    assert list(table["waited"]) == [0, 1, 2, 4, 8, 16, 32]
    assert table["elapsed"].iloc[-1] == 63


def test_what_a_host_never_sent_is_an_empty_table(cut: Any) -> None:
    assert clocks.repeats(cut, "UPDATE", by="provider", unit_s=0.1).empty


def test_the_end_of_a_call_names_who_said_bye_and_whole_seconds(cut: Any) -> None:
    ended = clocks.ending(cut)
    assert set(ended["ended_by"]) == {"pbx"}
    assert ended["lasted_s"].max() == 6


def test_a_header_is_told_once_for_each_sender_and_value(cut: Any) -> None:
    table = clocks.header(cut, "contact")
    ours = table[(table["from"] == "pbx") & (table["message"] == "200 to INVITE")]
    assert list(ours["value"]) == ["<sip:198.51.100.7:5060>"]
    assert not table.duplicated().any()
    assert not table["value"].str.contains("tag=").any()


def test_a_refresh_that_nobody_answers_takes_as_long() -> None:
    quarter = recorded("drops-after-15-min")
    assert clocks.repeats(quarter, "UPDATE", by="provider", unit_s=0.06)["elapsed"].iloc[-1] == 63
    assert clocks.ending(quarter)["ended_by"].iloc[0] == "provider"


def test_voice_that_stops_is_seen_in_its_span() -> None:
    times = clocks.spans(recorded("silence-after-five-seconds", "1001"))
    heard = times[(times["from"] == "pbx") & (times["to"] == "phone-1001")]
    said = times[(times["from"] == "provider")].loc["inside"]
    assert heard["ends_s"].max() < said["ends_s"].max()
    assert (2 * times["begins_s"] % 1 == 0).all()


def test_ports_of_rtp_do_not_show_in_a_line_of_the_log_and_those_of_sip_do() -> None:
    assert steady("Locking on source address 203.0.113.12:24590") == "Locking on source address 203.0.113.12:~"
    assert steady("Call (UDP:10.10.0.21:5060)") == "Call (UDP:10.10.0.21:5060)"
