"""Media faults: what each does to the packets that leave."""

from __future__ import annotations

import pytest

from labkit.errors import LabError
from labkit.rtp.fault import Disturber, MediaFaults
from labkit.rtp.packet import RtpPacket


def disturbed(faults: MediaFaults, count: int = 10, step_s: float = 0.020) -> list[RtpPacket]:
    """What leaves in place of `count` packets, every 20 ms."""
    disturber = Disturber(faults, 0, b"\xff" * 4)
    out = []
    for at in range(count):
        packet = bytes(RtpPacket(0, at, 160 * at, 7, b"\x10" * 4))
        out += disturber.disturb(packet, at * step_s)
    return [RtpPacket.parse(packet) for _, packet in out]


def sequences(faults: MediaFaults, count: int = 10) -> list[int]:
    """The sequence numbers that leave."""
    return [packet.sequence for packet in disturbed(faults, count)]


PATTERNS = {"": [0, 1, 2, 3, 4, 5], "..x": [0, 1, 3, 4], "d.": [0, 0, 1, 2, 2, 3, 4, 4, 5], ".r.": [0, 2, 1, 3, 5, 4]}


@pytest.mark.parametrize(("pattern", "order"), PATTERNS.items())
def test_pattern_drops_doubles_and_reorders(pattern: str, order: list[int]) -> None:
    assert sequences(MediaFaults(pattern=pattern), 6) == order


def test_loss_is_as_large_as_wanted_and_the_same_for_the_same_seed() -> None:
    left = sequences(MediaFaults(loss=0.2, seed=5), 2000)
    assert 1520 <= len(left) <= 1680
    assert left == sequences(MediaFaults(loss=0.2, seed=5), 2000)
    assert left != sequences(MediaFaults(loss=0.2, seed=6), 2000)


def test_jitter_is_a_delay_up_to_its_limit() -> None:
    disturber = Disturber(MediaFaults(jitter_ms=30), 0, b"")
    delays = [disturber.disturb(bytes(RtpPacket(0, 0, 0, 0)), 0.0)[0][0] for _ in range(200)]
    assert 0 <= min(delays) < 0.003 < 0.027 < max(delays) <= 0.030


AT_100_MS = {
    "silence": (MediaFaults(silence_after_s=0.1), lambda packet: packet.payload == b"\xff" * 4),
    "comfort noise": (MediaFaults(comfort_noise_after_s=0.1), lambda packet: packet.payload_type == 13),
    "SSRC": (MediaFaults(ssrc_after_s=0.1), lambda packet: packet.ssrc != 7),
    "sequence": (MediaFaults(jump_after_s=0.1), lambda packet: packet.sequence >= 20000),
    "timestamp": (
        MediaFaults(jump_after_s=0.1, sequence_jump=0, timestamp_jump=5000),
        lambda packet: packet.timestamp == 160 * packet.sequence + 5000,
    ),
}


@pytest.mark.parametrize(("faults", "changed"), AT_100_MS.values(), ids=AT_100_MS)
def test_change_comes_at_its_time(faults: MediaFaults, changed: object) -> None:
    assert callable(changed)
    assert [changed(packet) for packet in disturbed(faults)] == [False] * 5 + [True] * 5


def test_wrong_payload_type_is_for_audio_only() -> None:
    disturber = Disturber(MediaFaults(payload_type=18), 0, b"")
    audio, event = (bytes(RtpPacket(kind, 0, 0, 0, marker=True)) for kind in (0, 101))
    assert [disturber.disturb(each, 0.0)[0][1][1] for each in (audio, event)] == [0x80 | 18, 0x80 | 101]


@pytest.mark.parametrize(
    ("faults", "sends"),
    [
        (MediaFaults(), [True, True, True]),
        (MediaFaults(start_after_s=1), [False, True, True]),
        (MediaFaults(stop_after_s=2), [True, True, False]),
        (MediaFaults(stop_after_s=0), [False, False, False]),
    ],
)
def test_start_and_stop(faults: MediaFaults, sends: list[bool]) -> None:
    disturber = Disturber(faults, 0, b"")
    assert [disturber.sends(elapsed_s) for elapsed_s in (0.0, 1.0, 2.0)] == sends


def test_policy_table_is_read() -> None:
    assert MediaFaults.parse({"loss": 0.1, "pattern": "..x"}) == MediaFaults(loss=0.1, pattern="..x")


@pytest.mark.parametrize(
    ("table", "why"), [({"lost": 0.1}, "no media fault lost"), ({"pattern": "..q"}, "pattern '..q'")]
)
def test_wrong_policy_table_is_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises(LabError, match=why):
        MediaFaults.parse(table)
