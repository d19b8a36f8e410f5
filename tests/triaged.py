"""Broken trunks through the diagnosis: what it says of each, and how often that is right.

A case is judged twice: with everything there is (captures, configuration, log), and by its captures alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labkit.diagnosis import Triage, triage
from labkit.diagnosis.case import Case
from labkit.diagnosis.settings import Settings
from labkit.scenario.model import Scenario
from labkit.scenario.run import Run
from labkit.trace import Capture, open_trace

FIRST = 3
"""Findings among which the option must be."""

BARS = {"everything": {"layer": 0.95, "place": 0.9}, "captures alone": {"layer": 0.85}}
"""The least share of cases, by the way they are judged."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really wrong with a case."""

    name: str
    """Name of the case."""
    layer: str
    """Layer at fault; empty where nothing is wrong."""
    places: frozenset[str]
    """Names for what is at fault, each as right as the others, in small letters."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A case and what the diagnosis said of it."""

    truth: Truth
    way: str
    """One of BARS: what it was given."""
    said: Triage

    @property
    def layer(self) -> str:
        """The layer that it names; empty where it cannot tell."""
        return self.said.first.layer if self.said.first else ""

    @property
    def right_layer(self) -> bool:
        """Whether it names the layer at fault."""
        return self.layer == self.truth.layer

    @property
    def right_place(self) -> bool:
        """Whether one of the first findings names the option."""
        return self.among(FIRST)

    def among(self, count: int) -> bool:
        """Whether one of so many findings names the option."""
        names = {name for each in self.said.findings[:count] for name in (each.place, each.object, each.option)}
        return bool({name.lower() for name in names} & self.truth.places)

    @property
    def red(self) -> list[str]:
        """The lamps that are red."""
        return [each.layer for each in self.said.lamps if each.state == "red"]

    def __str__(self) -> str:
        told = [f"{each.layer} {each.place} {each.confidence:.2f} ({each.id})" for each in self.said.findings[:FIRST]]
        wanted = f"{self.truth.layer or 'nothing'} {' or '.join(sorted(self.truth.places))}"
        return f"{self.truth.name}, {self.way}: {wanted.strip()}; said: {', '.join(told) or 'nothing'}"


def truth(scenario: Scenario, name: str = "") -> Truth:
    """What a scenario says is wrong."""
    places = frozenset(each.lower() for each in (scenario.object, *scenario.also))
    return Truth(name or scenario.slug, scenario.layer, places)


def judged(what: Truth, run: Run, files: Mapping[str, str]) -> Iterator[Judged]:
    """A run with the PBX's files by name below its folder, both ways; no host is named."""
    assert run.capture is not None
    trace = open_trace(Capture(dict(run.capture.points)))
    for way in BARS:
        case = Case(trace, Settings(files), run.log) if way == "everything" else Case(trace)
        yield Judged(what, way, triage(case))


def share(hits: Iterable[bool]) -> float:
    """How many of them are true."""
    marks = list(hits)
    return sum(marks) / len(marks)


def figures(cases: Sequence[Judged]) -> dict[str, float]:
    """Shares of cases: the right layer first, the option within the first three, a wrong layer, no layer."""
    return {
        "layer": share(each.right_layer for each in cases),
        "place": share(each.right_place for each in cases),
        "wrong": share(bool(each.layer) and not each.right_layer for each in cases),
        "cannot tell": share(not each.layer for each in cases),
    }


def below(cases: Sequence[Judged]) -> list[str]:
    """The bars that these cases miss; by captures alone a wrong layer is one too many."""
    missed = []
    for way, bars in BARS.items():
        found = figures([each for each in cases if each.way == way])
        missed += [f"{way}: {name} {found[name]:.1%} < {bar:.0%}" for name, bar in bars.items() if found[name] < bar]
        if way == "captures alone" and found["wrong"]:
            missed.append(f"{way}: wrong {found['wrong']:.1%} > 0 %")
    return missed
