"""Streams as sound."""

from __future__ import annotations

import io
import wave
from array import array
from math import pi, sin
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.rtp.codec import CODECS
from labkit.trace import open_trace
from labkit.trace.audio import Sound

HERE, THERE = Call().media


def played(
    path: Path, name: str, frequency_hz: float, seconds: float = 3.0, skip: tuple[int, ...] = (), jump: int = 0
) -> Sound:
    """The sound of a stream with a tone and a second of silence behind it."""
    codec = CODECS[name]
    coder, size = codec.coder(), codec.sample_rate_hz // 50
    peak = codec.zero_dbm0_peak * 10**-0.5
    frames = []
    for n in range(int(50 * seconds) + 50):
        level = peak if n < 50 * seconds else 0
        samples = array(
            "h",
            (round(level * sin(2 * pi * frequency_hz * (n * size + k) / codec.sample_rate_hz)) for k in range(size)),
        )
        packet = wire.rtp(n, 160 * n + jump * (n // 20), 5, coder.encode(samples), kind=codec.payload_type)
        if n not in skip:
            frames.append((wire.START_S + 2 + n * 0.02, wire.ethernet(wire.udp(HERE, THERE, packet))))
    whole = sorted([*Call(codecs="8 0 9 101").frames(), *frames], key=lambda frame: frame[0])
    return open_trace(wire.pcap(path / "x.pcap", whole)).sound(1)


@pytest.mark.parametrize("name", ["PCMA", "PCMU", "G722"])
@pytest.mark.parametrize("frequency_hz", [440, 620])
def test_tone_is_heard(tmp_path: Path, name: str, frequency_hz: int) -> None:
    sound = played(tmp_path, name, frequency_hz)
    assert f"tone {frequency_hz} Hz, 3.0 s, then silence, 1.0 s" == str(sound)
    assert 4.0 == pytest.approx(sound.duration_s)


def test_lost_packets_are_silence_in_their_place(tmp_path: Path) -> None:
    sound = played(tmp_path, "PCMA", 440, skip=tuple(range(50, 100)))
    assert "tone 440 Hz, 1.0 s, then silence, 1.0 s, then tone 440 Hz, 1.0 s, then silence, 1.0 s" == str(sound)


@pytest.mark.parametrize("jump", [57_000_000, -57_000_000])
def test_a_sender_that_counts_anew_is_heard_as_its_packets_came(tmp_path: Path, jump: int) -> None:
    assert "tone 440 Hz, 3.0 s, then silence, 1.0 s" == str(played(tmp_path, "PCMA", 440, jump=jump))


def test_small_jumps_never_lead_far_from_the_time_of_arrival(tmp_path: Path) -> None:
    assert played(tmp_path, "PCMA", 440, seconds=9.0, jump=5_000).duration_s < 11.1


def test_sound_is_written_as_wav_and_drawn_as_a_waveform(tmp_path: Path) -> None:
    sound = played(tmp_path, "PCMA", 440)
    with wave.open(io.BytesIO(sound.wav())) as file:
        assert (8000, 32_000) == (file.getframerate(), file.getnframes())
    low, high = sound.waveform(100)
    assert 100 == len(low) == len(high)
    assert low[0] < -7000 < 0 < 7000 < high[0]


def test_what_cannot_be_decoded_says_so(tmp_path: Path) -> None:
    packets = [wire.rtp(n, 160 * n, 5, bytes(20), kind=18) for n in range(50)]
    frames = [
        (wire.START_S + 2 + n * 0.02, wire.ethernet(wire.udp(HERE, THERE, each))) for n, each in enumerate(packets)
    ]
    whole = sorted([*Call(codecs="18").frames(), *frames], key=lambda frame: frame[0])
    sound = open_trace(wire.pcap(tmp_path / "x.pcap", whole)).sound(1)
    assert (0.0, "G729 cannot be decoded here") == (sound.duration_s, str(sound))
