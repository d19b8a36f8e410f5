"""`labkit cache`: the lab's own Linux in the user's cache."""

from __future__ import annotations

import argparse
import json
from typing import Any

from labkit.errors import HostError
from labkit.runtime import rootfs


def add_commands(commands: Any) -> None:
    """Add `cache` to the command line."""
    cache = commands.add_parser("cache", help="show, fetch or clear Asterisk and its tools in your cache")
    cache.add_argument("action", nargs="?", choices=["show", "fetch", "clear"], default="show")
    cache.add_argument("--json", action="store_true")
    cache.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what was asked of the cache and say what it holds."""
    if options.action == "clear":
        _refuse_while_in_use()
        print(f"{_megabytes(rootfs.clear())} made free in {rootfs.cache_folder()}")
        return
    if options.action == "fetch":
        rootfs.ensure()
    found, contents = rootfs.find(), rootfs.contents()
    version = found.asterisk_version if found else None
    if options.json:
        entries = [{"name": name, "size_bytes": size} for name, size in contents]
        print(json.dumps({"folder": str(rootfs.cache_folder()), "asterisk": version, "entries": entries}))
        return
    print(
        f"{rootfs.cache_folder()}: {f'Asterisk {version}' if version else 'nothing fetched yet (labkit cache fetch)'}"
    )
    for name, size in contents:
        print(f"  {name}  {_megabytes(size)}")


def _refuse_while_in_use() -> None:
    from labkit.lab.home import names

    if running := names():
        raise HostError(f"Labs run from the cache: {', '.join(running)}. End them first: labkit down --lab NAME")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
