"""Two sessions on loopback: what one sends the other measures."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from os import urandom
from time import time

import pytest

from labkit.errors import HostError, LabError
from labkit.rtp.fault import MediaFaults
from labkit.rtp.packet import RtpPacket
from labkit.rtp.report import ReceivedStream
from labkit.rtp.session import MediaSession
from labkit.rtp.source import Echo, Tone
from labkit.rtp.srtp import KEY_OCTETS, SUITES, Crypto
from labkit.rtp.ticker import Ticker


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
    await asyncio.sleep(0.25)
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


async def test_looks_and_digits_leave_no_gap_in_the_numbers(pair: Pair) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, source=Tone(), dtmf_payload_type=101)
    for _ in range(5):
        await asyncio.sleep(0.03)
        caller.report()
        assert caller.packets_sent
    took_s = caller.send_dtmf("1", 60, 40)
    await asyncio.sleep(took_s + 0.1)
    caller.stop()
    (sent,), (received,) = caller.report().sent, callee.report().received
    assert (received.lost, received.reordered, received.duplicates, received.restarts) == (0, 0, 0, 0)
    assert (sent.packets, sent.payload_types) == (received.packets, received.payload_types)
    assert (sent.first_s, sent.last_s) == pytest.approx((received.first_s, received.last_s), abs=0.1)


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


@pytest.mark.parametrize(("wanted", "sent"), [(5, 10), (25, 20), (30, 30), (9999, 120)])
async def test_an_odd_ptime_is_brought_to_what_the_clock_can(pair: Pair, wanted: int, sent: int) -> None:
    pair[0].start(remote=pair[1].local, ptime_ms=wanted, source=Tone())
    await asyncio.sleep(0.15)
    (stream,) = pair[1].report().received
    assert stream.octets == 8 * sent * stream.packets


@pytest.mark.parametrize("remote", [None, ("0.0.0.0", 4000), ("::", 4000), ("127.0.0.1", 0), ("media.example", 4000)])
async def test_nothing_is_sent_to_nowhere(pair: Pair, remote: tuple[str, int] | None) -> None:
    pair[0].start(remote=remote, source=Tone())
    await asyncio.sleep(0.05)
    assert (pair[0].report().sent, pair[0].outlet.errors) == ((), 0)


async def test_faults_count_their_time_from_the_first_packet_time(pair: Pair) -> None:
    pair[0].update(source=Tone(), faults=MediaFaults(stop_after_s=0.1))
    await asyncio.sleep(0.15)
    pair[0].update(remote=pair[1].local)
    await asyncio.sleep(0.2)
    assert 4 <= pair[1].packets_received <= 6


def talk(pair: Pair, **plan: object) -> None:
    """Both send 440 Hz to each other by this plan."""
    for here, there in (pair, pair[::-1]):
        here.start(**{"remote": there.local, "source": Tone(), **plan})


@pytest.mark.parametrize("clock_hz", [8000, 16000])
async def test_digits_are_sent_and_received(pair: Pair, clock_hz: int) -> None:
    told: list[str] = []
    pair[1].on_digit(lambda digit: told.append(digit.digit))
    talk(pair, dtmf_payload_type=101, dtmf_clock_rate_hz=clock_hz)
    await asyncio.sleep(pair[0].send_dtmf("1#", duration_ms=60, pause_ms=40) + 0.05)
    report = pair[1].report()
    assert (report.digits, told) == ("1#", ["1", "#"])
    assert [digit.duration_ms for digit in report.dtmf] == [60.0, 60.0]
    assert report.received[0].lost == 0


async def test_digits_without_a_payload_type_go_as_tones(pair: Pair) -> None:
    talk(pair, detect_inband=True)
    await asyncio.sleep(pair[0].send_dtmf("42", duration_ms=80, pause_ms=60) + 0.05)
    assert [(digit.digit, digit.inband) for digit in pair[1].report().dtmf] == [("4", True), ("2", True)]


async def test_digits_on_hold_are_refused(pair: Pair) -> None:
    talk(pair, direction="recvonly")
    with pytest.raises(LabError, match="DTMF '1' cannot be sent: media is recvonly"):
        pair[0].send_dtmf("1")


async def test_srtp_carries_media_and_reports(pair: Pair) -> None:
    keys = urandom(KEY_OCTETS), urandom(KEY_OCTETS)
    for side, (here, there) in enumerate((pair, pair[::-1])):
        crypto = Crypto(SUITES[0], keys[side], keys[1 - side])
        here.start(remote=there.local, source=Tone(), srtp=crypto, rtcp_interval_s=0.1)
    await asyncio.sleep(0.25)
    for session in pair:
        report = session.report()
        assert report.tone.frequency_hz == pytest.approx(440, abs=0.5)
        assert (report.invalid_packets, report.send_errors) == (0, 0)
        assert report.rtcp_received > 0


async def test_wrong_srtp_key_lets_nothing_through(pair: Pair) -> None:
    talk(pair, srtp=Crypto(SUITES[0], urandom(KEY_OCTETS), urandom(KEY_OCTETS)))
    await asyncio.sleep(0.1)
    report = pair[0].report()
    assert report.received == ()
    assert report.invalid_packets > 0


async def test_far_reports_say_loss_jitter_and_round_trip(pair: Pair) -> None:
    talk(pair, rtcp_interval_s=0.1)
    await asyncio.sleep(0.35)
    (sent,) = pair[0].report().sent
    assert sent.reported_lost == 0
    assert sent.round_trip_ms is not None
    assert 0 <= sent.round_trip_ms < 50


async def test_stop_says_goodbye(pair: Pair) -> None:
    talk(pair)
    await asyncio.sleep(0.05)
    ssrc = pair[0].report().sent[0].ssrc
    pair[0].stop()
    await asyncio.sleep(0.02)
    assert pair[1].report().rtcp_received
    assert pair[1].reporter.goodbyes == [ssrc]


async def test_latch_sends_to_where_packets_come_from(pair: Pair) -> None:
    caller, callee = pair
    caller.start(remote=callee.local, source=Tone())
    callee.start(remote=("127.0.0.99", 9), source=Tone(), latch=True)
    await asyncio.sleep(0.2)
    assert caller.report().received[0].packets > 0


def in_other_order(stream: ReceivedStream) -> bool:
    """Whether each third packet of four came after the fourth; the last one may be on its way."""
    awaited = stream.lost
    return stream.reordered + awaited == stream.expected // 4 > 0 and awaited <= (stream.expected % 4 == 0)


FAULTS = {
    "one-way": (MediaFaults(stop_after_s=0), None),
    "loss": (MediaFaults(pattern="...x"), lambda stream: stream.lost == stream.expected // 4 > 0),
    "reordered": (MediaFaults(pattern="..r."), lambda stream: in_other_order(stream)),
    "twice": (MediaFaults(pattern="d..."), lambda stream: stream.duplicates >= 2),
    "moved": (MediaFaults(move_after_s=0.08), lambda stream: len(stream.addresses) == 2),
    "wrong payload type": (MediaFaults(payload_type=3), lambda stream: list(stream.payload_types) == [3]),
    "other ptime": (MediaFaults(ptime_ms=40), lambda stream: stream.octets == 320 * stream.packets),
    "sequence leaps": (MediaFaults(jump_after_s=0.08), lambda stream: stream.restarts == 1),
    "late": (MediaFaults(jitter_ms=15), lambda stream: stream.jitter_ms > 0.8),
}
"""Faults, and what the far side sees of each in a fifth of a second; None: nothing comes."""


@pytest.mark.parametrize(("faults", "seen"), FAULTS.values(), ids=FAULTS)
async def test_far_side_sees_the_fault(pair: Pair, faults: MediaFaults, seen: object) -> None:
    pair[0].start(remote=pair[1].local, source=Tone(), faults=faults)
    await asyncio.sleep(0.21)
    received = pair[1].report().received
    if seen is None:
        assert received == ()
    else:
        assert callable(seen)
        assert seen(received[0]), received[0]


async def test_a_late_start_is_late_at_the_far_side(pair: Pair) -> None:
    began_s = time()
    pair[0].start(remote=pair[1].local, source=Tone(), faults=MediaFaults(start_after_s=0.1))
    await asyncio.sleep(0.2)
    (received,) = pair[1].report().received
    assert received.first_s - began_s >= 0.099


async def test_new_ssrc_is_a_stream_of_its_own(pair: Pair) -> None:
    pair[0].start(remote=pair[1].local, source=Tone(), faults=MediaFaults(ssrc_after_s=0.08))
    await asyncio.sleep(0.2)
    sent, received = pair[0].report().sent, pair[1].report().received
    assert [stream.ssrc for stream in sent] == [stream.ssrc for stream in received]
    assert len(received) == 2


async def test_digit_faults_show_at_the_far_side(pair: Pair) -> None:
    talk(pair, dtmf_payload_type=101, faults=MediaFaults(dtmf_payload_type=96, dtmf_clock_rate_hz=16000))
    await asyncio.sleep(pair[0].send_dtmf("1") + 0.05)
    report = pair[1].report()
    assert report.digits == ""
    assert report.received[0].payload_types[96] > 0


async def test_rubbish_is_counted_and_harmless(pair: Pair) -> None:
    talk(pair)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        for rubbish in (b"", b"\x80", b"\x80\xc8\x00", b"GET / HTTP/1.1\r\n\r\n", bytes(12)):
            stranger.sendto(rubbish, pair[0].local)
            stranger.sendto(rubbish, (pair[0].local[0], pair[0].local_port + 1))
    await asyncio.sleep(0.1)
    report = pair[0].report()
    assert report.invalid_packets == 10
    assert len(report.received) == 1


async def test_report_can_be_written_as_json(pair: Pair) -> None:
    talk(pair)
    await asyncio.sleep(0.05)
    written = json.loads(json.dumps(asdict(pair[0].report())))
    assert written["sent"][0]["packets"] == pair[0].report().sent[0].packets


async def test_nothing_is_left_behind() -> None:
    ticker = Ticker()
    for _ in range(3):
        session = MediaSession.open("127.0.0.1", ticker=ticker)
        session.start(remote=session.local, source=Tone())
        await asyncio.sleep(0.03)
        session.stop()
    assert ticker.idle


async def test_ipv6_works_as_well() -> None:
    session = MediaSession.open("::1")
    session.start(remote=session.local, source=Tone())
    await asyncio.sleep(0.1)
    session.stop()
    (received,) = session.report().received
    assert received.addresses == (session.local,)


async def test_faults_told_before_the_codec_is_agreed_hold_for_it(pair: Pair) -> None:
    pair[0].update(source=Tone(), faults=MediaFaults(silence_after_s=0))
    pair[0].update(remote=pair[1].local, codec="PCMA", payload_type=8)
    pair[1].start(codec="PCMA", payload_type=8)
    await asyncio.sleep(0.2)
    report = pair[1].report()
    assert report.received[0].payload_types.keys() == {8}
    assert report.tone.frequency_hz is None


async def test_a_move_to_an_address_that_is_not_here_is_an_error_of_sending_only(pair: Pair) -> None:
    talk(pair, faults=MediaFaults(move_after_s=0, move_host="192.0.2.1"))
    await asyncio.sleep(0.1)
    assert pair[0].report().send_errors > 0


async def test_what_a_callback_raises_stops_no_other_session(pair: Pair) -> None:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context["exception"]))
    pair[1].on_digit(lambda digit: int(digit.digit))
    talk(pair, dtmf_payload_type=101)
    await asyncio.sleep(pair[0].send_dtmf("#5", duration_ms=60) + 0.2)
    assert [str(error) for error in raised] == ["invalid literal for int() with base 10: '#'"]
    assert pair[1].report().digits == "#5"


async def test_codec_changes_in_the_middle(pair: Pair) -> None:
    for codec, payload_type in (("PCMU", 0), ("G722", 9), ("PCMA", 8)):
        for here, there in (pair, pair[::-1]):
            here.update(remote=there.local, source=Tone(), codec=codec, payload_type=payload_type)
        await asyncio.sleep(0.25)
        assert pair[1].report().tone.frequency_hz == pytest.approx(440, abs=0.5)


async def test_a_far_side_that_refuses_packets_is_sent_all_of_them(pair: Pair) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()
    pair[0].start(remote=nobody, source=Tone())
    await asyncio.sleep(0.25)
    report = pair[0].report()
    assert report.sent[0].packets >= 8
    assert report.send_errors == 0


async def test_media_from_elsewhere_arrives_beside_that_of_the_far_side(pair: Pair) -> None:
    talk(pair)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.sendto(bytes(RtpPacket(0, 1, 1, 4711, b"x" * 160)), pair[0].local)
        await asyncio.sleep(0.1)
        received = pair[0].report().received
    assert {stream.ssrc for stream in received} > {4711}


async def test_nobody_else_binds_the_port_of_a_session(pair: Pair) -> None:
    talk(pair)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(pair[0].local)
