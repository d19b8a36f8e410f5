"""The phone as a program in a lab host: one line, one control socket."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from labkit.control import serve_until_stopped
from labkit.phone.line import Line
from labkit.phone.settings import TONES, Account, Behaviour, read_address
from labkit.rtp.ports import allow_files, stamping

METHODS = (
    "register", "unregister", "registrations", "place", "wait", "wait_for_call", "answer", "reject", "hang_up", "hold",
    "resume", "say", "send_dtmf", "transfer", "transfer_to_call", "report", "call", "forget", "set",
    "options", "login",
)  # fmt: skip
"""Methods of `Line` that the control socket offers."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m labkit.phone", description="An IP phone of the lab.")
    parser.add_argument("--user", required=True, help="extension and digest username")
    parser.add_argument("--password", required=True)
    parser.add_argument("--bind", required=True, help="the phone's address, with :port where not 5060")
    parser.add_argument("--registrar", required=True, help="the PBX's address, with :port where not 5060")
    parser.add_argument("--control", required=True, help="path of the unix socket to listen on")
    parser.add_argument("--domain", default="", help="host part of its address of record")
    parser.add_argument("--transport", choices=("udp", "tcp", "tls"), default="udp")
    parser.add_argument("--ca-file", default="", help="certificates to trust over TLS")
    parser.add_argument("--source", default="", help="what it says, such as tone:620@-10")
    parser.add_argument("--answer", choices=("auto", "manual", "busy", "reject"), default="auto")
    parser.add_argument("--register", action="store_true", help="register at once")
    parser.add_argument("--log", default="WARNING", help="log level")
    return parser.parse_args(argv)


async def run(options: argparse.Namespace) -> None:
    """Be a phone until SIGTERM."""
    stamping()
    allow_files()
    line = Line(*_line(options))
    await line.open()
    first = asyncio.ensure_future(line.register()) if options.register else None
    methods = {name: getattr(line, name) for name in METHODS}
    await serve_until_stopped(options.control, {**methods, "calls": line.list_calls})
    if first:
        first.cancel()
    await line.close()


def _line(options: argparse.Namespace) -> tuple[Account, Behaviour]:
    default_port = 5061 if options.transport == "tls" else 5060
    host, port = read_address(options.bind)
    account = Account(
        options.user, options.password, host, read_address(options.registrar, default_port), port,
        options.domain, options.transport, options.ca_file,
    )  # fmt: skip
    source = options.source or TONES.get(options.user, "tone:620@-10")
    return account, Behaviour(answer=options.answer, source=source)


def main() -> None:
    """Start from the command line."""
    options = arguments(sys.argv[1:])
    logging.basicConfig(level=options.log, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(run(options))
