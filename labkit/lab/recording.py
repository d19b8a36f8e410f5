"""Recording a lab: each state of a scenario, with the run that a verdict needs and a session to look into."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit import datasets
from labkit.errors import DatasetError, HostError, ScenarioError
from labkit.lab import placing, staging, verifying
from labkit.lab.ami import Reply
from labkit.lab.calls import Call
from labkit.lab.captures import Recorder
from labkit.lab.judging import HEALTHY
from labkit.lab.session import Session, pack
from labkit.runtime.topology import lab_env
from labkit.scenario.model import CallPlan, Scenario
from labkit.scenario.reader import FILE as SCENARIO
from labkit.scenario.regression import STRANGER, verdict
from labkit.scenario.run import Run
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import render

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

HEALTHY_NAME = "healthy"
"""Dataset of the lab that nothing broke."""


def record(lab: Lab, slug: str, command: str) -> Iterator[str]:
    """Record a scenario broken and fixed, or the healthy lab; gives the names of the datasets as they are written.

    ScenarioError where the recording would not be judged as it should: broken must fail, healthy and fixed pass.
    """
    if slug == HEALTHY_NAME:
        lab.heal()
        yield _write(lab, HEALTHY_NAME, HEALTHY, command)
        return
    scenario = lab.break_(slug)
    yield _write(lab, f"{slug}/broken", scenario, command)
    staging.carry_out(lab, scenario.fix, "reference fix")
    yield _write(lab, f"{slug}/fixed", scenario, command)


def _write(lab: Lab, name: str, scenario: Scenario, command: str) -> str:
    run = verifying.run(lab, scenario)
    judgement = verdict(scenario, run)
    if judgement.passed is name.endswith("/broken"):
        raise ScenarioError(f"{name} is not recorded, its verdict is wrong:\n{judgement}", slug=scenario.slug)
    session = asked(lab, scenario)
    folder = datasets.home() / name
    shutil.rmtree(folder, ignore_errors=True)
    run.save(folder)
    pack(folder, run.capture.points if run.capture else ())
    session.save(folder)
    made_with = {**versions(lab, session), "origin": origin(scenario.slug)}
    datasets.register(name, datasets.Dataset(command, lab.seed, made_with))
    return name


def origin(slug: str) -> str:
    """A short name of all that decides what is recorded, and not of what is told about it or expected."""
    path = Shelf.here().folder(slug) / SCENARIO if slug else lab_env() / "recording.toml"
    table = tomllib.loads(path.read_text())
    deciding: dict[str, Any] = {
        name: table[name] for name in ("vary", "ask", "scene", "before", "break", "fix") if name in table
    }
    deciding["evidence"] = [_only(entry, ("cli", "ami", "headers", "during")) for entry in table.get("evidence", ())]
    for name in ("call", "state"):
        deciding[name] = [_only(entry, entry.keys() - {"good", "bad"}) for entry in table.get(name, ())]
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:12]


def _only(entry: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


def is_current(slug: str) -> bool:
    """Whether a scenario, or `healthy`, is recorded as its file is now."""
    known = datasets.registry()
    names = [HEALTHY_NAME] if slug == HEALTHY_NAME else [f"{slug}/broken", f"{slug}/fixed"]
    now = origin("" if slug == HEALTHY_NAME else slug)
    return all(name in known and known[name].versions.get("origin") == now for name in names)


def versions(lab: Lab, session: Session) -> dict[str, str]:
    """Of the programs that a recording was made with."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"asterisk": session.commands["core show version"].split()[1], "runtime": lab.runtime.name}
    with suppress(PackageNotFoundError):
        found["labkit"] = version("sip-trunk-lab")
    return found


def asked(lab: Lab, scenario: Scenario) -> Session:
    """Place calls one by one and ask all that lab-env/recording.toml and the scenario's evidence ask."""
    text = render((lab_env() / "recording.toml").read_text(), lab.values, "recording.toml")
    plan = tomllib.loads(text)
    ask = plan["ask"]
    calls = (*scenario.call, *_planned(plan["call"], scenario.slug or HEALTHY_NAME))
    evidence = [each for each in scenario.evidence if each.command]
    actions = {*ask["ami"], *(each.command.removeprefix("ami ") for each in evidence if each.kind == "ami")}
    commands = {*ask["cli"], *(each.command for each in evidence if each.kind == "cli")}
    return Session(
        tuple(placed_alone(lab, calls)),
        {line: lab.asterisk(line) for line in sorted(commands)},
        {action: _reply(lab, action) for action in sorted(actions)},
        tuple(lab.log_since_change() if scenario.slug else lab.log()),
        {method: lab.provider.request(method) for method in ask["provider"]},
    )


def _planned(entries: Iterable[Mapping[str, Any]], state: str) -> Iterator[CallPlan]:
    """The calls of lab-env/recording.toml for the healthy lab or a scenario."""
    for entry in entries:
        if state in entry.get("when", (HEALTHY_NAME,)):
            yield CallPlan(f"{entry['by']} to {entry['to']}", entry["by"], entry["to"], hold_s=entry.get("hold_s", 1.0))


def placed_alone(lab: Lab, plans: Iterable[CallPlan]) -> Iterator[Call]:
    """Place calls one after the other, each with a capture of its own."""
    for plan in plans:
        if plan.by == STRANGER:
            continue
        with Recorder(lab.runtime, lab.topology, list(lab.topology.points), "recorded") as recorder:
            (placed,) = placing.place(lab, [replace(plan, wait_s=0.0)])
        if placed.near is not None:
            yield Call(plan.by, plan.to, placed.near, placed.far, recorder.capture)


def _reply(lab: Lab, action: str) -> Reply:
    """What AMI replied; a refusal is a reply as well."""
    name, *headers = action.split()
    try:
        return lab.ami(name, **dict(header.split("=", 1) for header in headers))
    except HostError as why:
        return Reply({"Response": "Error", "Message": str(why)})


def revived(name: str) -> tuple[Run, Session]:
    """The recording of that name, its files checked."""
    folder, slug = datasets.fetch(name), name.partition("/")[0]
    if not is_current(slug):
        message = f"{slug} was recorded when it was another. Record it anew on a live lab: labkit record {slug}"
        raise DatasetError(message, name=name)
    return Run.load(folder), Session.load(folder)
