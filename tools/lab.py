"""`make lab`: the healthy lab, a call out and a call in as proof, then JupyterLab at the first lesson."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from labkit.errors import LabError
from tools.jupyter import become_jupyterlab

if TYPE_CHECKING:
    from labkit.lab.calls import Call

RTP_COLUMNS = ["point", "src_name", "dst_name", "codec", "packets", "expected", "lost", "jitter_mean_ms"]


def main() -> None:
    """Start, prove, open; an error of the lab is its message and nothing else."""
    try:
        prove()
    except LabError as why:
        sys.exit(f"labkit: {why}")
    if "--jupyter=0" not in sys.argv:
        become_jupyterlab()


def prove() -> None:
    """Start the lab where it does not run, place both calls and print what was seen of them."""
    from labkit.lab.lab import Lab

    began = time.monotonic()
    lab = Lab().up()
    status = lab.status()
    print(
        f"Asterisk {status.asterisk} is up with its phones, router and provider ({time.monotonic() - began:.1f} s).\n"
    )
    show(lab.call("phone-1001", "+15550100", hold_s=1))
    show(lab.inbound("+442079460000", hold_s=1))


def show(call: Call) -> None:
    """Print a call's ladder and its RTP, and end here where it was not answered."""
    from labkit.show import ladder

    print(
        f"{ladder(call)}\n\nRTP\n{call.trace.streams[RTP_COLUMNS].round(2).to_string(index=False)}\n\n{call}\n",
        flush=True,
    )
    if not call.answered:
        sys.exit("The call was not answered. Find the broken hop: .venv/bin/labkit doctor")


if __name__ == "__main__":
    main()
