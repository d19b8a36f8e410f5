"""`labkit image`: the container image of the lab, made here, carried on a stick, taken from one."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from labkit.errors import HostError
from labkit.runtime import engine, image


def add_commands(commands: Any) -> None:
    """Add `image` to the command line."""
    text = "build the lab's container image without a registry, or carry it to another machine"
    parser = commands.add_parser("image", help=text, description=text)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    build = actions.add_parser("build", help="make the image from Asterisk and its tools in your cache")
    build.set_defaults(run=_build)
    for name, run, help_text in (("save", _save, "write the image into a file"), ("load", _load, "take it from one")):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("file", type=Path)
        action.set_defaults(run=run)


def _build(options: argparse.Namespace) -> None:
    began = time.monotonic()
    image.build()
    print(f"{image.NAME} is built after {time.monotonic() - began:.1f} s: {_megabytes(engine.image_bytes(image.NAME))}")


def _save(options: argparse.Namespace) -> None:
    image.ensure()
    engine.save_image(image.NAME, options.file)
    print(f"{image.NAME} is in {options.file}: {_megabytes(options.file.stat().st_size)}")


def _load(options: argparse.Namespace) -> None:
    if not options.file.is_file():
        raise HostError(f"There is no file {options.file}. One is written by: labkit image save FILE")
    print(engine.load_image(options.file))


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
