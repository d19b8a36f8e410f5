"""Figures of the lab as whole processes: `python -m tests.bench.lab [--cycles 100]`.

Start to first trunk call answered, end, reload loop, import, and recovery from `kill -9` at random moments.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from labkit.lab.home import Home
from labkit.lab.lab import Lab
from tests.bench import machine

NAME = "bench"
LABKIT = [sys.executable, "-m", "labkit"]
NUMBER = "+15550110"
"""Answers at once, so that the figures are the lab's own."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--cycles", type=int, default=10, help="how often the lab is killed at a random moment")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["LABKIT_HOME"] = tempfile.mkdtemp(prefix="labkit-bench-")
    print(machine.described())
    Lab(NAME).up(fresh=True).down()
    report("labkit up + call to the answer", [up_to_answer() for _ in range(options.runs)])
    report("labkit down", [down() for _ in range(options.runs)])
    report("codec change, reload, next call obeys", reloads(options.runs))
    report("import labkit (beyond python itself)", [imported() for _ in range(options.runs)])
    survived = kills(options.cycles, random.Random(options.seed))
    print(
        f"{'kill -9 at a random moment, up, call':42} {survived} of {options.cycles} came up, {left_over()} left over"
    )


def report(title: str, seconds: list[float]) -> None:
    """Print one row: median, least, most."""
    print(f"{title:42} median {statistics.median(seconds):.3f} s  ({min(seconds):.3f} to {max(seconds):.3f})")


def timed(work: Callable[[], object]) -> float:
    """Seconds that a piece of work took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def run(*words: str) -> str:
    """Run labkit as a user would; its failure ends the bench."""
    return subprocess.run([*LABKIT, *words, "--lab", NAME], check=True, capture_output=True, text=True).stdout


def up_to_answer() -> float:
    """From nothing: `labkit up` as a process, then a trunk call; the time until the phone had its 200 OK."""
    run("down")
    began = time.monotonic()
    run("up")
    with Lab.attach(NAME) as lab:
        placed_s = time.monotonic() - began
        call = lab.call("phone-1001", NUMBER, hold_s=0.0, capture=False)
    if not call.answered:
        raise SystemExit(f"not answered: {call}")
    return placed_s + call.near.times["answered"]


def down() -> float:
    """`Lab.down()` of a running lab, until nothing is left."""
    lab = Lab(NAME).up()
    return timed(lab.down)


def reloads(runs: int) -> list[float]:
    """Change the endpoint's codec, reload, call: until the answer carries the new codec."""
    lab = Lab(NAME).up()
    times = []
    for number in range(runs):
        old, new = ("alaw,ulaw", "ulaw") if number % 2 == 0 else ("ulaw", "alaw,ulaw")
        began = time.monotonic()
        lab.config.replace("pjsip.d/trunk-provider.conf", f"allow = {old}\n", f"allow = {new}\n")
        lab.reload()
        call = lab.call("phone-1001", NUMBER, hold_s=0.0, capture=False)
        times.append(time.monotonic() - began)
        codec = lab.provider.calls()[-1].codec
        wanted = "PCMU" if new == "ulaw" else "PCMA"
        if not call.answered or codec != wanted:
            raise SystemExit(f"the call did not obey: {codec} instead of {wanted}")
    lab.down()
    return times


def imported() -> float:
    """What `import labkit` costs."""
    return timed(lambda: subprocess.run([sys.executable, "-c", "import labkit"], check=True)) - timed(
        lambda: subprocess.run([sys.executable, "-c", ""], check=True)
    )


def kills(cycles: int, chance: random.Random) -> int:
    """Kill labkit or the lab itself at a random moment of `up` and `call`; counts the cycles after which it came up."""
    survived = 0
    for _ in range(cycles):
        with subprocess.Popen(
            [*LABKIT, *chance.choice([["up", "--fresh"], ["call", "phone-1001", NUMBER]]), "--lab", NAME],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as victim:
            time.sleep(chance.uniform(0, 1.8))
            os.kill(holder_pid() or victim.pid if chance.random() < 0.5 else victim.pid, signal.SIGKILL)
            if victim.poll() is None:
                victim.kill()
        run("up")
        survived += json.loads(run("call", "phone-1001", NUMBER, "--hold-s", "0", "--json"))["answered"]
    run("down")
    return survived


def holder_pid() -> int | None:
    """The lab's first process, when there is one."""
    try:
        return int(json.loads((Home(NAME).folder / "holder.json").read_text())["pid"])
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def left_over() -> int:
    """Processes that still name the lab's folder."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += str(Home(NAME).folder).encode() in path.read_bytes()
        except OSError:
            continue
    return count


if __name__ == "__main__":
    main()
