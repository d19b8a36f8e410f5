"""Broken RTP and RTCP by hypothesis: `python -m tests.bench.rtp_fuzz [--inputs 250000] [--seed 1]`.

Each input is a real packet with a few octets changed, cut, doubled or joined to another. Every reader of datagrams
must either read it or say ParseError, within 50 ms of CPU time; a session's receiver must swallow anything.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from labkit.errors import ParseError
from labkit.rtp.codec import PCMU
from labkit.rtp.dtmf import TelephoneEvent
from labkit.rtp.packet import RtpPacket
from labkit.rtp.receiver import Receiver
from labkit.rtp.reporting import Reporter
from labkit.rtp.rtcp import (
    Goodbye,
    OtherPacket,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    parse_compound,
)
from labkit.rtp.sender import Sender, SentStatistics

LIMIT_S = 0.050
"""The most CPU time that one input may take."""

BATCH = 5000
"""Inputs of one hypothesis run; it remembers what it tried, so a million in one would not fit."""

_BLOCK = ReportBlock(7, 10, 3, 70000, 25, 99, 65536)
_REPORT = bytes(SenderReport(7, 1 << 63, 160, 9, 1440, (_BLOCK, _BLOCK)))
_NAME = bytes(SourceDescription(((7, ((1, b"cname"), (2, b"a name"))), (8, ((1, b"x"),)))))

PACKETS = (
    bytes(RtpPacket(0, 1, 160, 7, b"\xff" * 160)),
    bytes(RtpPacket(8, 65535, 2**32 - 1, 7, b"\xd5" * 80, marker=True, padding=4)),
    bytes(RtpPacket(0, 2, 320, 7, b"\xff" * 20, csrcs=(1, 2, 3), extension=(0xBEDE, b"\x10\xff\x00\x00"))),
    bytes(RtpPacket(101, 3, 480, 7, bytes(TelephoneEvent(5, True, 800)))),
    _REPORT + _NAME,
    bytes(ReceiverReport(7, (_BLOCK,))) + _NAME + bytes(Goodbye((7, 8), b"over")),
    _REPORT + bytes(OtherPacket(204, 1, b"\0\0\0\7name" + bytes(8))),
)
"""What is broken."""

CHANGES = st.tuples(st.integers(0, 5), st.integers(0, 255), st.integers(0, 255))
"""One change: its kind, where, with what."""


def changed(packet: bytes, kind: int, where: int, value: int) -> bytes:
    """A packet with one thing changed."""
    at = where % (len(packet) + 1)
    return (
        packet[:at] + bytes([value]) + packet[at + 1 :],
        packet[:at],
        packet[at:],
        packet[:at] + bytes([value]) * (value % 9) + packet[at:],
        packet + packet[at:],
        packet[:at] + PACKETS[value % len(PACKETS)],
    )[kind]


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    inputs: int = 0
    """Inputs tried."""
    refused: int = 0
    """Answers of ParseError."""
    slowest_s: float = 0.0
    """The longest CPU time of one input."""


def read(data: bytes, outcome: Outcome) -> None:
    """Give one input to everything that reads datagrams."""
    began_s = time.thread_time()
    for parse in (RtpPacket.parse, parse_compound, TelephoneEvent.parse):
        try:
            parse(data)
        except ParseError:
            outcome.refused += 1
    receiver, reporter = Receiver(), Reporter("fuzz")
    receiver.expect(PCMU, 0, {101: 8000})
    for arrival_s in (1.0, 1.02):
        receiver.receive(data, ("192.0.2.1", 4000), arrival_s)
        reporter.receive(data, arrival_s)
    receiver.digits()
    received = [source.statistics for source in receiver.sources.values()]
    reporter.compose(2.0, Sender(1, 0, 0), SentStatistics(bytes(4)), received)
    outcome.slowest_s = max(outcome.slowest_s, time.thread_time() - began_s)
    outcome.inputs += 1


def fuzz(inputs: int, begin: int = 1) -> Outcome:
    """Try so many inputs; any exception but ParseError comes through, with the input hypothesis found."""
    outcome = Outcome()
    while outcome.inputs < inputs:
        count = min(BATCH, inputs - outcome.inputs)

        @seed(begin + outcome.inputs)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(PACKETS), st.lists(CHANGES, min_size=1, max_size=6))
        def broken(packet: bytes, changes: list[tuple[int, int, int]]) -> None:
            for change in changes:
                packet = changed(packet, *change)
            read(packet, outcome)

        gc.disable()  # hypothesis keeps much, and its collection is not the reader's time
        broken()
        gc.enable()
    return outcome


def main() -> int:
    """Fuzz and print; 1 when an input took too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=250_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcome = fuzz(options.inputs, options.seed)
    print(
        f"{outcome.inputs} broken RTP and RTCP packets: {outcome.refused} times refused, "
        f"no other exception, slowest {1000 * outcome.slowest_s:.1f} ms of CPU"
    )
    return int(outcome.slowest_s > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
