"""Damaged captures: every table can be made, or an error says what is wrong; nothing else ever happens."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.errors import CaptureError
from labkit.trace import open_trace

TABLES = ("messages", "transactions", "legs", "calls", "offers", "streams", "intervals", "findings", "dtmf")


def originals(folder: Path) -> dict[str, bytes]:
    """A small capture of everything, in both forms of file."""
    here, there = Call().media
    media = [
        (
            wire.START_S + 2 + 0.02 * n,
            wire.ethernet(wire.udp(here, there, wire.rtp(n, 160 * n, 9, kind=8 if n % 5 else 101))),
        )
        for n in range(20)
    ]
    report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 9, 1, 2, 3, 4, 5)
    control = wire.ethernet(wire.udp((here[0], here[1] + 1), (there[0], there[1] + 1), report))
    frames = sorted([*Call().frames(), *media, (wire.START_S + 3, control)], key=lambda frame: frame[0])
    blocks = [wire.enhanced(packet, int(time_s * 1e6)) for time_s, packet in frames]
    return {
        "pcap": wire.pcap(folder / "whole.pcap", frames).read_bytes(),
        "pcapng": wire.section() + wire.interface() + b"".join(blocks),
    }


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Flip bits, cut, lie about lengths, repeat and drop parts."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(changed))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at : at + 4] = rng.choice(
                [b"\xff\xff\xff\xff", bytes(4), b"\0\0\0\x80", struct.pack("<I", rng.randrange(300))]
            )
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 60)]
        elif kind == 3:
            changed[at:at] = rng.randbytes(rng.randrange(1, 40))
        elif kind == 4:
            changed[at:at] = changed[at : at + rng.randrange(200)]
        else:
            del changed[max(at, 30) :]
        if not changed:
            return b""
    return bytes(changed)


def read(path: Path, tables: tuple[str, ...] = TABLES) -> str:
    """Make tables of a capture; gives what is wrong with it, if it cannot be read at all."""
    trace = open_trace(path)
    try:
        for table in tables:
            trace.columns(table)
    except CaptureError as why:
        return str(why)
    assert all(str(path) in note for note in trace.notes)
    return ""


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_mutated_captures(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_TSHARK", "/nowhere/tshark")
    data, rng, path = originals(tmp_path)[form], random.Random(7), tmp_path / "mutated"
    for _ in range(60):
        path.write_bytes(mutated(data, rng))
        wrong = read(path)
        assert not wrong or str(path) in wrong


def test_damaged_sip_and_sdp_are_kept_as_far_as_they_can_be_read(tmp_path: Path) -> None:
    rng, frames = random.Random(3), []
    texts = [
        Call().message("INVITE sip:x SIP/2.0", body=Call().sdp(0)),
        Call().message("SIP/2.0 200 OK", body=Call().sdp(1)),
    ]
    for n in range(200):
        text = bytearray(rng.choice(texts))
        for _ in range(rng.randint(1, 10)):
            text[rng.randrange(len(text))] = rng.randrange(256)
        frames.append(
            (wire.START_S + n, wire.ethernet(wire.udp(("192.0.2.1", 5060), ("192.0.2.2", 5060), bytes(text))))
        )
    path = wire.pcap(tmp_path / "x.pcap", frames)
    assert "" == read(path)
    assert len(open_trace(path).messages) > 150
