"""Two sessions on loopback: what one sends the other measures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from labkit.errors import HostError, LabError
from labkit.rtp.session import MediaSession
from labkit.rtp.source import Echo, Tone


@pytest.fixture
async def pair() -> AsyncIterator[tuple[MediaSession, MediaSession]]:
    """Two open sessions."""
    sessions = MediaSession.open("127.0.0.1"), MediaSession.open("127.0.0.1", range(21000, 22000))
    yield sessions
    for session in sessions:
        session.stop()


Pair = tuple[MediaSession, MediaSession]


async def test_ports_are_even_and_in_the_range(pair: Pair) -> None:
    assert [session.local_port % 2 for session in pair] == [0, 0]
    assert 21000 <= pair[1].local_port < 22000


async def test_a_taken_port_is_refused_by_name(pair: Pair) -> None:
    port = pair[0].local_port
    with pytest.raises(HostError, match=rf"on 127.0.0.1 in {port}..{port}"):
        MediaSession.open("127.0.0.1", port)


@pytest.mark.parametrize(("codec", "payload_type"), [("PCMU", 0), ("PCMA", 8), ("G722", 9)])
async def test_tone_and_its_echo_are_measured(pair: Pair, codec: str, payload_type: int) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, codec=codec, payload_type=payload_type, source=Tone((620,)))
    callee.start(remote=caller.local, codec=codec, payload_type=payload_type, source=Echo())
    await asyncio.sleep(0.4)
    for session in pair:
        tone = session.report().tone
        assert tone.frequency_hz == pytest.approx(620, abs=0.5)
        assert tone.level_dbm0 == pytest.approx(-10, abs=0.2)


async def test_every_packet_sent_is_counted_as_received(pair: Pair) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, source=Tone())
    await asyncio.sleep(0.15)
    caller.update(direction="inactive")
    await asyncio.sleep(0.03)
    (sent,), (received,) = caller.report().sent, callee.report().received
    assert (received.ssrc, received.packets, received.octets) == (sent.ssrc, sent.packets, sent.octets)
    assert (received.lost, received.addresses) == (0, (caller.local,))
    assert 5 <= sent.packets <= 9


async def test_hold_stops_packets_and_resume_keeps_the_numbers(pair: Pair) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, source=Tone())
    await asyncio.sleep(0.06)
    caller.update(remote=("0.0.0.0", callee.local_port))
    await asyncio.sleep(0.05)
    held = caller.report().sent[0].packets
    await asyncio.sleep(0.05)
    assert caller.report().sent[0].packets == held
    caller.update(remote=callee.local, ptime_ms=10)
    await asyncio.sleep(0.08)
    (received,) = callee.report().received
    assert (received.lost, received.restarts) == (0, 0)
    assert received.packets > held


async def test_a_stopped_session_still_reports(pair: Pair) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, source=Tone())
    await asyncio.sleep(0.05)
    caller.stop()
    caller.stop()
    assert caller.report().sent[0].packets >= 1


async def test_odd_ptime_is_refused(pair: Pair) -> None:
    with pytest.raises(LabError, match="ptime of 25 ms"):
        pair[0].start(remote=pair[1].local, ptime_ms=25)
