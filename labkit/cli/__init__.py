"""The command line: `labkit up`, `labkit call`, `labkit ladder` and so on.

Every command prints for people, and with --json for machines; an error is one clear message and exit code 1.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from labkit.errors import LabError

_MODULES = {
    "lab": ("up", "down", "status", "doctor", "call", "inbound", "asterisk", "logs"),
    "trace": ("ladder", "messages", "calls", "streams", "sdp"),
    "scenario": ("scenarios", "break", "apply", "diff", "undo", "history", "verify", "hint", "heal"),
    "record": ("record",),
    "cache": ("cache",),
    "image": ("image",),
    "pjsip": ("lint", "objects", "explain", "migrate"),
    "triage": ("triage",),
    "course": ("progress", "notebooks"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code: 0 done, 1 it could not be done, 2 not understood."""
    words = sys.argv[1:] if words is None else words
    options = _parser(words[0] if words else "").parse_args(words)
    try:
        return int(options.run(options) or 0)
    except LabError as why:
        print(f"labkit: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("labkit: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 0


def _parser(word: str) -> argparse.ArgumentParser:
    """All commands; of a known one only those of its module, for some modules take long to load."""
    parser = argparse.ArgumentParser(prog="labkit", description="The lab in which people learn SIP trunks.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in [name for name, words in _MODULES.items() if word in words] or _MODULES:
        importlib.import_module(f"labkit.cli.{module}").add_commands(commands)
    return parser
