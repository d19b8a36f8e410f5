"""What is judged of media beside RTP that came whole: missing RTP, packet times, responses before the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.rtp.report import MediaReport, ReceivedStream
from labkit.rtp.tone import MeasuredTone
from labkit.scenario.judge import call_checks
from labkit.scenario.model import Expected, PacketTime
from labkit.scenario.run import Placed
from labkit.sip.report import CallReport, Provisional


def media(packets: int, lost: int = 0, packet_ms: int = 20) -> MediaReport:
    """What an end received of a call of one second."""
    stream = ReceivedStream(
        ssrc=1, addresses=(), packets=packets - lost, expected=packets, lost=lost, duplicates=0, reordered=0,
        restarts=0, jitter_ms=0.0, octets=(packets - lost) * 8 * packet_ms, payload_types={8: packets - lost},
        first_s=0.0, last_s=1.0,
    )  # fmt: skip
    return MediaReport(("10.10.0.21", 4000), (), (stream,), MeasuredTone(440.0, -10.0), (), 0, 0)


def call(near: MediaReport, far: MediaReport, *provisional: int) -> Placed:
    """An answered call of one second."""
    report = CallReport(
        id="call-1", direction="outgoing", state="ended", call_id="a", local="", remote="", request_uri="", status=200,
        reason="BYE", ended_by="local", cause="", times={}, codec="PCMA", headers={}, media=near,
        provisional=tuple(Provisional(0.1, status, "") for status in provisional),
    )  # fmt: skip
    return Placed("call", "phone-1001", "+15550100", "scenario", 200, report, replace(report, media=far), up_s=1.0)


def passed(expected: Expected, placed: Placed) -> bool:
    """Whether all checks pass; there must be one."""
    checks = list(call_checks(expected, placed))
    assert checks
    return all(check.passed for check in checks)


@pytest.mark.parametrize(("lost", "missing"), [(0, False), (1, False), (2, True), (50, True)])
def test_rtp_is_missing_where_more_than_two_percent_is_lost_one_way(lost: int, missing: bool) -> None:
    assert passed(Expected(both_ways=False), call(media(50), media(50, lost))) is missing
    assert passed(Expected(both_ways=True), call(media(50), media(50, lost))) is not missing


def test_a_leap_in_numbering_is_no_loss_where_time_has_no_room_for_it() -> None:
    leapt = media(50)
    leapt = replace(leapt, received=(replace(leapt.received[0], expected=1553, lost=1503),))
    assert passed(Expected(both_ways=True), call(leapt, media(50)))


@pytest.mark.parametrize(("near", "right"), [(60.0, True), (20.0, False), (0.0, True)])
def test_packet_time_is_judged_at_the_end_it_is_asked_of(near: float, right: bool) -> None:
    placed = call(media(17, packet_ms=60), media(50))
    assert passed(Expected(packet_ms=PacketTime(near=near, far=20.0)), placed) is right


def test_packet_time_is_wrong_where_nothing_came() -> None:
    assert not passed(Expected(packet_ms=PacketTime(far=20.0)), call(media(50), replace(media(1), received=())))


def test_what_came_before_the_answer_is_judged_by_order_without_100() -> None:
    placed = call(media(50), media(50), 100, 180, 183)
    assert passed(Expected(provisional=(180, 183)), placed)
    assert not passed(Expected(provisional=(180,)), placed)
    assert not passed(Expected(provisional=(183, 180)), placed)


@pytest.mark.parametrize(
    ("provisional", "early_s", "rings"),
    [((180,), 0.0, True), ((180, 183), 0.0, False), ((183,), 0.0, False), ((183,), 0.6, True), ((), 0.0, False)],
)
def test_ringback_is_a_180_in_the_end_or_rtp_before_the_answer(
    provisional: tuple[int, ...], early_s: float, rings: bool
) -> None:
    placed = call(media(50), media(50), 100, *provisional)
    assert placed.near
    placed = replace(placed, near=replace(placed.near, times={"answered": 1.0, "ended": 2.0 - early_s}))
    assert passed(Expected(ringback=True), placed) is rings
    assert passed(Expected(ringback=False), placed) is not rings
