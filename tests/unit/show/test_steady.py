"""A ladder without its accidents: two runs of one call, whose media began a little differently, become the same."""

from __future__ import annotations

from dataclasses import replace

from labkit.show.sheet import Arrow, Column, Flow, Kind, Sheet
from labkit.show.steady import steady

COLUMNS = (
    Column("phone", ("10.0.0.1",), False),
    Column("pbx", ("10.0.0.2",), False),
    Column("far", ("10.0.0.3",), False),
)
HERE, THERE = Flow("PCMA", 50), Flow("PCMA", 51)


def sip(time_s: float, label: str, leg: int) -> Arrow:
    return Arrow(Kind.SIP, "pbx", "phone", time_s, label, leg=leg)


def media(time_s: float, leg: int, source: str = "phone", target: str = "pbx") -> Arrow:
    return Arrow(Kind.RTP, source, target, time_s, "RTP PCMA", leg=leg, forward=HERE, backward=THERE)


def labels(*arrows: Arrow) -> list[str]:
    return [f"{one.label} {one.leg}" for one in steady(Sheet(COLUMNS, arrows)).arrows]


def test_media_come_after_the_messages_they_begin_among() -> None:
    ok, ack = sip(1.0, "200 OK", 0), sip(1.002, "ACK", 0)
    assert ["200 OK 0", "ACK 0", "RTP PCMA 0"] == labels(media(0.999, 0), ok, ack) == labels(ok, ack, media(1.01, 0))


def test_media_that_begin_well_before_an_answer_stay_before_it() -> None:
    assert ["RTP PCMA 0", "200 OK 0"] == labels(media(0.5, 0), sip(1.0, "200 OK", 0))


def test_media_that_begin_together_come_leg_by_leg() -> None:
    assert (
        ["RTP PCMA 0", "RTP PCMA 1"] == labels(media(1.0, 1), media(1.005, 0)) == labels(media(1.0, 0), media(1.1, 1))
    )


def test_media_both_ways_are_drawn_from_the_left_whichever_way_began() -> None:
    begun_left = media(1.0, 1, "pbx", "far")
    begun_right = replace(begun_left, source="far", target="pbx", forward=THERE, backward=HERE)
    assert (begun_left,) == steady(Sheet(COLUMNS, (begun_right,))).arrows


def test_media_one_way_keep_their_direction() -> None:
    one_way = replace(media(1.0, 0, "far", "pbx"), backward=None)
    assert (one_way,) == steady(Sheet(COLUMNS, (one_way,))).arrows
