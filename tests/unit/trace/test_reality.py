"""What was negotiated against what was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call, End

from labkit.trace import Capture, open_trace

HERE, THERE = Call().media
AWAY = ("203.0.113.9", 20_000)


def talk(src: End, dst: End, begin_s: float = 1.1, kind: int = 8, ssrc: int = 1) -> list[wire.Frame]:
    """Nine seconds of packets, each of 20 ms."""
    packets = (wire.rtp(n, 160 * n, ssrc, kind=kind) for n in range(450))
    return [
        (wire.START_S + begin_s + 0.02 * n, wire.ethernet(wire.udp(src, dst, packet)))
        for n, packet in enumerate(packets)
    ]


def found(path: Path, frames: list[wire.Frame], call: Call | None = None) -> list[tuple[str, str]]:
    """Kind and side of all findings about a call with these packets."""
    whole = sorted([*(call or Call()).frames(), *frames], key=lambda frame: frame[0])
    table = open_trace(wire.pcap(path / "x.pcap", whole)).findings
    return list(zip(table.kind, table.side, strict=True))


BACK = talk(THERE, HERE, ssrc=2)
SCENES: dict[str, tuple[Callable[[], list[wire.Frame]], list[tuple[str, str]]]] = {
    "both ways": (lambda: talk(HERE, THERE) + BACK, []),
    "one way": (lambda: BACK, [("none", "caller")]),
    "late": (lambda: talk(HERE, THERE, 5.0) + BACK, [("late", "caller")]),
    "from elsewhere": (lambda: talk(AWAY, THERE) + BACK, [("address", "caller")]),
    "from another port": (lambda: talk((HERE[0], 9), THERE) + BACK, [("port", "caller")]),
    "to elsewhere": (lambda: talk(HERE, AWAY) + BACK, [("destination", "caller")]),
    "wrong payload type": (lambda: talk(HERE, THERE, kind=9) + BACK, [("payload_type", "caller")]),
}


@pytest.mark.parametrize("scene", SCENES)
def test_findings(tmp_path: Path, scene: str) -> None:
    frames, expected = SCENES[scene]
    assert expected == found(tmp_path, frames())


PBX, PUBLIC, SBC = ("10.10.0.10", 10_000), ("198.51.100.1", 10_000), ("203.0.113.12", 20_000)


def behind_nat(path: Path, announced: End, points: str, came_from: End = PUBLIC) -> list[tuple[str, str, str]]:
    """Point, kind and side of the findings about a call out of a PBX that announces an address from behind a NAT."""
    inside = Call((PBX[0], 5060), ("203.0.113.10", 5060), media=(announced, SBC))
    outside = replace(inside, src=(PUBLIC[0], 5060))
    wires = {
        "inside": [*inside.frames(), *talk(PBX, SBC), *talk(SBC, PBX, ssrc=2)],
        "outside": [*outside.frames(), *talk(came_from, SBC), *talk(SBC, PUBLIC, ssrc=2)],
    }
    files = {
        point: wire.pcap(path / f"{point}.pcap", sorted(wires[point], key=lambda frame: frame[0]))
        for point in points.split()
    }
    table = open_trace(Capture(files)).findings
    return list(zip(table.point, table.kind, table.side, strict=True))


@pytest.mark.parametrize("points", ["inside outside", "outside inside", "inside", "outside"])
def test_a_nat_that_the_pbx_knows_of_is_no_contradiction(tmp_path: Path, points: str) -> None:
    assert [] == behind_nat(tmp_path, PUBLIC, points)


def test_a_private_address_in_sdp_is_seen_outside(tmp_path: Path) -> None:
    both = [("outside", "address", "caller"), ("outside", "destination", "callee")]
    assert both == behind_nat(tmp_path, PBX, "inside outside") == behind_nat(tmp_path, PBX, "outside")
    assert [] == behind_nat(tmp_path, PBX, "inside")


@pytest.mark.parametrize("points", ["inside outside", "outside"])
def test_a_wrong_public_address_in_sdp_is_seen_outside(tmp_path: Path, points: str) -> None:
    both = [("outside", "address", "caller"), ("outside", "destination", "callee")]
    assert both == behind_nat(tmp_path, ("198.51.100.99", 10_000), points)


def test_a_nat_that_changes_the_port_is_a_contradiction(tmp_path: Path) -> None:
    changed = PUBLIC[0], 33_333
    assert [("outside", "port", "caller")] == behind_nat(tmp_path, PUBLIC, "inside outside", came_from=changed)


def test_digits_are_read_once_each(tmp_path: Path) -> None:
    frames = []
    for place, digit in enumerate((1, 1, 11)):
        for step in range(6):
            payload = bytes([digit, 0x80 * (step > 2) | 10]) + (160 * min(step + 1, 4)).to_bytes(2, "big")
            packet = wire.rtp(10 * place + step, 8000 * (place + 1), 7, payload, kind=101)
            at = wire.START_S + 2 + place + step * 0.02
            frames.append((at, wire.ethernet(wire.udp(HERE, THERE, packet))))
    whole = sorted([*Call().frames(), *frames], key=lambda frame: frame[0])
    trace = open_trace(wire.pcap(tmp_path / "x.pcap", whole))
    assert "11#" == trace.streams.dtmf[0]
    assert [80.0] * 3 == trace.dtmf.duration_ms.tolist()
    assert trace.dtmf.ended.all()
