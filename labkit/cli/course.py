"""The commands around the lessons: progress, notebooks."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from labkit import journal
from labkit.errors import HostError


def add_commands(commands: Any) -> None:
    """Add `progress` and `notebooks` to the command line."""
    text = "lessons answered and faults mastered so far"
    progress = commands.add_parser("progress", help=text, description=text)
    progress.add_argument("--html", type=Path, metavar="FILE", help="write it as a page of its own")
    progress.add_argument("--json", action="store_true", help="print for machines")
    progress.set_defaults(run=_progress)
    text = "copy the lessons into a folder of your own, or bring it up to date; what you changed is kept"
    notebooks = commands.add_parser("notebooks", help=text, description=text)
    notebooks.add_argument("folder", type=Path, metavar="DIR")
    notebooks.add_argument("--without-solutions", action="store_true")
    notebooks.set_defaults(run=_notebooks)


def _progress(options: argparse.Namespace) -> None:
    from labkit.course.chart import words
    from labkit.course.report import page
    from labkit.course.standing import so_far

    told = so_far()
    if options.html:
        _write(options.html, page(told, datetime.now().astimezone()))
    if options.json:
        lessons = {each.number: [told.done(each), len(each.checks)] for each in told.lessons}
        families = [family for family in told.families if told.masters(family)]
        print(json.dumps({"lessons": lessons, "mastered": sorted(told.mastered), "families": families}))
    else:
        print(words(told))
        print(f"\nWritten to {options.html}." if options.html else f"\nIt is kept in {journal.path()}.")


def _notebooks(options: argparse.Namespace) -> None:
    from labkit.course.handout import hand_out

    print(hand_out(options.folder, solutions=not options.without_solutions))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as why:
        raise HostError(f"{path} cannot be written: {why.strerror}. Name a file in a folder of yours.") from why
