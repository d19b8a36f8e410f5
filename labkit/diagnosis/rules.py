"""The register of rules: each is one small function that looks at a case and says what it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from labkit.diagnosis.case import Case
from labkit.diagnosis.finding import Clue, Finding

See = Callable[[Case], Iterator[Clue]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    """Its name, by its function."""
    layer: str
    """Layer of what it finds."""
    place: str
    """`object.option` of what it finds."""
    faults: tuple[str, ...]
    """Faults of the catalogue that look so."""
    about: str
    """What it looks for, in a sentence."""
    see: See

    def findings(self, case: Case) -> Iterator[Finding]:
        """What it finds in a case."""
        for clue in self.see(case):
            thing, _, option = (clue.option or self.place).rpartition(".")
            yield Finding(
                self.id,
                clue.layer or self.layer,
                thing,
                option,
                round(clue.confidence, 2),
                clue.says,
                clue.evidence,
                clue.next,
                self.faults,
            )


_MODULES = (
    "registering",
    "inbound",
    "guarding",
    "outbound",
    "dialling",
    "describing",
    "media",
    "reach",
    "identity",
    "lasting",
    "digits",
)
"""Where rules are declared."""

RULES: list[Rule] = []
"""All rules, in the order in which their modules declare them."""


def rule(layer: str, place: str, *faults: str) -> Callable[[See], See]:
    """Declare a function as a rule: the layer and `object.option` that it finds, and the faults that look so."""

    def declare(see: See) -> See:
        about = (see.__doc__ or "").strip().splitlines()[0]
        RULES.append(Rule(see.__name__.replace("_", "-"), layer, place, faults, about, see))
        return see

    return declare


def all_rules() -> list[Rule]:
    """Every rule."""
    for module in _MODULES:
        import_module(f"labkit.diagnosis.{module}")
    return RULES
