"""`labkit triage`: which layer, which object, which option, from captures, configuration and log."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_commands(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("triage", help="which layer, object and option is at fault, with the evidence")
    parser.add_argument("file", nargs="+", help="capture file; two of the same traffic, inside and outside of a NAT")
    parser.add_argument("--config", metavar="DIR", help="Asterisk's configuration, such as /etc/asterisk")
    parser.add_argument("--log", metavar="FILE", help="Asterisk's log, such as /var/log/asterisk/full")
    parser.add_argument("--pbx", metavar="ADDRESS", action="append", default=[], help="an address of the PBX")
    parser.add_argument("--json", action="store_true", help="an object, as documented in docs/triage.md")
    parser.add_argument("--mask", action="store_true", help="make telephone numbers and credentials unreadable")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from labkit.diagnosis import open_case, triage
    from labkit.diagnosis.triage import masked

    found = triage(open_case(options.file, options.config, options.log or (), options.pbx))
    plain, text = found.as_dict(), str(found)
    if options.mask:
        plain, text = masked(plain), masked(text)
    print(json.dumps(plain, indent=1) if options.json else text)
    return 0
