"""DTMF: RFC 4733 events sent and put together again, and tones in the audio."""

from __future__ import annotations

import random
from array import array

import pytest

from labkit.errors import LabError
from labkit.rtp.codec import PCMA, PCMU
from labkit.rtp.dtmf import EventReceiver, TelephoneEvent, event_payloads, frequencies_hz
from labkit.rtp.inband import InbandDetector
from labkit.rtp.packet import RtpPacket
from labkit.rtp.sender import Sender, event_packets
from labkit.rtp.source import Silence
from labkit.rtp.tone import tone_samples

ALL_DIGITS = "0123456789*#ABCD"


def test_event_is_laid_out_as_in_the_rfc() -> None:
    """RFC 4733, section 2.3, figure 1: event, E, R, volume, duration."""
    event = TelephoneEvent(event=11, end=True, duration=800, volume=10)
    assert bytes(event) == bytes.fromhex("0b8a0320")
    assert TelephoneEvent.parse(bytes(event)) == event


def test_digit_grows_and_ends_three_times() -> None:
    events = [TelephoneEvent.parse(payload) for payload in event_payloads("5", 100, 20, 8000)]
    assert [event.duration for event in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in events] == [False] * 4 + [True] * 3


def test_durations_count_by_the_clock() -> None:
    events = [TelephoneEvent.parse(payload) for payload in event_payloads("5", 60, 20, 16000)]
    assert [event.duration for event in events] == [320, 640, 960, 960, 960]


@pytest.mark.parametrize(("digit", "duration_ms"), [("E", 100), ("55", 100), ("5", 9000), ("5", 0)])
def test_what_is_no_event_is_refused(digit: str, duration_ms: int) -> None:
    with pytest.raises(LabError, match=r"digit|event"):
        list(event_payloads(digit, duration_ms, 20, 8000))


def packets_of(digits: str, factor: float = 1.0) -> list[RtpPacket]:
    """The packets that a sender makes of digits."""
    sender = Sender(1, 100, 8000)
    sender.play(Silence().payloads(PCMU, 20), 0, 20, 8000)
    inserted = event_packets(digits, 101, 100, 60, 20, 8000, factor)
    sender.insert(inserted)
    return [RtpPacket.parse(sender.packet() or b"") for _ in inserted]


def heard(packets: list[RtpPacket], clock_rate_hz: int = 8000) -> EventReceiver:
    """A receiver that took these packets."""
    receiver = EventReceiver()
    for at, packet in enumerate(packets):
        if packet.payload_type == 101:
            receiver.receive(packet.ssrc, packet.timestamp, packet.payload, clock_rate_hz, 0.020 * at)
    return receiver


def test_packets_of_an_event_share_its_timestamp_and_the_first_is_marked() -> None:
    events = [packet for packet in packets_of("7") if packet.payload_type == 101]
    assert {packet.timestamp for packet in events} == {8000}
    assert [packet.marker for packet in events] == [True] + [False] * 6


def test_audio_goes_on_between_digits_where_the_clock_says() -> None:
    packets = packets_of("7")
    assert [packet.payload_type for packet in packets] == [101] * 7 + [0] * 3
    assert [packet.timestamp for packet in packets[7:]] == [8000 + 160 * step for step in (7, 8, 9)]
    assert packets[7].marker


def test_every_digit_is_heard_once_with_its_duration() -> None:
    digits = heard(packets_of(ALL_DIGITS)).digits()
    assert "".join(digit.digit for digit in digits) == ALL_DIGITS
    assert {(digit.duration_ms, digit.ended) for digit in digits} == {(100.0, True)}


def test_the_same_digit_twice_is_two_digits() -> None:
    assert len(heard(packets_of("11")).digits()) == 2


def test_end_is_told_once() -> None:
    receiver = EventReceiver()
    told = [receiver.receive(1, packet.timestamp, packet.payload, 8000, 0.0) for packet in packets_of("9")[:7]]
    assert [digit.digit if digit else None for digit in told] == [None] * 4 + ["9", None, None]


def test_lost_ends_leave_a_digit_that_did_not_end() -> None:
    (digit,) = heard(packets_of("3")[:3]).digits()
    assert (digit.digit, digit.duration_ms, digit.ended) == ("3", 60.0, False)


def test_order_and_copies_do_not_matter() -> None:
    packets = packets_of("42")
    shuffled = packets * 2
    random.Random(4).shuffle(shuffled)
    digits = heard(shuffled).digits()
    assert sorted((digit.digit, digit.duration_ms) for digit in digits) == [("2", 100.0), ("4", 100.0)]


def test_a_wrong_clock_shows_as_a_wrong_duration() -> None:
    packets = packets_of("5", factor=2.0)
    assert heard(packets).digits()[0].duration_ms == 200.0
    assert heard(packets, clock_rate_hz=16000).digits()[0].duration_ms == 100.0


@pytest.mark.parametrize("payload", [b"", b"\x05\x0a\x00", bytes([36, 0x8A, 0, 160])])
def test_what_is_no_digit_passes_by(payload: bytes) -> None:
    receiver = EventReceiver()
    assert receiver.receive(1, 0, payload, 8000, 0.0) is None
    assert receiver.digits() == ()


def audio_of(digits: str, level_dbm0: float = -8.0, off: float = 1.0, twist_db: float = 0.0) -> array[int]:
    """Tones of 80 ms with pauses of 80 ms, through A-law."""
    audio = array("h", bytes(2 * 400))
    for digit in digits:
        row, column = frequencies_hz(digit)
        low = tone_samples((round(row * off),), level_dbm0, 640, 8000, PCMA.zero_dbm0_peak)
        high = tone_samples((round(column * off),), level_dbm0 + twist_db, 640, 8000, PCMA.zero_dbm0_peak)
        audio += array("h", map(sum, zip(low, high, strict=True))) + array("h", bytes(2 * 640))
    coder = PCMA.coder()
    return coder.decode(coder.encode(audio))


def inband(audio: array[int]) -> InbandDetector:
    """A detector that took audio in packets of 20 ms."""
    detector = InbandDetector(8000, PCMA.zero_dbm0_peak)
    for at in range(0, len(audio), 160):
        detector.feed(audio[at : at + 160], at / 8000)
    return detector


HEARD_INBAND = {
    "plain": {},
    "soft": {"level_dbm0": -28.0},
    "1.5 % high": {"off": 1.015},
    "1.5 % low": {"off": 0.985},
    "column 6 dB louder": {"level_dbm0": -14.0, "twist_db": 6.0},
    "column 6 dB softer": {"twist_db": -6.0},
}
"""What ITU-T Q.24 wants accepted, by name."""


@pytest.mark.parametrize("how", HEARD_INBAND.values(), ids=HEARD_INBAND)
def test_tones_in_the_audio_are_heard_once_each(how: dict[str, float]) -> None:
    digits = inband(audio_of(ALL_DIGITS, **how)).digits
    assert "".join(digit.digit for digit in digits) == ALL_DIGITS
    assert all(50 <= digit.duration_ms <= 110 for digit in digits)


def test_one_tone_and_noise_are_no_digits() -> None:
    tone = tone_samples((770,), -10.0, 8000, 8000, PCMA.zero_dbm0_peak)
    draw = random.Random(1)
    noise = array("h", (draw.randrange(-8000, 8000) for _ in range(8000)))
    assert inband(tone + noise).digits == []
