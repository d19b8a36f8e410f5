"""A recording tells what the live lab tells: the same ladders, the same verdict, of every recorded scenario."""

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import datasets
from labkit.lab.calls import Call
from labkit.lab.lab import Lab
from labkit.lab.recording import HEALTHY_NAME, is_current, placed_alone
from labkit.lesson.views import ladder
from labkit.runtime import choice
from labkit.scenario.model import Scenario
from labkit.scenario.regression import regression
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import own_values
from labkit.scenario.verdict import Verdict
from tests.lab.conftest import HERE
from tests.lab.test_same_ladder import drawn

RECORDED = sorted({name.partition("/")[0] for name in datasets.registry() if name.endswith("/broken")})
SLUGS = [slug for slug in RECORDED if slug in Shelf.here().slugs() and is_current(slug)]
SHARES = 1 if os.environ.get("LABKIT_ALL") else 6
"""A day's run takes a sixth of them, another one each day, for each has to be placed live; LABKIT_ALL=1 takes all."""
TODAY = SLUGS[datetime.date.today().toordinal() % SHARES :: SHARES]
ROUTED = [name for name in HERE if "nat" in choice.KINDS[name].capabilities]


@pytest.fixture(scope="module")
def live() -> Iterator[Lab]:
    """A lab that runs."""
    with Lab("live", "namespaces" if "namespaces" in ROUTED else ROUTED[0]) as lab:
        yield lab.up(fresh=True)
        lab.down()


@pytest.fixture
def replayed() -> Iterator[Lab]:
    """A lab that does not."""
    with Lab("recorded", "replay") as lab:
        yield lab.up(fresh=True)
        lab.down()


SCARCE = {"busy-hour-488": False, "no-more-than-two-calls": True, "robot-voice-inbound": False}
"""Their fault gives calls at once too little for all, of ports, calls or packets: which of the regression calls go
without is chance, and where it is said here, which of the scenario's own."""


def outcome(scenario: Scenario, verdict: Verdict) -> list[tuple[str, bool]]:
    """Whether it passed, and every check; not those of calls that compete."""
    competing = {call.name for call in regression(own_values(None))} if scenario.slug in SCARCE else set()
    competing |= {call.name for call in scenario.call} if SCARCE.get(scenario.slug) else set()
    checks = (check for check in verdict.checks if check.name.partition(":")[0] not in competing)
    return [("all", verdict.passed), *((check.name, check.passed) for check in checks)]


def arrows(call: Call) -> dict[str, list[str]]:
    """The arrows of a call by leg and point, each message once.

    What is chance is left out: when a timer fires, and what the PBX still repeats for calls before this one.
    """
    messages = call.trace.messages
    ends = {end.call_id for end in (call.near, call.far) if end}
    own = messages["call"].isin(set(messages["call"][messages["call_id"].isin(ends)]))
    messages = messages[own & (messages["retransmission"] == 0)]
    what = messages["method"].fillna(messages["code"].astype("string"))
    lines = (
        messages["src_name"] + " > " + messages["dst_name"] + " " + what + " in " + messages["cseq"].str.split().str[1]
    )
    legs = messages["leg"].rank(method="dense").astype("int").astype("string")
    return {str(place): list(found) for place, found in lines.groupby(messages["point"] + " " + legs)}


def ladders(lab: Lab, scenario: Scenario) -> list[dict[str, list[str]]]:
    """The arrows of each of the scenario's calls."""
    calls = lab.replayed.session.calls if lab.replayed else placed_alone(lab, scenario.call)
    return [arrows(call) for call in calls]


@pytest.mark.parametrize("slug", TODAY)
def test_a_recorded_scenario_is_seen_and_judged_as_on_the_live_lab(live: Lab, replayed: Lab, slug: str) -> None:
    scenario = live.break_(slug)
    replayed.break_(slug)
    assert outcome(scenario, live.verify()) == outcome(scenario, replayed.verify())
    assert ladders(live, scenario) == ladders(replayed, scenario)


def test_the_healthy_lab_draws_the_ladders_that_were_recorded(live: Lab, replayed: Lab) -> None:
    live.heal()
    for name in ("+15550100", "8+15550100", "1002", "600"):
        seen, recorded = live.call("phone-1001", name), replayed.call("phone-1001", name)
        assert drawn(ladder(seen).text(exact=False)) == drawn(ladder(recorded).text(exact=False))


def test_what_is_recorded_can_be_recorded_again(live: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labkit.cli.record import recorded

    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path))
    assert [HEALTHY_NAME] == list(recorded(live, HEALTHY_NAME))
    assert tmp_path / HEALTHY_NAME == datasets.fetch(HEALTHY_NAME)
    assert list((tmp_path / HEALTHY_NAME / "calls").glob("*-ladder.txt"))
