"""The provider as a program in a lab host: one policy file, one control socket."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labkit.control import serve_until_stopped
from labkit.provider.policy import load_table
from labkit.provider.portal import Portal
from labkit.provider.service import Service
from labkit.rtp.ports import allow_files, stamping

METHODS = (
    "call", "place_call", "calls", "report", "hang_up", "registrations", "forget_registrations", "options", "set",
    "change", "load", "wait", "send_dtmf",
)  # fmt: skip
"""Methods of `Service` that the control socket offers."""

TIDY_S = 10.0
"""How often the garbage collector may run, if no call is up."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m labkit.provider", description="The lab's mock SIP provider.")
    parser.add_argument("--policy", required=True, type=Path, help="TOML file, see lab-env/provider")
    parser.add_argument("--bind", action="append", default=[], metavar="ADDRESS", help="instead of the policy's "
                        "address of the first SBC; again for the second SBC, again for media")  # fmt: skip
    parser.add_argument("--port", type=int, help="instead of the policy's SIP port")
    parser.add_argument("--control", required=True, help="path of the unix socket to listen on")
    parser.add_argument("--log", default="WARNING", help="log level")
    return parser.parse_args(argv)


def table_of(options: argparse.Namespace) -> dict[str, Any]:
    """Read the policy and lay the command line's addresses over it."""
    table = load_table(options.policy)
    bind = dict(zip(("first", "second", "media"), options.bind, strict=False))
    bind |= {"port": options.port} if options.port else {}
    return {**table, "bind": {**table.get("bind", {}), **bind}}


async def run(options: argparse.Namespace) -> None:
    """Be a provider until SIGTERM."""
    stamping()
    allow_files()
    service = Service(table_of(options))
    await service.open()
    portal = Portal(service)
    methods: dict[str, Callable[..., Any]] = {name: getattr(service, name) for name in METHODS}
    methods |= {"policy": _policy(service), "portal": portal.shown, "forget": service.ledger.clear}
    methods |= {"allow": portal.allow, "verify": portal.verify}
    _collect_when_idle(service)
    await serve_until_stopped(options.control, methods)
    await service.close()


def _collect_when_idle(service: Service) -> None:
    """Collect garbage only while no call is up.

    Calls die by their reference counts. A full collection walks over every transaction that lingers for 32 s, at
    1,500 calls a second long enough for an INVITE to be sent again.
    """
    gc.disable()
    if not any(line.alive for line in service.ledger):
        gc.collect()
        gc.freeze()
    service.agent.timers.after(TIDY_S, _collect_when_idle, service)


def _policy(service: Service) -> Callable[..., Any]:
    def policy(path: str | None = None, table: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Show the policy table; follow a file or a table first where given."""
        if path is not None:
            service.follow(load_table(Path(path)), path)
        elif table is not None:
            service.follow(table)
        return service.table

    return policy


def main() -> None:
    """Start from the command line."""
    options = arguments(sys.argv[1:])
    logging.basicConfig(level=options.log, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    asyncio.run(run(options))
