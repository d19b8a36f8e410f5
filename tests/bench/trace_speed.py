"""Speed of the capture reader as whole processes, beside tshark, pyshark and sngrep, in alternating runs.

    python -m tests.bench.trace_speed [--rounds 3] [--scale 10]

`--scale 10` reads ten million RTP packets as well, to show that time grows with the size and memory does not.
Prints wall time, CPU time, peak memory and the ratio to tshark; pyshark reads a small part, and its
figure is scaled up and marked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.trace import tshark

STREAMS, SECONDS, CALLS = 180, 112.0, 19_300
SAMPLE = 2_000
"""Packets that pyshark gets."""
_COMMANDS = "import argparse, sys; from labkit.cli import trace; p = argparse.ArgumentParser(); " \
    "trace.add_commands(p.add_subparsers()); o = p.parse_args(); sys.exit(o.run(o))"  # fmt: skip
_PYSHARK = (
    "import sys, pyshark; c = pyshark.FileCapture(sys.argv[1], keep_packets=False); n = sum(1 for _ in c); print(n)"
)
_FIELDS = ("frame.number", "frame.time_relative", "ip.src", "ip.dst", "sip.Method", "sip.Status-Code", "sip.CSeq",
           "sip.Call-ID")  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One whole process."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measured(command: Sequence[str]) -> Run:
    """Run a command to its end; its output goes nowhere."""
    begin_s = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - begin_s
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(title: str, commands: dict[str, Sequence[str]], rounds: int, size_mb: float) -> None:
    """Run all commands in turn, and print the median of each."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(measured(command))
    base_s = statistics.median(run.wall_s for run in runs["tshark"]) if "tshark" in runs else None
    print(f"\n{title} ({size_mb:.0f} MB, {rounds} rounds, medians)")
    for name, some in runs.items():
        wall_s = statistics.median(run.wall_s for run in some)
        ratio = f"1/{base_s / wall_s:.1f} of tshark" if base_s else ""
        cpu_s = statistics.median(run.cpu_s for run in some)
        peak_mb = max(run.peak_mb for run in some)
        memory = f"{peak_mb:6.0f} MB = {peak_mb / size_mb:4.2f} x file"
        print(f"  {name:<22} {wall_s:8.2f} s  {cpu_s:6.2f} s CPU  {memory}  {ratio}")


def made(path: Path, kind: str, *words: str) -> int:
    """Write a capture in a process of its own, whose memory then counts for none of the others; gives its packets."""
    load = Path(__file__).with_name("trace_load.py")
    done = subprocess.run([sys.executable, str(load), kind, str(path), *words], check=True, capture_output=True)
    return int(done.stdout)


def labkit(*words: str) -> list[str]:
    """The command line, without the lab's own commands."""
    return [sys.executable, "-c", _COMMANDS, *words]


def pyshark(path: Path, packets: int) -> str:
    """One line about pyshark on the first packets of a file."""
    program = tshark.find()
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.pcap"
        copy = [str(program), "-r", str(path), "-c", str(SAMPLE), "-w", str(part)]
        subprocess.run(copy, check=True, capture_output=True)
        run = measured([sys.executable, "-c", _PYSHARK, str(part)])
    whole_s = run.wall_s * packets / SAMPLE
    return f"  {'pyshark (scaled up)':<22} {whole_s:8.0f} s  from {run.wall_s:.2f} s for {SAMPLE:,} packets"


def main() -> None:
    """Make the captures and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    program, sngrep = tshark.find(), shutil.which("sngrep")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "media.pcap"
        packets = made(path, "media", "--streams", str(STREAMS), "--seconds", str(SECONDS))
        commands: dict[str, Sequence[str]] = {"labkit streams --json": labkit("streams", str(path), "--json")}
        if program:
            commands["tshark"] = [str(program), "-r", str(path), "-q", "-z", "rtp,streams"]
        if sngrep:
            commands["sngrep"] = [sngrep, "-I", str(path), "-N", "-r"]
        compare(f"{packets:,} RTP packets", commands, options.rounds, path.stat().st_size / 1e6)
        if program:
            print(pyshark(path, packets))
        path = Path(folder) / "sip.pcap"
        count = made(path, "sip", "--calls", str(CALLS))
        commands = {"labkit messages --json": labkit("messages", str(path), "--json")}
        if program:
            fields = [word for name in _FIELDS for word in ("-e", name)]
            commands["tshark"] = [str(program), "-r", str(path), "-Y", "sip", "-T", "fields", *fields]
        compare(f"{count:,} SIP messages", commands, options.rounds, path.stat().st_size / 1e6)
        if program:
            print(pyshark(path, count))
        for scale in (2, 5, 10) if options.scale >= 10 else ():
            path = Path(folder) / f"media{scale}.pcap"
            packets = made(path, "media", "--streams", str(STREAMS * scale), "--seconds", str(SECONDS))
            commands = {"labkit streams --json": labkit("streams", str(path), "--json")}
            compare(f"{packets:,} RTP packets", commands, 1, path.stat().st_size / 1e6)
            path.unlink()


if __name__ == "__main__":
    main()
