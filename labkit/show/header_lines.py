"""Chosen headers beneath the INVITEs of a ladder, for where it matters what they say."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from labkit.errors import ParseError
from labkit.show.sheet import Arrow, Detail, Kind, Sheet
from labkit.sip.message import parse
from labkit.sip.uri import Address


def with_headers(sheet: Sheet, names: Collection[str]) -> Sheet:
    """The same sheet with these headers of each INVITE in place of its SDP: the user of an address, else the value."""
    wanted = {name.lower() for name in names}
    return replace(sheet, arrows=tuple(_told(arrow, wanted) for arrow in sheet.arrows))


def _told(arrow: Arrow, wanted: Collection[str]) -> Arrow:
    if arrow.kind is not Kind.SIP or arrow.label != "INVITE":
        return arrow
    return replace(arrow, details=tuple(_lines(arrow.raw, wanted)))


def _lines(raw: bytes, wanted: Collection[str]) -> Iterator[Detail]:
    try:
        rows = parse(raw).rows
    except ParseError:
        return
    yield from (Detail(f"{name} {_short(value)}") for name, value in rows if name.lower() in wanted)


def _short(value: str) -> str:
    try:
        return Address.parse(value).uri.number
    except ParseError:
        return value
