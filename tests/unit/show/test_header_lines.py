"""Chosen headers stand beneath each INVITE, short enough for a ladder, and beneath nothing else."""

from __future__ import annotations

import pytest

from labkit.show.header_lines import with_headers
from labkit.show.sheet import Arrow, Column, Detail, Kind, Sheet

INVITE = b"""INVITE sip:+1@p SIP/2.0\r
From: "Call Centre" <sip:+442079460000@pbx>;tag=1\r
p-asserted-identity: <tel:+442079460001>\r
Privacy: id\r
Content-Length: 0\r
\r
"""


def beneath(label: str, raw: bytes, *names: str) -> list[str]:
    arrow = Arrow(Kind.SIP, "pbx", "provider", 0.0, label, details=(Detail("offer PCMA"),), raw=raw)
    told = with_headers(Sheet((Column("pbx"), Column("provider")), (arrow,)), names)
    return [detail.text for detail in told.arrows[0].details]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("From", "From +442079460000"),
        ("P-Asserted-Identity", "P-Asserted-Identity +442079460001"),
        ("privacy", "Privacy id"),
    ],
)
def test_a_header_is_its_name_and_the_user_of_its_address_or_its_value(name: str, line: str) -> None:
    assert [line] == beneath("INVITE", INVITE, name)


def test_a_header_that_is_not_there_has_no_line() -> None:
    assert ["From +442079460000"] == beneath("INVITE", INVITE, "From", "Remote-Party-ID")


def test_other_messages_keep_their_small_print() -> None:
    assert ["offer PCMA"] == beneath("200 OK", INVITE, "From")


def test_a_message_that_nobody_can_read_has_no_headers() -> None:
    assert [] == beneath("INVITE", b"\x00\x01", "From")
