"""Captures of any size whose truth is known: what was sent, lost, repeated and swapped is decided first, then written.

    python tests/bench/trace_load.py media OUT --seed 1 --streams 180 --seconds 118
    python tests/bench/trace_load.py sip OUT --seed 1 --calls 16900

Addresses are those of RFC 5737, numbers those that regulators reserve for fiction.
"""

from __future__ import annotations

import argparse
import json
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

START_S = 1_700_000_000
CODECS = {
    "PCMA": (8, 8000, 20, 160), "PCMU": (0, 8000, 20, 160), "G729": (18, 8000, 20, 20), "G722": (9, 8000, 20, 160),
    "opus": (111, 48_000, 20, 80), "AMR-WB": (96, 16_000, 20, 61), "iLBC": (97, 8000, 30, 50),
}  # fmt: skip
"""Encoding name to payload type, clock rate in Hz, packet time in ms, bytes of payload."""
EVENT = 101
_HEAD = 42


@dataclass
class Truth:
    """What happened to one stream on its way to the point of capture."""

    ssrc: int
    codec: str
    packets: int = 0
    lost: int = 0
    duplicates: int = 0
    reordered: int = 0
    drift_ppm: float = 0.0
    dtmf: str = ""


@dataclass
class Wire:
    """Frames that wait to be written: times in us, sizes, and blocks of equal frames."""

    blocks: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]] = field(default_factory=list)

    def add(self, time_us: npt.NDArray[np.int64], frames: npt.NDArray[np.uint8]) -> None:
        """Take frames of one size, one row each."""
        self.blocks.append((time_us, frames))

    def write(self, path: Path) -> int:
        """Write a pcap file in order of time; gives the number of packets."""
        times = np.concatenate([times for times, _ in self.blocks])
        sizes = np.concatenate([np.full(len(rows), rows.shape[1], np.int64) for _, rows in self.blocks])
        order = np.argsort(times, kind="stable")
        at = np.empty(len(order), np.int64)
        at[order] = 24 + np.cumsum(sizes[order] + 16) - sizes[order] - 16
        out = np.memmap(path, np.uint8, "w+", shape=(24 + int((sizes + 16).sum()),))
        out[:24] = np.frombuffer(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1), np.uint8)
        done = 0
        for times_us, rows in self.blocks:
            for first in range(0, len(rows), 10_000):
                some, here = rows[first : first + 10_000], at[done : done + len(rows)][first : first + 10_000]
                _put(out, here, times_us[first : first + 10_000], some)
            done += len(rows)
        out.flush()
        return len(order)


def _put(out: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], time_us: npt.NDArray[np.int64],
         rows: npt.NDArray[np.uint8]) -> None:  # fmt: skip
    size = rows.shape[1]
    heads = np.empty((len(rows), 4), "<u4")
    heads[:, 0], heads[:, 1], heads[:, 2:] = time_us // 1_000_000, time_us % 1_000_000, size
    records = np.concatenate([heads.view(np.uint8), rows], 1)
    out[at[:, None] + np.arange(16 + size)] = records


def udp(src: str, src_port: int, dst: str, dst_port: int, payload: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Ethernet, IPv4 and UDP in front of each row of payload; checksums are left out."""
    size = payload.shape[1]
    head = bytes.fromhex("020000000002020000000001") + struct.pack(
        ">HBBHHHBBH4s4sHHHH", 0x0800, 0x45, 0, 28 + size, 0, 0x4000, 64, 17, 0, _four(src), _four(dst),
        src_port, dst_port, 8 + size, 0,
    )  # fmt: skip
    frames = np.empty((len(payload), _HEAD + size), np.uint8)
    frames[:, :_HEAD] = np.frombuffer(head, np.uint8)
    frames[:, _HEAD:] = payload
    return frames


def _four(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


@dataclass(frozen=True)
class Leg:
    """One call between two addresses, with a stream each way."""

    number: int
    codec: str
    begin_s: float
    seconds: float

    @property
    def ends(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Media endpoints of caller and callee."""
        far = (f"198.51.100.{20 + self.number % 5}", 40_000 + 4 * (self.number % 6000))
        return (f"192.0.2.{10 + self.number % 8}", 20_000 + 4 * (self.number % 4900)), far

    def signalling(self, wire: Wire, rng: np.random.Generator) -> None:
        """INVITE to BYE."""
        call_id = f"{self.number:06d}-{rng.integers(1 << 40):x}@192.0.2.1"
        (here, _), (there, _) = self.ends
        steps = [
            (0.0, 0, "INVITE", 1, self._sdp(0)), (0.002, 1, "100 Trying", 1, ""), (0.1, 1, "180 Ringing", 1, ""),
            (0.3, 1, "200 OK", 1, self._sdp(1)), (0.302, 0, "ACK", 1, ""),
            (0.3 + self.seconds, 0, "BYE", 2, ""), (0.303 + self.seconds, 1, "200 OK", 2, ""),
        ]  # fmt: skip
        for after_s, side, start, number, body in steps:
            data = self._message(call_id, start, number, body, after_s)
            src, dst = (here, there) if side == 0 else (there, here)
            row = np.frombuffer(data, np.uint8)[None]
            time_us = np.array([round((START_S + self.begin_s + after_s) * 1e6)])
            wire.add(time_us, udp(src, 5060, dst, 5060, row))

    def _message(self, call_id: str, start: str, number: int, body: str, after_s: float) -> bytes:
        method = "BYE" if number == 2 else "ACK" if start == "ACK" else "INVITE"
        line = (
            f"SIP/2.0 {start}"
            if start[0].isdigit()
            else f"{start} sip:+1555010{self.number % 100:02d}@198.51.100.20 SIP/2.0"
        )
        tag = "" if after_s == 0 else ";tag=b"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{line}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{call_id[:20]}{number}{method}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:+44207946{self.number % 10_000:04d}@192.0.2.1>;tag=a\r\n"
            f"To: <sip:+1555010{self.number % 100:02d}@198.51.100.20>{tag}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:192.0.2.1:5060>\r\nUser-Agent: load\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _sdp(self, side: int) -> str:
        address, port = self.ends[side]
        kind, clock_hz, ptime_ms, _ = CODECS[self.codec]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {kind} {EVENT}\r\na=rtpmap:{kind} {self.codec}/{clock_hz}\r\n"
            f"a=rtpmap:{EVENT} telephone-event/8000\r\na=ptime:{ptime_ms}\r\n"
        )

    def media(self, wire: Wire, rng: np.random.Generator, side: int) -> Truth:
        """One direction; its trouble is drawn from the generator."""
        kind, clock_hz, ptime_ms, size = CODECS[self.codec]
        count = int(self.seconds * 1000 / ptime_ms)
        truth = Truth(int(rng.integers(1, 1 << 32)), self.codec, drift_ppm=float(rng.choice([0, 0, 0, 80, -120])))
        place = np.arange(count)
        kinds, stamps = np.full(count, kind), place * (clock_hz * ptime_ms // 1000) + rng.integers(1 << 32)
        events = self._dtmf(rng, kinds, stamps, truth)
        arrival_us = 1000 * ptime_ms * (1 + truth.drift_ppm * 1e-6) * place + rng.gamma(
            2.0, rng.choice([100, 1000, 4000]), count
        )
        if rng.random() < 0.6:
            arrival_us = np.maximum.accumulate(arrival_us)
        kept = place[~self._losses(rng, count)]
        again = kept[rng.random(len(kept)) < rng.choice([0, 0, 0.004])]
        sent = np.concatenate([kept, again])
        at_us = np.concatenate([arrival_us[kept], arrival_us[again] + rng.integers(60, 20_000, len(again))])
        order = np.argsort(at_us, kind="stable")
        sent, at_us = sent[order], at_us[order]
        truth.packets, truth.lost = len(sent), int(kept[-1] - kept[0]) + 1 - len(kept)
        truth.duplicates, truth.reordered = _counted(sent.tolist())
        rows = np.empty((len(sent), 12 + size), np.uint8)
        rows[:, 0], rows[:, 1] = 0x80, kinds[sent] | np.where(sent == 0, 0x80, 0)
        first = int(rng.integers(1 << 16))
        rows[:, 2:4] = ((first + sent) & 0xFFFF).astype(">u2").view(np.uint8).reshape(-1, 2)
        rows[:, 4:8] = (stamps[sent] & 0xFFFF_FFFF).astype(">u4").view(np.uint8).reshape(-1, 4)
        rows[:, 8:12] = np.frombuffer(struct.pack(">I", truth.ssrc), np.uint8)
        rows[:, 12:] = ((sent[:, None] * 7 + np.arange(size)) & 0xFF).astype(np.uint8)
        for row in np.flatnonzero(kinds[sent] == EVENT):
            rows[row, 12:16] = np.frombuffer(events[int(sent[row])], np.uint8)
        (src, src_port), (dst, dst_port) = self.ends if side == 0 else self.ends[::-1]
        begin_us = round((START_S + self.begin_s + 0.32) * 1e6)
        wire.add(begin_us + at_us.astype(np.int64), udp(src, src_port, dst, dst_port, rows))
        return truth

    def _dtmf(self, rng: np.random.Generator, kinds: npt.NDArray[np.int64], stamps: npt.NDArray[np.int64],
              truth: Truth) -> dict[int, bytes]:  # fmt: skip
        """Put events in place of some audio: five packets that grow, three that end (RFC 4733 section 2.5.1)."""
        payloads: dict[int, bytes] = {}
        if rng.random() > 0.2 or len(kinds) < 200:
            return payloads
        for begin in (40, 70, 100):
            digit = int(rng.integers(12))
            truth.dtmf += "0123456789*#"[digit]
            for step in range(8):
                place = begin + step
                kinds[place], stamps[place] = EVENT, stamps[begin]
                payloads[place] = struct.pack(">BBH", digit, 0x80 * (step >= 5) | 10, min(step + 1, 5) * 160)
        return payloads

    def _losses(self, rng: np.random.Generator, count: int) -> npt.NDArray[np.bool_]:
        """Losses in bursts (two states, as Gilbert has them); never of the first packets, the last, or of events."""
        share, burst = float(rng.choice([0, 0, 0.002, 0.02, 0.08])), float(rng.choice([1.2, 3, 6]))
        lost, bad = np.zeros(count, np.bool_), False
        if not share:
            return lost
        to_bad, to_good = share / burst / (1 - share), 1 / burst
        for place, chance in enumerate(rng.random(count)):
            bad = chance < to_bad if not bad else chance >= to_good
            lost[place] = bad
        lost[:3] = lost[40:110] = lost[-3:] = False
        return lost


def _counted(sent: list[int]) -> tuple[int, int]:
    """Duplicates, and packets that came after a higher one, counted the plain way."""
    seen: set[int] = set()
    highest, duplicates, reordered = -1, 0, 0
    for number in sent:
        duplicates += number in seen
        reordered += number not in seen and number < highest
        seen.add(number)
        highest = max(highest, number)
    return duplicates, reordered


def media(path: Path, seed: int, streams: int, seconds: float) -> list[Truth]:
    """Write calls with that many streams; gives the truth about each."""
    rng, wire, names = np.random.default_rng(seed), Wire(), list(CODECS)
    truths = []
    for number in range(streams // 2):
        leg = Leg(number, names[number % len(names)], 0.37 * (number % 300), seconds)
        leg.signalling(wire, rng)
        truths += [leg.media(wire, rng, side) for side in (0, 1)]
    wire.write(path)
    return truths


def sip(path: Path, seed: int, calls: int) -> int:
    """Write calls without media, seven messages and one more each; gives the number of packets."""
    rng, wire = np.random.default_rng(seed), Wire()
    for number in range(calls):
        Leg(number, "PCMA", 0.05 * number, 20.0).signalling(wire, rng)
    return wire.write(path)


def main() -> None:
    """Write what the command line asks for, and the truth beside it; print how many messages or RTP packets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["media", "sip"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streams", type=int, default=180)
    parser.add_argument("--seconds", type=float, default=118.0)
    parser.add_argument("--calls", type=int, default=19_300)
    options = parser.parse_args()
    if options.kind == "sip":
        print(sip(options.out, options.seed, options.calls))
        return
    truths = media(options.out, options.seed, options.streams, options.seconds)
    options.out.with_suffix(".truth.json").write_text(json.dumps([asdict(each) for each in truths]))
    print(sum(each.packets for each in truths))


if __name__ == "__main__":
    main()
