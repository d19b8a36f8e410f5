"""The page on scenarios names every key that there is, and every command."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from labkit.cli import _MODULES
from labkit.scenario.form import written
from labkit.scenario.model import CallPlan, Change, Evidence, Expected, Question, Scenario, StatePlan, Wrong

PAGE = (Path(__file__).parents[3] / "docs/scenarios.md").read_text()
WORDS = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`[^`]+`|^    .+$", PAGE, re.MULTILINE))))
KINDS = (Scenario, Change, Wrong, CallPlan, Expected, StatePlan, Evidence, Question)
OWN = {"slug", "kind", "subject"}
"""What no file writes: the folder, and the first key of an evidence, say it."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_told_of(kind: type) -> None:
    keys = {written(kind, item.name) for item in fields(kind)}
    assert keys - OWN - WORDS == set()


def test_every_command_is_told_of() -> None:
    assert set(_MODULES["scenario"]) - WORDS == set()
