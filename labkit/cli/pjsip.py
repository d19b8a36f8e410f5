"""`labkit lint`, `objects`, `explain`, `migrate`: Asterisk's files judged, drawn, explained, and carried over."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labkit.pjsip.objects import read_files


def add_commands(commands: Any) -> None:
    """Add lint, objects, explain and migrate to the command line."""
    text = "look for mistakes in pjsip.conf, extensions.conf and their kin"
    lint = commands.add_parser("lint", help=text, description=text)
    lint.add_argument("source", nargs="?", type=Path, help="a folder such as /etc/asterisk, or one file of it")
    lint.add_argument("--firewall", type=Path, help="rules in front (nft or iptables-save), for the RTP ports")
    lint.add_argument("--rules", action="store_true", help="list all rules instead")
    lint.add_argument("--json", action="store_true", help="print for machines")
    lint.set_defaults(run=_lint)
    text = "the PJSIP objects: what links to what, what is broken, unused, refused or not loaded"
    graph = commands.add_parser("objects", help=text, description=text)
    graph.add_argument("name", nargs="?", help="only what belongs to this name")
    graph.add_argument("--config", type=Path, help="a folder such as /etc/asterisk (default: the lab and its Asterisk)")
    graph.add_argument("--lab", default="default", help="the lab's name (default: default)")
    graph.add_argument("--save", metavar="PATH", help="draw it to a file: .png, .svg, .txt or .html")
    graph.set_defaults(run=_objects)
    text = "what an option such as endpoint.rtp_symmetric means, its default, its value and where it was set"
    explain = commands.add_parser("explain", help=text, description=text)
    explain.add_argument("option", help="such as endpoint.rtp_symmetric")
    explain.add_argument("--config", type=Path, help="a folder such as /etc/asterisk (default: the lab's files)")
    explain.add_argument("--lab", default="default", help="the lab's name (default: default)")
    explain.add_argument("--json", action="store_true", help="print for machines")
    explain.set_defaults(run=_explain)
    text = "write the pjsip.conf that does what a sip.conf did, with a comment on each decision"
    migrate = commands.add_parser("migrate", help=text, description=text)
    migrate.add_argument("source", type=Path, help="sip.conf, or the folder that it is in")
    migrate.add_argument("--json", action="store_true", help="print for machines")
    migrate.set_defaults(run=_migrate)


def _lint(options: argparse.Namespace) -> int:
    from labkit.errors import ParseError
    from labkit.pjsip.lint import RULES, lint

    if options.rules:
        for rule in RULES.values():
            print(f"{rule.id}  {rule.severity:7}  {rule.title} (lesson {rule.lesson})")
        return 0
    if options.source is None:
        raise ParseError("Give a folder such as /etc/asterisk, or one file: labkit lint DIR|FILE")
    report = lint(options.source, options.firewall.read_text() if options.firewall else "")
    print(json.dumps(report.as_dict()) if options.json else report)
    return 1 if report.errors else 0


def _explain(options: argparse.Namespace) -> None:
    from labkit.lab.home import Home
    from labkit.lab.objects import explain

    folder = options.config or Home(options.lab).folder / "pbx/etc"
    explanation = explain(options.option, read_files(folder) if folder.exists() else {})
    print(json.dumps(asdict(explanation), default=str) if options.json else explanation)


def _migrate(options: argparse.Namespace) -> None:
    from labkit.pjsip.migration import migrate

    migration = migrate(options.source)
    lost = [asdict(each) for each in migration.lost]
    print(json.dumps({"pjsip.conf": str(migration), "lost": lost}) if options.json else migration, end="")


def _objects(options: argparse.Namespace) -> None:
    from labkit.pjsip.graph import object_graph
    from labkit.pjsip.objects import read_objects

    if options.config:
        graph = object_graph(read_objects(options.config))
    else:
        from labkit.lab.lab import Lab

        with Lab(options.lab).running() as lab:
            graph = lab.objects
    if options.save:
        from labkit import show

        print(show.objects(graph).save(options.save))
    else:
        print(graph[options.name] if options.name else graph)
