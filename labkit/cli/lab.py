"""The commands that drive a lab."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.lab.calls import Call
    from labkit.lab.lab import Lab


def add_commands(commands: Any) -> None:
    """Add up, down, status, doctor, call, inbound, asterisk and logs to the command line."""
    up = _command(commands, "up", _up, "start the healthy lab, or find it running")
    up.add_argument("--fresh", action="store_true", help="end a running lab first")
    _command(commands, "down", _down, "end the lab")
    _command(commands, "status", _status, "how the lab is")
    _command(commands, "doctor", _doctor, "test every hop and name the broken one")
    call = _command(commands, "call", _call, "let a phone call a number")
    call.add_argument("caller", help="phone-1001 or phone-1002")
    call.add_argument("number", help="such as +15550100, 1002 or 600")
    inbound = _command(commands, "inbound", _inbound, "let a customer call a DID through the provider")
    inbound.add_argument("did", help="such as +442079460000")
    inbound.add_argument("--caller", help="the customer's number")
    for placing in (call, inbound):
        placing.add_argument("--hold-s", type=float, default=2.0, help="seconds to hold the call (default 2)")
        placing.add_argument("--no-capture", action="store_true", help="place the call without a capture")
        placing.add_argument("--ladder", action="store_true", help="print the call's ladder")
    asterisk = _command(commands, "asterisk", _asterisk, "run a command of Asterisk's command line")
    asterisk.add_argument("words", nargs="+", metavar="WORD", help="such as: pjsip show endpoints")
    logs = _command(commands, "logs", _logs, "Asterisk's log, or a party's")
    logs.add_argument("party", nargs="?", default="pbx", help="pbx (default), provider, phone-1001, ...")
    logs.add_argument("--level", action="append", default=[], help="of pbx: only ERROR, WARNING, NOTICE, ...")


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--lab", default="default", help="the lab's name (default: default)")
    parser.add_argument("--json", action="store_true", help="print for machines")
    parser.set_defaults(run=run)
    return parser


def _lab(options: argparse.Namespace) -> Lab:
    from labkit.lab.lab import Lab

    return Lab(options.lab)


def _attached(options: argparse.Namespace) -> Lab:
    from labkit.lab.lab import Lab

    return Lab.attach(options.lab)


def _print(options: argparse.Namespace, value: object, text: str) -> None:
    print(json.dumps(value, default=str) if options.json else text)


def _up(options: argparse.Namespace) -> None:
    began = time.monotonic()
    lab = _lab(options).up(fresh=options.fresh)
    took_s = time.monotonic() - began
    status = asdict(lab.status())
    _print(options, status | {"took_s": took_s}, f"The lab {lab.name} is up after {took_s:.1f} s. {_summary(status)}")


def _summary(status: dict[str, Any]) -> str:
    registrations = ", ".join(f"{name} {state}" for name, state in status["registrations"].items())
    contacts = ", ".join(f"{name} {state}" for name, state in status["contacts"].items())
    changed = f"\nChanged from healthy: {', '.join(status['changed'])}" if status["changed"] else ""
    head = f"Asterisk {status['asterisk']}, runtime {status['runtime']}."
    return f"{head}\nTrunk: {registrations}. Contacts: {contacts}.{changed}"


def _down(options: argparse.Namespace) -> None:
    lab = _lab(options)
    ran = lab.runtime.alive()
    lab.down()
    _print(options, {"lab": lab.name, "ran": ran}, f"The lab {lab.name} {'is down' if ran else 'did not run'}.")


def _status(options: argparse.Namespace) -> int:
    status = asdict(_lab(options).status())
    text = _summary(status) if status["running"] else f"The lab {options.lab} does not run. Start it: labkit up"
    _print(options, status, text)
    return 0 if status["running"] else 1


def _doctor(options: argparse.Namespace) -> int:
    from labkit.lab import doctor

    report = doctor.examine(_lab(options))
    _print(options, [asdict(hop) for hop in report.hops], str(report))
    return 0 if report.healthy else 1


def _call(options: argparse.Namespace) -> int:
    lab = _attached(options)
    return _placed(options, lab.call(options.caller, options.number, options.hold_s, not options.no_capture))


def _inbound(options: argparse.Namespace) -> int:
    from labkit.lab.lab import CALLER

    lab = _attached(options)
    caller = options.caller or CALLER
    return _placed(options, lab.inbound(options.did, caller, options.hold_s, not options.no_capture))


def _placed(options: argparse.Namespace, call: Call) -> int:
    ladder = ""
    if options.ladder and not options.json:
        from labkit.show import ladder as draw

        ladder = f"\n\n{draw(call)}"
    _print(options, call.as_dict(), f"{call}{ladder}")
    return 0 if call.answered else 1


def _asterisk(options: argparse.Namespace) -> None:
    said = _attached(options).asterisk(" ".join(options.words))
    _print(options, said.splitlines(), said)


def _logs(options: argparse.Namespace) -> None:
    lab = _lab(options)
    if options.party == "pbx":
        lines = [str(line) for line in lab.log(tuple(level.upper() for level in options.level))]
    else:
        lab.topology.host(options.party)
        path = lab.home.folder / f"log/{options.party}.log"
        lines = path.read_text().splitlines() if path.exists() else []
    if not lines:
        print(f"Nothing is logged of {options.party} in the lab {lab.name}.", file=sys.stderr)
    _print(options, lines, "\n".join(lines))
