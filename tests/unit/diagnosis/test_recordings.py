"""Every recorded scenario through the diagnosis: how often it names the layer and the option, measured anew each time.

The recordings hold the scenario's calls beside those that must always work, a stranger's among them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.lab import recording
from labkit.runtime import topology
from labkit.scenario import changes
from labkit.scenario.model import Change, Scenario
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import address_values, own_values
from tests.triaged import Judged, Truth, below, judged, truth

pytestmark = pytest.mark.timeout(300)  # some two hundred captures


def values() -> dict[str, str]:
    """What the healthy lab's files are made with."""
    folders = dict.fromkeys(("lab", "modules", "data"), "/lab")
    return {**address_values(topology.load()), **own_values(None), **folders, "pbx.control": "127.0.0.1"}


def files(steps: tuple[Change, ...]) -> dict[str, str]:
    """The PBX's files after some changes."""
    texts = changes.applied(changes.healthy(values()), steps)
    return {name.removeprefix("pbx/"): text for name, text in texts.items() if name.startswith("pbx/")}


def cases(scenario: Scenario) -> Iterator[Judged]:
    """A scenario's recordings, broken and mended, judged both ways."""
    steps = (*scenario.scene, *scenario.broken)
    nothing = Truth(scenario.slug, "", frozenset())
    for state, what, done in (("broken", truth(scenario), steps), ("fixed", nothing, (*steps, *scenario.fix))):
        run, _ = recording.revived(f"{scenario.slug}/{state}")
        yield from judged(what, run, files(done))


@pytest.fixture(scope="module")
def found() -> list[Judged]:
    """All scenarios, judged."""
    return [each for slug in Shelf.here().slugs() for each in cases(Shelf.here().read(slug))]


def test_the_layer_comes_first_and_the_option_among_three(found: list[Judged]) -> None:
    broken = [each for each in found if each.truth.layer]
    assert len(broken) >= 2 * 54
    assert below(broken) == []


def test_what_is_mended_has_no_red_lamp(found: list[Judged]) -> None:
    assert [str(each) for each in found if not each.truth.layer and each.red] == []
