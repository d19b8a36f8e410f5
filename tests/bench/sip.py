"""What calls cost the provider: `python -m tests.bench.sip [--rate 1500] [--seconds 20] [--media-calls 600]`.

SIPp is the other side, on another core. First new calls per second without media; then calls with RTP both ways:
SIPp plays a tone in each from a socket of its own, as telephones do. Only the provider's process is measured; 1 when a
bar is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from labkit.provider.client import Provider
from labkit.rtp.codec import PCMU
from labkit.rtp.source import Tone
from labkit.sip.report import CallReport
from tests.bench import machine
from tests.sipp import CALLER, PORT, PROVIDER, figures, provider, start

TARGET = f"{PROVIDER}:{PORT}"
SIGNALLING, WITH_MEDIA = "+15550109", "+15550110"
SCENARIO = Path(__file__).parent / "media_call.xml"
CPU_BAR = 0.35
"""The most that 600 calls may take of one core."""
MEDIA_RATE = 100
"""New calls a second while the calls with media are set up."""
SIPP_BUFFER = str(4 << 20)
"""Octets in SIPp's socket, as in the provider's: its own choice, 64 KiB, runs over while SIPp prints its screen."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost."""

    calls: int
    """Calls that SIPp placed with success."""
    failed: int
    """Calls that failed."""
    repeated: int
    """INVITEs that SIPp sent again."""
    cpu_share: float
    """The provider's CPU time over wall time: 1.0 is one core."""
    memory_mb: float
    """The provider's resident memory at the end."""

    def __str__(self) -> str:
        return (
            f"{self.calls} answered, {self.failed} failed, {self.repeated} INVITEs again, "
            f"{self.cpu_share:.0%} of a core, {self.memory_mb:.0f} MB"
        )


@dataclass(frozen=True, slots=True)
class MediaCost:
    """What calls with RTP both ways cost, and what was heard in them."""

    calls: int
    """Calls that were up."""
    cpu_share: float
    """The provider's CPU time over wall time: 1.0 is one core."""
    sipp_share: float
    """SIPp's."""
    ticks: int
    """Steps of the media clock."""
    late_ticks: int
    """Of these later than 10 ms."""
    max_late_ms: float
    """The latest since the provider started."""
    received: int
    """RTP packets that came from SIPp."""
    lost: int
    """Of those expected from SIPp."""
    tones: int
    """Calls in which the provider heard 440 Hz within 0.5 Hz."""

    def __str__(self) -> str:
        return (
            f"{self.calls} calls with RTP both ways: {self.cpu_share:.1%} of a core (SIPp {self.sipp_share:.0%}), "
            f"{self.late_ticks} of {self.ticks} ticks later than 10 ms (latest {self.max_late_ms:.1f} ms), "
            f"{self.received} packets received, {self.lost} lost, {self.tones} tones right"
        )


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--media-calls", type=int, default=600)
    options = parser.parse_args()
    print(machine.described())
    stolen_s, began_s = machine.stolen_s(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        cost = signalling(Path(folder), options.rate, options.seconds)
        print(f"{options.rate} new calls/s for {options.seconds} s: {cost}", flush=True)
        media = with_media(Path(folder), options.media_calls, options.seconds)
        print(media)
    stolen_s, took_s = machine.stolen_s() - stolen_s, time.monotonic() - began_s
    print(f"the host took {stolen_s / took_s:.1%} of a core for others meanwhile")
    met = cost.failed == cost.repeated == media.late_ticks == 0 and media.tones == options.media_calls
    return int(not met or cost.calls < options.rate * options.seconds or media.cpu_share > CPU_BAR)


def signalling(folder: Path, rate: int, seconds: int) -> Cost:
    """New calls without media, so many a second for so long."""
    with provider(folder) as process:
        words = ["-sn", "uac", "-s", SIGNALLING, "-p", "15075", "-d", "500", "-l", "100000", "-buff_size", SIPP_BUFFER]
        return _run(process, [*words, "-r", str(rate), "-m", str(rate * seconds)], seconds)


def with_media(folder: Path, calls: int, seconds: int) -> MediaCost:
    """So many calls at once with RTP both ways, watched for so long."""
    (folder / "tone.pcmu").write_bytes(b"".join(payload or b"" for payload in islice(Tone().payloads(PCMU, 20), 50)))
    setup_s = calls / MEDIA_RATE + 2
    words = ["-sf", str(SCENARIO), "-s", WITH_MEDIA, "-p", "15075", "-mi", CALLER, "-mp", "20000"]
    words += ["-d", f"{1000 * (setup_s + seconds + 4):.0f}"]
    words += ["-r", str(MEDIA_RATE), "-m", str(calls), "-l", str(calls), TARGET]
    with provider(folder) as process:
        sipp = start(*words, before=["env", f"--chdir={folder}"])
        apart(process, sipp)
        time.sleep(setup_s)
        with Provider.connect(folder / "provider.sock", "provider") as control:
            cost = _watched(control, process, sipp, seconds)
        figures(sipp, timeout_s=120)
    return cost


def _watched(control: Provider, process: subprocess.Popen[str], sipp: subprocess.Popen[str], seconds: int) -> MediaCost:
    before, began_s, cpu_s, sipp_s = control.request("load"), time.monotonic(), _cpu_s(process.pid), _cpu_s(sipp.pid)
    time.sleep(seconds)
    took_s = time.monotonic() - began_s
    cpu_s, sipp_s, after = _cpu_s(process.pid) - cpu_s, _cpu_s(sipp.pid) - sipp_s, control.request("load")
    reports: list[CallReport] = control.calls()
    streams = [stream for report in reports for stream in report.media.received]
    return MediaCost(
        calls=after["usages"],
        cpu_share=cpu_s / took_s,
        sipp_share=sipp_s / took_s,
        ticks=after["ticks"] - before["ticks"],
        late_ticks=after["late_ticks"] - before["late_ticks"],
        max_late_ms=after["max_late_ms"],
        received=sum(stream.packets for stream in streams),
        lost=sum(stream.lost for stream in streams),
        tones=sum(abs((report.media.tone.frequency_hz or 0) - 440) <= 0.5 for report in reports),
    )


def apart(*processes: subprocess.Popen[str]) -> None:
    """Give each process a core of its own, where there are enough."""
    cores = sorted(os.sched_getaffinity(0))
    for process, core in zip(processes, cores, strict=False) if len(cores) >= len(processes) else ():
        os.sched_setaffinity(process.pid, {core})


def _run(process: subprocess.Popen[str], words: list[str], seconds: int) -> Cost:
    begun_s, cpu_s, sipp = time.monotonic(), _cpu_s(process.pid), start(*words, TARGET)
    apart(process, sipp)
    done = figures(sipp, timeout_s=seconds * 4 + 60)
    share = (_cpu_s(process.pid) - cpu_s) / (time.monotonic() - begun_s)
    status = Path(f"/proc/{process.pid}/status").read_text()
    memory_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return Cost(done["successful"], done["failed"], done["repeated"], share, memory_kb / 1024)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
