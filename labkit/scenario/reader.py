"""A scenario folder into a `Scenario`, with every placeholder filled and every change tried on the lab's files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labkit.errors import ScenarioError
from labkit.provider.policy import Policy, edited
from labkit.runtime.base import CAPABILITIES
from labkit.runtime.topology import lab_env
from labkit.scenario import changes, rules
from labkit.scenario.form import Place, Source, read
from labkit.scenario.model import REGISTRATIONS, Change, Scenario
from labkit.scenario.questions import questions
from labkit.scenario.values import drawn, placeholders, render, unknown

FILE = "scenario.toml"
KINDS = ("message", "log", "cli", "ami", "sdp", "rtp", "portal")
"""First keys of an evidence; each names its kind."""

_PATTERNS = ("log", "portal", "matches")
"""Keys of an evidence whose text is a pattern: a value stands there for itself, `+` and dots included."""


def read_scenario(folder: Path, values: Mapping[str, str], seed: int | None = None) -> Scenario:
    """Read a folder with a lab's values; ScenarioError names file, line and key, and the nearest right one.

    `seed` picks from the scenario's own `[vary]` lists; without one the first of each is taken.
    """
    source = Source.read(folder / FILE, f"{folder.name}/{FILE}")
    vary = _vary(source, {**values}, seed)
    filled = Source(source.name, _filled(source.table, (), {**values, **vary}, source), source.lines)
    scenario: Scenario = read(Scenario, _shaped(filled, folder.name), (), filled)
    for place, message in rules.broken_by(scenario, CAPABILITIES):
        raise filled.error(place, message)
    _try(scenario, values, filled)
    return replace(scenario, question=questions(scenario))


def _vary(source: Source, values: Mapping[str, str], seed: int | None) -> dict[str, str]:
    """One of each list of `[vary]`."""
    table = source.table.get("vary", {})
    found: dict[str, str] = {}
    for name, choices in table.items():
        place = ("vary", name)
        if not isinstance(choices, list) or not choices or not all(isinstance(each, str) for each in choices):
            raise source.error(place, f"vary.{name} is {choices!r}; expected a list of texts")
        picked = choices[0 if seed is None else drawn(seed, f"{source.name} {name}", len(choices))]
        found[name] = str(_filled(picked, place, values, source))
    return found


def _filled(value: Any, place: Place, values: Mapping[str, str], source: Source) -> Any:
    """A value with the placeholders of all its texts filled, those of keys as well: an answer may be a number."""
    if isinstance(value, Mapping):
        return {
            _filled(key, (*place, key), values, source): _filled(item, (*place, key), values, source)
            for key, item in value.items()
            if place or key != "vary"
        }
    if isinstance(value, list):
        return [_filled(item, (*place, at), values, source) for at, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    for name in placeholders(value):
        if name not in values:
            raise source.error(place, unknown(name, values))
    if place[0] == "evidence" and place[-1] in _PATTERNS:
        values = {name: re.escape(text) for name, text in values.items()}
    return render(value, values, source.name)


def _shaped(source: Source, slug: str) -> dict[str, Any]:
    """The table as the model has it: the slug is the folder's name, an evidence says its kind."""
    table = {**source.table, "slug": slug}
    for name, least in (("fix", 1), ("wrong", 1), ("break", 1), ("story", 1), ("cause", 1)):
        if len(table.get(name, ())) < least:
            raise source.error((name,), f"the scenario lacks {name}")
    table["evidence"] = [_kind(item, ("evidence", at), source) for at, item in enumerate(table.get("evidence", ()))]
    return table


def _kind(item: Mapping[str, Any], place: Place, source: Source) -> dict[str, Any]:
    kinds = [key for key in item if key in KINDS]
    if len(kinds) != 1:
        raise source.error(place, f"an evidence has exactly one of {', '.join(KINDS)}; this one has {kinds or 'none'}")
    rest = {key: value for key, value in item.items() if key != kinds[0]}
    return {"kind": kinds[0], "subject": item[kinds[0]], **rest}


def _try(scenario: Scenario, values: Mapping[str, str], source: Source) -> None:
    """Lay every list of changes over the healthy lab; ScenarioError says which does not fit."""
    texts = changes.healthy(values)
    policy = tomllib.loads(render((lab_env() / "provider/healthy.toml").read_text(), values, "provider/healthy.toml"))
    texts, policy = _step("scene", scenario.scene, texts, policy, source)
    texts, policy = _step("break", scenario.broken, texts, policy, source)
    _step("fix", scenario.fix, texts, policy, source)
    for at, wrong in enumerate(scenario.wrong):
        _step("wrong", wrong.change, texts, policy, source, (at, "change"))


def _step(
    name: str,
    steps: tuple[Change, ...],
    texts: dict[str, str],
    policy: dict[str, Any],
    source: Source,
    below: Place = (),
) -> tuple[dict[str, str], dict[str, Any]]:
    for at, change in enumerate(steps):
        place = (name, *below, at)
        texts = _fitting(lambda: changes.applied(texts, [change]), (*place, "old"), source)  # noqa: B023 - used at once
        if change.provider and change.provider != REGISTRATIONS:
            policy = _fitting(lambda: _policy(policy, change), (*place, "provider"), source)  # noqa: B023
    return texts, policy


def _policy(table: dict[str, Any], change: Change) -> dict[str, Any]:
    result = edited(table, change.provider, list(change.value) if isinstance(change.value, tuple) else change.value)
    Policy.read(result, change.provider)
    return result


def _fitting(step: Callable[[], Any], place: Place, source: Source) -> Any:
    try:
        return step()
    except ScenarioError as why:
        raise source.error(place, str(why)) from None
