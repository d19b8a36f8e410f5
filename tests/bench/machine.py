"""The machine that figures belong to, and how fast it is now: one differs from another, and from hour to hour."""

import os
import platform
import time
from pathlib import Path


def described() -> str:
    """Processors, system, Python, what else runs, and how fast this Python is: builds differ by a third."""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    load = f"load of others {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} x {_processor()}, {system}, {load}, five million additions {additions_s():.2f} s"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.machine())


def additions_s() -> float:
    """CPU seconds of five million additions."""
    began_s, total = time.process_time(), 0
    for number in range(5_000_000):
        total += number
    return time.process_time() - began_s


def stolen_s() -> float:
    """Seconds since boot in which the host gave our processors to others (proc_stat(5)); 0 where none is told of."""
    path = Path("/proc/stat")
    ticks = int(path.read_text().split(maxsplit=9)[8]) if path.exists() else 0
    return ticks / os.sysconf("SC_CLK_TCK")
