"""`labkit record`: what scenarios and lessons show where no lab can run, recorded on a live lab into datasets/.

`labkit record rtp` makes the RTP streams of known impairment, and needs no lab.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit import journal
from labkit.cli.lab import add_command, show

if TYPE_CHECKING:
    from labkit.lab.lab import Lab


def add_commands(commands: Any) -> None:
    """Add `record` to the command line."""
    text = "record scenarios broken and fixed, and the healthy lab, for machines where no lab can run"
    parser = add_command(commands, "record", _record, text)
    parser.add_argument("slug", nargs="*", help="scenarios, healthy, rtp (default: all not recorded as they are now)")


def _record(lab: Lab, options: argparse.Namespace) -> int:
    from labkit.errors import LabError
    from labkit.lab.recording import HEALTHY_NAME, is_current
    from labkit.lab.specimens import FOLDER, SPECIMENS, make
    from labkit.scenario.shelf import Shelf

    slugs = options.slug or [slug for slug in (HEALTHY_NAME, *Shelf.here().slugs()) if not is_current(slug)]
    if options.slug == [FOLDER]:
        for name in SPECIMENS:
            print(make(name, f"labkit record {FOLDER}"))
        return 0
    os.environ[journal.VARIABLE] = os.devnull  # a machine at work, nobody learns
    written: list[str] = []
    failed: list[str] = []
    lab.up()
    try:
        for slug in slugs:
            try:
                for name in recorded(lab, slug):
                    written.append(name)
                    print(name, flush=True)
            except LabError as why:
                failed.append(f"{slug}: {why}")
    finally:
        lab.heal()
    show(options, {"recorded": written, "failed": failed}, "\n".join([f"{len(written)} recorded.", *failed]))
    return 1 if failed else 0


def recorded(lab: Lab, slug: str) -> Iterator[str]:
    """Record a scenario, or the healthy lab, with its ladders; gives the names of the datasets as they are written."""
    from labkit.lab.recording import record

    for name in record(lab, slug, f"labkit record {slug}"):
        _draw(name)
        yield name


def _draw(name: str) -> None:
    """Put the canonical text ladder of each single call beside it."""
    from dataclasses import replace

    from labkit import datasets
    from labkit.lab.session import Session
    from labkit.show import ladder

    folder = Path(datasets.home() / name)
    for number, call in enumerate(Session.load(folder).calls, 1):
        (folder / f"calls/{number}-ladder.txt").write_text(f"{ladder(call).text(exact=False)}\n")
    entry = datasets.registry()[name]
    datasets.register(name, replace(entry, files={}))
