"""What calls cost the provider: `python -m tests.bench.sip [--rate 1500] [--seconds 20] [--media-calls 600]`.

SIPp is the other side, on another core. First new calls per second without media; then calls with RTP both ways,
where SIPp echoes what it hears. Only the provider's process is measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from labkit.control import ControlClient
from tests.bench import machine
from tests.sipp import PORT, PROVIDER, figures, provider, start

TARGET = f"{PROVIDER}:{PORT}"
SIGNALLING, WITH_MEDIA = "+15550109", "+15550110"
MEDIA_RATE = 100
"""New calls a second while the calls with media are set up."""


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--media-calls", type=int, default=600)
    options = parser.parse_args()
    print(machine.described())
    with tempfile.TemporaryDirectory() as folder:
        _signalling(Path(folder), options.rate, options.seconds)
        _media(Path(folder), options.media_calls, options.seconds)


def _signalling(folder: Path, rate: int, seconds: int) -> None:
    with provider(folder) as process:
        words = ["-sn", "uac", "-s", SIGNALLING, "-p", "15075", "-d", "500", "-l", "100000"]
        cost = _run(process, [*words, "-r", str(rate), "-m", str(rate * seconds)], seconds)
    print(
        f"{rate} new calls/s for {seconds} s: {cost.calls} answered, {cost.failed} failed, {cost.repeated} INVITEs "
        f"again, {cost.cpu_share:.0%} of a core, {cost.memory_mb:.0f} MB"
    )


def _media(folder: Path, calls: int, seconds: int) -> None:
    with provider(folder) as process:
        hold_ms = 1000 * (calls // MEDIA_RATE + seconds)
        words = ["-sn", "uac", "-s", WITH_MEDIA, "-p", "15075", "-rtp_echo", "-mp", "16000", "-d", str(hold_ms)]
        sipp = start(*words, "-r", str(MEDIA_RATE), "-m", str(calls), "-l", str(calls), TARGET)
        apart(process, sipp)
        time.sleep(calls / MEDIA_RATE + 2)
        with ControlClient.connect(folder / "provider.sock", "provider") as control:
            before, cpu_s = control.request("load"), _cpu_s(process.pid)
            time.sleep(seconds - 4)
            share = (_cpu_s(process.pid) - cpu_s) / (seconds - 4)
            after = control.request("load")
            up = after["usages"]
        figures(sipp, timeout_s=120)
    late, ticks = (after[name] - before[name] for name in ("late_ticks", "ticks"))
    print(
        f"{up:.0f} calls with RTP both ways: {share:.0%} of a core, {late:.0f} of {ticks:.0f} ticks "
        f"later than 10 ms (latest {after['max_late_ms']:.1f} ms)"
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
    main()
