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
_DRAW = """
import sys, time
from labkit import show
ladder, laps = show.ladder(sys.argv[1]), []
for _ in range(5):
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    ladder.png()
    laps.append((time.perf_counter() - begin_s, time.process_time() - begin_cpu_s))
print(f"{laps[0][0]:.2f} s the first time, then {min(laps)[0]:.2f} s ({min(laps)[1]:.2f} s CPU)")
"""
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


def compare(title: str, commands: dict[str, Sequence[str]], rounds: int, size_mb: float) -> dict[str, Run]:
    """Run all commands in turn; prints and gives the medians of each."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(measured(command))
    found = {name: median(some) for name, some in runs.items()}
    base = found.get("tshark")
    print(f"\n{title} ({size_mb:.2f} MB, {rounds} rounds, medians)")
    for name, run in found.items():
        ratio = f"1/{base.wall_s / run.wall_s:.1f} of tshark" if base else ""
        memory = f"{run.peak_mb:6.0f} MB = {run.peak_mb / size_mb:4.2f} x file" if size_mb > 1 else ""
        print(f"  {name:<22} {run.wall_s:8.2f} s  {run.cpu_s:6.2f} s CPU  {memory}  {ratio}", flush=True)
    return found


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure; of memory the most."""
    middle = (statistics.median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s"))
    return Run(*middle, max(run.peak_mb for run in runs))


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


def media(path: Path, rounds: int) -> None:
    """A million RTP packets: the streams."""
    packets = made(path, "media", "--streams", str(STREAMS), "--seconds", str(SECONDS))
    commands: dict[str, Sequence[str]] = {"labkit streams --json": labkit("streams", str(path), "--json")}
    if program := tshark.find():
        commands["tshark"] = [str(program), "-r", str(path), "-q", "-z", "rtp,streams"]
    compare(f"{packets:,} RTP packets", commands | sngrep(path), rounds, path.stat().st_size / 1e6)
    if program:
        print(pyshark(path, packets))


def sip(path: Path, rounds: int) -> None:
    """Very many SIP messages: the list of them."""
    count = made(path, "sip", "--calls", str(CALLS))
    commands: dict[str, Sequence[str]] = {"labkit messages --json": labkit("messages", str(path), "--json")}
    if program := tshark.find():
        fields = [word for name in _FIELDS for word in ("-e", name)]
        commands["tshark"] = [str(program), "-r", str(path), "-Y", "sip", "-T", "fields", *fields]
    compare(f"{count:,} SIP messages", commands | sngrep(path), rounds, path.stat().st_size / 1e6)
    if program:
        print(pyshark(path, count))


def ladder(path: Path, rounds: int) -> None:
    """Sixty SIP messages and a few: the ladder, as a whole process and its drawing alone; the others only read."""
    count = made(path, "sip", "--calls", "9")
    commands: dict[str, Sequence[str]] = {
        "labkit ladder --save": labkit("ladder", str(path), "--save", str(path.with_suffix(".png"))),
    }
    if program := tshark.find():
        commands["tshark, text of flows"] = [str(program), "-r", str(path), "-q", "-z", "flow,any,standard"]
        commands["pyshark, reading"] = [sys.executable, "-c", _PYSHARK, str(path)]
    compare(f"A ladder of {count} messages", commands | sngrep(path), rounds, path.stat().st_size / 1e6)
    drawn = subprocess.run([sys.executable, "-c", _DRAW, str(path)], check=True, capture_output=True, text=True)
    print(f"  of it drawing: {drawn.stdout.strip()} (at most 0.30 s are wanted)")


def sngrep(path: Path) -> dict[str, Sequence[str]]:
    """The command of sngrep that reads a file, where there is one."""
    program = shutil.which("sngrep")
    return {"sngrep": [program, "-I", str(path), "-N", "-r"]} if program else {}


def growth(folder: Path, largest: int) -> None:
    """From one to ten million packets: seconds a million, and memory by size of the file."""
    lines = []
    for scale in (each for each in (1, 2, 5, 10) if each <= largest):
        path = folder / f"media{scale}.pcap"
        packets = made(path, "media", "--streams", str(STREAMS * scale), "--seconds", str(SECONDS))
        size_mb, million = path.stat().st_size / 1e6, packets / 1e6
        command = {"labkit": labkit("streams", str(path), "--json")}
        run = compare(f"{packets:,} RTP packets", command, 3, size_mb)["labkit"]
        each = f"{run.wall_s / million:5.2f} s and {run.cpu_s / million:5.2f} s CPU a million"
        lines.append(f"  {packets:>12,} packets  {each}  {run.peak_mb / size_mb:4.2f} x file")
        path.unlink()
    print("\nGrowth", *lines, sep="\n")


def main() -> None:
    """Make the captures and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        media(folder / "media.pcap", options.rounds)
        sip(folder / "sip.pcap", options.rounds)
        ladder(folder / "ladder.pcap", options.rounds)
        if options.scale > 1:
            growth(folder, options.scale)


if __name__ == "__main__":
    main()
