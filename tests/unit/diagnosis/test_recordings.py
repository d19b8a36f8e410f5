"""Every recorded scenario through the diagnosis: how often it names the layer and the option, measured anew each time.

The recordings hold the scenario's calls beside those that must always work, a stranger's among them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.diagnosis import Triage, triage
from labkit.diagnosis.case import Case
from labkit.diagnosis.settings import Settings
from labkit.lab import recording
from labkit.runtime import topology
from labkit.scenario import changes
from labkit.scenario.model import Scenario
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import address_values, own_values
from labkit.trace import Capture, open_trace

Judged = list[tuple[Scenario, Triage, Triage]]


def values() -> dict[str, str]:
    """What the healthy lab's files are made with."""
    folders = dict.fromkeys(("lab", "modules", "data"), "/lab")
    return {**address_values(topology.load()), **own_values(None), **folders, "pbx.control": "127.0.0.1"}


def files(scenario: Scenario) -> dict[str, str]:
    """The PBX's files as the scenario broke them."""
    texts = changes.applied(changes.healthy(values()), (*scenario.scene, *scenario.broken))
    return {name.removeprefix("pbx/"): text for name, text in texts.items() if name.startswith("pbx/")}


def judgements() -> Iterator[tuple[Scenario, Triage, Triage]]:
    """Each scenario with what all the material says, and what the captures say alone; no host is named."""
    for slug in Shelf.here().slugs():
        scenario = Shelf.here().read(slug)
        run, _ = recording.revived(f"{slug}/broken")
        assert run.capture is not None
        trace = open_trace(Capture(dict(run.capture.points)))
        yield scenario, triage(Case(trace, Settings(files(scenario)), run.log)), triage(Case(trace))


@pytest.fixture(scope="module")
def judged() -> Judged:
    """All scenarios, judged."""
    return list(judgements())


def share(hits: list[bool]) -> float:
    """How many of them are true."""
    return sum(hits) / len(hits)


def right_place(scenario: Scenario, found: Triage) -> bool:
    """Whether one of the first three findings names the option, or a name that is equally right."""
    names = {name for each in found.findings[:3] for name in (each.place, each.object, each.option)}
    wanted = {scenario.object, *scenario.also}
    return bool({name.lower() for name in names} & {name.lower() for name in wanted})


def test_the_layer_is_named_first(judged: Judged) -> None:
    hits = [bool(found.findings) and found.findings[0].layer == scenario.layer for scenario, found, _ in judged]
    assert share(hits) >= 0.95


def test_the_option_is_among_the_first_three(judged: Judged) -> None:
    assert share([right_place(scenario, found) for scenario, found, _ in judged]) >= 0.9


def test_captures_alone_name_the_layer_or_say_that_they_cannot_tell(judged: Judged) -> None:
    layers = [(scenario.layer, bare.first.layer if bare.first else None) for scenario, _, bare in judged]
    assert share([told in (None, layer) for layer, told in layers]) >= 0.9
    assert share([told == layer for layer, told in layers]) >= 0.75
