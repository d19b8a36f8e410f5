"""The diagnosis on traffic of any size: no lamp may be red on healthy calls, and 10,000 messages take a second at most.

    python -m tests.bench.triage_load [--calls 10000] [--seed 1]

A PBX behind NAT, captured on its own side: phones call out, a provider calls in, each call has two legs, digest
challenges, ringing, RTP both ways and an orderly end; beside them REGISTER and OPTIONS. Then calls that all fail,
with a configuration and a long log: rules that compare calls with each other have the most to do there. The times are
CPU seconds of this process; beside them stands what five million additions take, for machines differ, and one differs
from hour to hour. Exit code 1 where a lamp is red or the second is not kept.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from labkit.diagnosis import Triage, open_case, triage
from tests.bench import machine
from tests.bench.trace_load import START_S, Wire, udp

PBX, PUBLIC, PROVIDER, MEDIA = "10.0.0.10", "203.0.113.1", "198.51.100.20", "198.51.100.21"
MESSAGES, LIMIT_S = 10_000, 1.0
REFUSALS = ("403 Forbidden", "404 Not Found", "486 Busy Here", "488 Not Acceptable Here", "503 Service Unavailable")
LOG = tuple(f"[1] NOTICE[2] res_pjsip/pjsip_distributor.c: line {number} of a long log" for number in range(10_000))
PJSIP = f"""
[trunk]
type=endpoint
aors=trunk
allow=!all,alaw
[trunk]
type=aor
contact=sip:{PROVIDER}
[trunk]
type=identify
endpoint=trunk
match={PROVIDER}
"""
_PAYLOAD = bytes(160)
_UP_S = 0.7


@dataclass(frozen=True)
class Side:
    """One end of a leg: from where it speaks, and what it says of itself."""

    address: str
    port: int
    told: str
    """Address in Contact and in descriptions."""
    media: str
    """Address that its RTP comes from."""


class Load:
    """Healthy calls onto a wire, one after the other."""

    def __init__(self, seed: int) -> None:
        self.wire, self.messages = Wire(), 0
        self._random = random.Random(seed)

    def call(self, number: int, begin_s: float) -> None:
        """A call through the PBX; every third comes from the provider."""
        phone = f"10.0.0.{20 + number % 40}"
        ours, dialled = f"+44207946{number % 1000:04d}", f"+1555{number % 10_000_000:07d}"
        port = 10_000 + 4 * (number % 2000)
        near = Side(phone, 20_000 + 2 * (number % 2000), phone, phone)
        inside, outside = Side(PBX, port, PBX, PBX), Side(PBX, port + 2, PUBLIC, PBX)
        far = Side(PROVIDER, 30_000 + 2 * (number % 2000), MEDIA, MEDIA)
        if number % 3:
            self._leg(near, inside, ours, dialled, begin_s, 401)
            self._leg(outside, far, ours, dialled, begin_s + 0.02, 407)
        else:
            self._leg(far, outside, dialled, ours, begin_s, 0)
            self._leg(inside, near, dialled, "1001", begin_s + 0.02, 0)

    def refused(self, number: int, begin_s: float, status: str) -> None:
        """A call that fails: the PBX refuses it, every third one because the provider did."""
        phone = Side(f"10.0.0.{20 + number % 40}", 20_000 + 2 * (number % 2000), f"10.0.0.{20 + number % 40}", MEDIA)
        inside, outside = Side(PBX, 10_000, PBX, PBX), Side(PBX, 10_002, PUBLIC, PBX)
        far = Side(PROVIDER, 30_000 + 2 * (number % 2000), MEDIA, MEDIA)
        ours, dialled = f"+44207946{number % 1000:04d}", f"+1555{number % 10_000_000:07d}"
        if number % 3 == 1:
            self._failed(far, outside, dialled, ours, begin_s, status)
            return
        self._failed(phone, inside, ours, dialled, begin_s, status)
        if number % 3 == 2:
            self._failed(outside, far, ours, dialled, begin_s + 0.01, status)

    def _failed(self, one: Side, other: Side, caller: str, called: str, begin_s: float, status: str) -> None:
        call = self._token()
        for start, after_s in (("INVITE", 0.0), ("100 Trying", 0.001), (status, 0.03), ("ACK", 0.031)):
            way = (one, other) if start in ("INVITE", "ACK") else (other, one)
            cseq = f"1 {'ACK' if start == 'ACK' else 'INVITE'}"
            self._sip(*way, start, call, caller, called, cseq, begin_s + after_s, one if start == "INVITE" else None)

    def register(self, time_s: float) -> None:
        """The PBX registers and asks whether the provider is alive."""
        pbx, provider = Side(PBX, 0, PUBLIC, PBX), Side(PROVIDER, 0, PROVIDER, MEDIA)
        call = self._token()
        for count, status in enumerate(("401 Unauthorized", "200 OK"), 1):
            self._pair(pbx, provider, "REGISTER", status, call, "trunk", "trunk", count, time_s + count / 50)
        self._pair(pbx, provider, "OPTIONS", "200 OK", self._token(), "asterisk", "ping", 1, time_s + 0.1)

    def _pair(self, one: Side, other: Side, method: str, status: str, *rest: object) -> None:
        call, caller, called, count, time_s = rest
        self._sip(one, other, method, call, caller, called, f"{count} {method}", time_s)  # type: ignore[arg-type]
        self._sip(other, one, status, call, caller, called, f"{count} {method}", time_s + 0.004)  # type: ignore[arg-type, operator]

    def _leg(self, one: Side, other: Side, caller: str, called: str, begin_s: float, challenge: int) -> None:
        call, names = self._token(), (caller, called)
        count = 1
        if challenge:
            title = {401: "401 Unauthorized", 407: "407 Proxy Authentication Required"}[challenge]
            self._sip(one, other, "INVITE", call, *names, "1 INVITE", begin_s, one)
            self._sip(other, one, title, call, *names, "1 INVITE", begin_s + 0.002)
            self._sip(one, other, "ACK", call, *names, "1 ACK", begin_s + 0.003)
            count = 2
        for start, after_s, told in (("INVITE", 0.005, one), ("100 Trying", 0.006, None), ("180 Ringing", 0.1, None),
                                     ("200 OK", 0.2, other), ("ACK", 0.202, None)):  # fmt: skip
            cseq = f"{count} {'ACK' if start == 'ACK' else 'INVITE'}"
            way = (one, other) if start in ("INVITE", "ACK") else (other, one)
            self._sip(*way, start, call, *names, cseq, begin_s + after_s, told)
        self._pair(one, other, "BYE", "200 OK", call, *names, count + 1, begin_s + 0.2 + _UP_S)
        for src, dst in ((one, other), (other, one)):
            self._rtp(src, dst, begin_s + 0.205)

    def _rtp(self, src: Side, dst: Side, begin_s: float) -> None:
        count = round((_UP_S - 0.01) / 0.02)
        rows = np.zeros((count, 12 + len(_PAYLOAD)), np.uint8)
        rows[:, 0], rows[:, 1] = 0x80, 8
        rows[:, 2:4] = np.arange(count).astype(">u2").view(np.uint8).reshape(-1, 2)
        rows[:, 4:8] = (np.arange(count) * 160).astype(">u4").view(np.uint8).reshape(-1, 4)
        rows[:, 8:12] = np.frombuffer(struct.pack(">I", self._random.getrandbits(32)), np.uint8)
        at_us = ((START_S + begin_s) * 1e6 + np.arange(count) * 20_000).astype(np.int64)
        self.wire.add(at_us, udp(src.media, src.port, dst.media, dst.port, rows))

    def _sip(self, src: Side, dst: Side, start: str, call: str, caller: str, called: str, cseq: str, time_s: float,
             told: Side | None = None) -> None:  # fmt: skip
        body = "" if told is None else (
            f"v=0\r\no=- 1 1 IN IP4 {told.told}\r\ns=-\r\nc=IN IP4 {told.told}\r\nt=0 0\r\nm=audio {told.port} RTP/AVP "
            "8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
        )  # fmt: skip
        reply = start[0].isdigit()
        line = f"SIP/2.0 {start}" if reply else f"{start} sip:{called}@{dst.told} SIP/2.0"
        client = dst if reply else src
        lines = [
            line, f"Via: SIP/2.0/UDP {client.told}:5060;branch=z9hG4bK{call}{cseq.replace(' ', '')}",
            f"From: <sip:{caller}@{client.told}>;tag=a", f"To: <sip:{called}@{dst.told}>{';tag=b' if reply else ''}",
            f"Call-ID: {call}", f"CSeq: {cseq}", f"Contact: <sip:x@{src.told}:5060>", *self._digest(start, cseq, src),
            *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}",
        ]  # fmt: skip
        data = np.frombuffer(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), np.uint8)[None]
        self.wire.add(np.array([round((START_S + time_s) * 1e6)]), udp(src.address, 5060, dst.address, 5060, data))
        self.messages += 1

    def _digest(self, start: str, cseq: str, src: Side) -> Iterator[str]:
        if start in ("INVITE", "REGISTER") and cseq.startswith("2"):
            name = "Proxy-Authorization" if src.address == PBX and start == "INVITE" else "Authorization"
            yield f'{name}: Digest username="trunk", realm="r", nonce="n", uri="sip:x", response="0"'
        elif start.startswith("4"):
            name = "Proxy-Authenticate" if start.startswith("407") else "WWW-Authenticate"
            yield f'{name}: Digest realm="r", nonce="n", algorithm=MD5'

    def _token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


def made(path: Path, calls: int, seed: int) -> int:
    """Write a capture of so many calls, twenty a second; gives the number of SIP messages."""
    load = Load(seed)
    for number in range(calls):
        load.call(number, number / 20)
        if number % 200 == 0:
            load.register(number / 20)
    load.wire.write(path)
    return load.messages


def made_of_refusals(path: Path, calls: int, status: str, seed: int) -> int:
    """Write a capture of so many calls that fail alike, a hundred a second; gives the number of SIP messages."""
    load = Load(seed)
    for number in range(calls):
        load.refused(number, number / 100, status)
    load.wire.write(path)
    return load.messages


def measured(path: Path, config: Path | None = None, log: Sequence[str] = ()) -> tuple[Triage, float]:
    """A capture opened and triaged, and the CPU seconds that took."""
    began_s = time.process_time()
    return triage(open_case(path, config, log)), time.process_time() - began_s


def main() -> int:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    with TemporaryDirectory() as folder:
        path = Path(folder) / "load.pcap"
        hundred = made(path, 100, options.seed)
        measured(path)  # imports
        for calls, limit_s in ((MESSAGES * 100 // hundred, LIMIT_S), (options.calls, float("inf"))):
            messages = made(path, calls, options.seed)
            found, took_s = measured(path)
            red = [each for each in found.lamps if each.state == "red"]
            print(f"{calls} healthy calls, {messages} messages: {len(red)} red lamps, {_told(took_s)}")
            print("\n".join(str(each) for each in (*red, *found.findings[:3])))
            failed |= bool(red) or took_s > limit_s
        (config := Path(folder) / "pjsip.conf").write_text(PJSIP)
        for status in REFUSALS:
            messages = made_of_refusals(path, MESSAGES * 3 // 16, status, options.seed)
            _, took_s = measured(path, config, LOG)
            print(f"{status}: {messages} messages, {len(LOG)} lines of log: {_told(took_s)}")
            failed |= took_s > LIMIT_S
    return 1 if failed else 0


def _told(took_s: float) -> str:
    return f"{took_s:.2f} s of CPU time (five million additions: {machine.additions_s():.2f} s)"


if __name__ == "__main__":
    sys.exit(main())
