"""The commands that drive a lab."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labkit.runtime import choice
from labkit.runtime.base import CAPABILITIES

if TYPE_CHECKING:
    from labkit.lab.calls import Call
    from labkit.lab.lab import Lab

Command = Callable[["Lab", argparse.Namespace], int | None]
"""A command of a lab: does it, prints, gives an exit code."""


def add_commands(commands: Any) -> None:
    """Add up, down, status, doctor, call, inbound, asterisk and logs to the command line."""
    up = add_command(commands, "up", _up, "start the healthy lab, or find it running")
    up.add_argument("--runtime", choices=list(choice.KINDS), help="where to run it (default: the best here)")
    up.add_argument("--fresh", action="store_true", help="end a running lab first")
    add_command(commands, "down", _down, "end the lab")
    add_command(commands, "status", _status, "how the lab is")
    add_command(commands, "doctor", _doctor, "test every hop and name the broken one")
    call = add_command(commands, "call", _call, "let a phone call a number")
    call.add_argument("caller", help="phone-1001 or phone-1002")
    call.add_argument("number", help="such as +15550100, 1002 or 600")
    inbound = add_command(commands, "inbound", _inbound, "let a customer call a DID through the provider")
    inbound.add_argument("did", help="such as +442079460000")
    inbound.add_argument("--caller", help="the customer's number")
    for placing in (call, inbound):
        placing.add_argument("--hold-s", type=float, default=2.0, help="seconds to hold the call (default 2)")
        placing.add_argument("--no-capture", action="store_true", help="place the call without a capture")
        placing.add_argument("--ladder", action="store_true", help="print the call's ladder")
    asterisk = add_command(commands, "asterisk", _asterisk, "run a command of Asterisk's command line")
    asterisk.add_argument("words", nargs="+", metavar="WORD", help="such as: pjsip show endpoints")
    logs = add_command(commands, "logs", _logs, "Asterisk's log, or a party's")
    logs.add_argument("party", nargs="?", default="pbx", help="pbx (default), provider, phone-1001, ...")
    logs.add_argument("--level", action="append", default=[], help="of pbx: only ERROR, WARNING, NOTICE, ...")


def add_command(commands: Any, name: str, run: Command, text: str) -> argparse.ArgumentParser:
    """Add a command that is given the lab; it knows --lab and --json."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--lab", default="default", help="the lab's name (default: default)")
    parser.add_argument("--json", action="store_true", help="print for machines")
    parser.set_defaults(run=lambda options: _run(run, options))
    return parser


def _run(command: Command, options: argparse.Namespace) -> int | None:
    from labkit.lab.lab import Lab

    with Lab(options.lab, getattr(options, "runtime", None)) as lab:
        return command(lab, options)


def show(options: argparse.Namespace, value: object, text: str) -> None:
    """Print for machines where --json asks for it, else for people."""
    print(json.dumps(value, default=str) if options.json else text)


def _up(lab: Lab, options: argparse.Namespace) -> None:
    began = time.monotonic()
    lab.up(fresh=options.fresh)
    took_s = time.monotonic() - began
    status = asdict(lab.status())
    show(options, status | {"took_s": took_s}, f"The lab {lab.name} is up after {took_s:.1f} s. {_summary(status)}")


def _summary(status: dict[str, Any]) -> str:
    registrations = ", ".join(f"{name} {state}" for name, state in (status["registrations"] or {}).items())
    contacts = ", ".join(f"{name} {state}" for name, state in (status["contacts"] or {}).items())
    changed = f"\nChanged from healthy: {', '.join(status['changed'])}" if status["changed"] else ""
    lacking = ", ".join(sorted(CAPABILITIES.difference(status["capabilities"])))
    head = f"Asterisk {status['asterisk']}, runtime {status['runtime']}{f' (without {lacking})' if lacking else ''}."
    return f"{head}\nTrunk: {registrations}. Contacts: {contacts}.{changed}"


def _down(lab: Lab, options: argparse.Namespace) -> None:
    ran = lab.runtime.alive()
    lab.down()
    show(options, {"lab": lab.name, "ran": ran}, f"The lab {lab.name} {'is down' if ran else 'did not run'}.")


def _status(lab: Lab, options: argparse.Namespace) -> int:
    status = asdict(lab.status())
    text = _summary(status) if status["running"] else f"The lab {options.lab} does not run. Start it: labkit up"
    show(options, status, text)
    return 0 if status["running"] else 1


def _doctor(lab: Lab, options: argparse.Namespace) -> int:
    from labkit.lab import doctor

    report = doctor.examine(lab)
    show(options, [asdict(hop) for hop in report.hops], str(report))
    return 0 if report.healthy else 1


def _call(lab: Lab, options: argparse.Namespace) -> int:
    return _placed(options, lab.running().call(options.caller, options.number, options.hold_s, not options.no_capture))


def _inbound(lab: Lab, options: argparse.Namespace) -> int:
    from labkit.lab.lab import CALLER

    caller = options.caller or CALLER
    return _placed(options, lab.running().inbound(options.did, caller, options.hold_s, not options.no_capture))


def _placed(options: argparse.Namespace, call: Call) -> int:
    ladder = ""
    if options.ladder and not options.json:
        from labkit.show import ladder as draw

        ladder = f"\n\n{draw(call)}"
    show(options, call.as_dict(), f"{call}{ladder}")
    return 0 if call.answered else 1


def _asterisk(lab: Lab, options: argparse.Namespace) -> None:
    said = lab.running().asterisk(" ".join(options.words))
    show(options, said.splitlines(), said)


def _logs(lab: Lab, options: argparse.Namespace) -> None:
    if options.party == "pbx":
        lines = [str(line) for line in lab.log(tuple(level.upper() for level in options.level))]
    else:
        lab.topology.host(options.party)
        path = lab.home.folder / f"log/{options.party}.log"
        lines = path.read_text().splitlines() if path.exists() else []
    if not lines:
        print(f"Nothing is logged of {options.party} in the lab {lab.name}.", file=sys.stderr)
    show(options, lines, "\n".join(lines))
