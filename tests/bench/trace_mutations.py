"""Very many damaged captures: `python -m tests.bench.trace_mutations --count 200000`.

Each is read to messages and streams, every tenth to all tables. Anything but a table or a CaptureError ends the run and
leaves the file behind; so does a capture that takes longer than ten seconds. Prints counts, time and peak memory.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "trace"))

from test_robust import TABLES, mutated, originals, read

_LONGEST_S = 10


def main() -> None:
    """Run, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["LABKIT_TSHARK"] = "/nowhere/tshark"
    rng, seen, begin_s = random.Random(options.seed), Counter[str](), time.monotonic()
    with TemporaryDirectory() as folder:
        wholes, path = list(originals(Path(folder)).values()), Path(folder) / "mutated"
        for number in range(options.count):
            data = mutated(wholes[number % 2], rng)
            path.write_bytes(data)
            seen[_outcome(path, data, number)] += 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.count} mutated captures, seed {options.seed}: {dict(seen)}, no other outcome; "
          f"{time.monotonic() - begin_s:.0f} s, peak {peak_mb:.0f} MB")  # fmt: skip


def _outcome(path: Path, data: bytes, number: int) -> str:
    signal.alarm(_LONGEST_S)
    try:
        return "CaptureError" if read(path, TABLES if number % 10 == 0 else ("messages", "streams")) else "tables"
    except BaseException:
        Path(f"mutated-{number}.bin").write_bytes(data)
        raise
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    main()
