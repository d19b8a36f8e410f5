"""What many media sessions cost: `python -m tests.bench.rtp [--sessions 600] [--seconds 20]`.

Two processes on loopback, each with all sessions: every session sends 440 Hz in G.711 at 20 ms to its fellow and
receives, counts and keeps what comes back. Only the first process is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from labkit.rtp.session import MediaSession
from labkit.rtp.source import Tone
from labkit.rtp.ticker import TICK_S, shared_ticker
from tests.bench import machine

WARM_UP_S = 2.0
"""Not measured: sockets fill, caches warm."""

PACKETS_PER_S = 50
"""Each way, of 20 ms."""

CPU_BAR = 0.35
"""The most that 600 sessions may take of one core."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was measured."""

    sessions: int
    """Sessions that sent and received."""
    seconds: float
    """For how long."""
    cpu_us: float
    """CPU time of the process for each packet that it sent or received, in microseconds."""
    ticks: int
    """Steps of the media clock."""
    late_ticks: int
    """Of these later than 10 ms."""
    max_late_ms: float
    """The latest."""
    packets_per_s: float
    """Sent and received together."""
    lost: int
    """Expected and not received."""
    tones: int
    """Sessions whose received tone was 440 Hz within 0.5 Hz and -10 dBm0 within 0.2 dB."""

    @property
    def cpu_share(self) -> float:
        """CPU time over wall time at 50 packets a second each way: on a busy machine fewer are sent than that."""
        return self.cpu_us * 1e-6 * self.sessions * 2 * PACKETS_PER_S

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions, RTP both ways, {self.seconds:.0f} s: {self.cpu_share:.1%} of a core "
            f"({self.cpu_us:.2f} us a packet), "
            f"{self.late_ticks} of {self.ticks} ticks later than 10 ms (latest {self.max_late_ms:.1f} ms), "
            f"{self.packets_per_s:.0f} packets/s, {self.lost} lost, {self.tones} tones right"
        )


async def talk(count: int, seconds: float, read: IO[str], write: IO[str]) -> Cost:
    """Open sessions, swap ports with the other process, send and receive, and tell what it cost."""
    gc.disable()  # as the provider does while calls are up
    sessions = [MediaSession.open("127.0.0.1") for _ in range(count)]
    print(json.dumps([session.local_port for session in sessions]), file=write, flush=True)
    for session, port in zip(sessions, json.loads(read.readline()), strict=True):
        session.start(remote=("127.0.0.1", port), source=Tone())
    await asyncio.sleep(WARM_UP_S)
    packets, cpu_s, began_s = _packets(sessions), time.process_time(), time.monotonic()
    await asyncio.sleep(TICK_S)  # that look at every session made the clock wait
    ticker = shared_ticker()
    ticker.ticks = ticker.late_ticks = 0
    ticker.max_late_s = 0.0
    await asyncio.sleep(seconds)
    cpu_s, took_s = time.process_time() - cpu_s, time.monotonic() - began_s
    packets = _packets(sessions) - packets
    ticks, late, latest_s = ticker.ticks, ticker.late_ticks, ticker.max_late_s
    reports = [session.report() for session in sessions]
    for session in sessions:
        session.stop()
    return Cost(
        sessions=count,
        seconds=took_s,
        cpu_us=1e6 * cpu_s / packets,
        ticks=ticks,
        late_ticks=late,
        max_late_ms=1000 * latest_s,
        packets_per_s=packets / took_s,
        lost=sum(stream.lost for report in reports for stream in report.received),
        tones=sum(
            abs((report.tone.frequency_hz or 0) - 440) <= 0.5 and abs(report.tone.level_dbm0 + 10) <= 0.2
            for report in reports
        ),
    )


def _packets(sessions: list[MediaSession]) -> int:
    """Packets sent and read so far, without a look at the sockets, which would hold up the clock."""
    read = sum(source.statistics.packets for session in sessions for source in session.receiver.sources.values())
    return read + sum(session.packets_sent for session in sessions)


@contextmanager
def far_side(count: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """The other process."""
    command = [sys.executable, "-m", "tests.bench.rtp", "--far", f"--sessions={count}", f"--seconds={seconds + 1}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def measure(count: int, seconds: float) -> Cost:
    """The cost of so many sessions for so long."""
    with far_side(count, seconds) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the far side has no pipes")
        return asyncio.run(talk(count, seconds, process.stdout, process.stdin))


def main() -> int:
    """Measure and print, or be the far side; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--far", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.far:
        asyncio.run(talk(arguments.sessions, arguments.seconds, sys.stdin, sys.stdout))
        return 0
    print(machine.described())
    cost = measure(arguments.sessions, arguments.seconds)
    print(cost)
    return int(cost.cpu_share > CPU_BAR or cost.late_ticks > 0)


if __name__ == "__main__":
    sys.exit(main())
