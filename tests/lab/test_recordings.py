"""Every recording is as it was made, small, judged as it was, drawn as it was, and holds nobody's number."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import datasets
from labkit.lab import staging, takes
from labkit.lab.lab import Lab
from labkit.lab.recording import HEALTHY_NAME, is_current, revived
from labkit.runtime import choice
from labkit.scenario.regression import verdict
from labkit.scenario.shelf import Shelf
from labkit.show import ladder
from labkit.trace import open_trace
from labkit.trace.capture import Capture

RECORDED = sorted({name.partition("/")[0] for name in datasets.registry() if name.endswith("/broken")})
SLUGS = [slug for slug in RECORDED if slug in Shelf.here().slugs() and is_current(slug)]
"""What changed since it was recorded is refused; `labkit record` records it anew."""

STATES = [HEALTHY_NAME, *(f"{slug}/{state}" for slug in SLUGS for state in ("broken", "fixed"))]
KEPT_FREE = re.compile(r"55501\d\d$|79460\d{3}$|^\d{1,4}$|^1555\d{4}$")
"""The ends of numbers that belong to nobody (NANP 555-01xx, Ofcom 020 7946 0xxx), extensions, and +1 with seven digits.

No number of the North American plan is that short.
"""


PATHS = re.compile(r"/(?:home|root|tmp|work)/[^ \"]*")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that is replayed."""
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setenv(choice.VARIABLE, "replay")
    with Lab("replayed") as made:
        yield made.up()


@pytest.mark.parametrize("name", datasets.registry())
def test_every_dataset_is_as_it_was_recorded_and_small(name: str) -> None:
    folder = datasets.fetch(name)
    assert datasets.MAX_BYTES >= sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", STATES)
def test_the_ladder_of_a_recorded_call_is_the_one_that_was_drawn_then(name: str) -> None:
    _, session = revived(name)
    for number, call in enumerate(session.calls, 1):
        drawn = (datasets.home() / name / f"calls/{number}-ladder.txt").read_text()
        assert drawn == f"{ladder(call).text(exact=False)}\n"


@pytest.mark.parametrize("slug", SLUGS)
def test_broken_fails_and_the_reference_fix_passes(lab: Lab, slug: str) -> None:
    scenario = lab.break_(slug)
    assert not lab.verify().passed
    if edits := [change for change in scenario.fix if change.file]:
        staging.carry_out(lab, edits, "fix")
        assert lab.verify().passed
    assert verdict(scenario, revived(f"{slug}/fixed")[0]).passed


@pytest.mark.parametrize("name", STATES)
def test_no_number_in_a_recording_is_anybody_s(name: str) -> None:
    run, session = revived(name)
    assert run.capture
    numbers = {call.to for call in run.calls} | {call.number for call in session.calls} | spoken(run.capture)
    assert numbers
    assert [] == [number for number in numbers if not KEPT_FREE.search(number)]


def spoken(capture: Capture) -> set[str]:
    """The numbers in the SIP of a capture."""
    messages = open_trace(capture).messages
    users = {*messages["from_user"].dropna(), *messages["to_user"].dropna()}
    return {re.sub(r"\D", "", user) for user in users if re.fullmatch(r"\+?[\d().-]+", user)}


@pytest.mark.parametrize("lesson", takes.lessons())
def test_takes_hold_nobody_s_number_and_no_path_of_a_machine(lesson: str, tmp_path: Path) -> None:
    reel = takes.reel(lesson)
    assert reel.takes
    told = "".join(json.dumps(take.answer) for take in reel.takes)
    assert [] == PATHS.findall(told)
    for name, data in reel.captures.items():
        (tmp_path / name).write_bytes(data)
    numbers = spoken(Capture.of(sorted(tmp_path.iterdir()))) if reel.captures else set()
    assert [] == [number for number in numbers if not KEPT_FREE.search(number)]
