"""What a rule of lint is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from labkit.pjsip.lint.subject import Subject

SEVERITIES = ("error", "warning", "hint")
"""error: Asterisk refuses it, or no call can work with it; warning: it will hurt; hint: better said otherwise."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a rule is broken."""

    text: str
    """What is wrong there, by name."""
    file: str = ""
    line: int = 0
    """Counted from 1; 0 for a file as a whole."""
    object: str = ""
    """The object as `type name`, or the dialplan's context."""
    option: str = ""
    fix: str = ""
    """What to write instead, where it is known better than by the rule."""


Check = Callable[[Subject], Iterator[Spot]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    id: str
    severity: str
    """error, warning or hint."""
    title: str
    why: str
    """What happens else, in one or two sentences."""
    fix: str
    """What to do, in one sentence."""
    lesson: str
    """Number of the lesson that teaches it."""
    source: str
    """Where it is written, or seen."""
    whole: bool
    """Whether it needs the whole configuration, not a piece of it."""
    check: Check


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule at one place."""

    id: str
    severity: str
    text: str
    why: str
    fix: str
    file: str
    line: int
    object: str
    option: str
    lesson: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Place, ID and text, then why and how to mend it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.id} {self.severity}: {self.text}\n    Why: {self.why}\n    Fix: {self.fix}"


RULES: dict[str, Rule] = {}
"""All rules by ID."""


def rule(
    id_: str, severity: str, title: str, *, why: str, fix: str, lesson: str, source: str, whole: bool = False
) -> Callable[[Check], Check]:
    """Declare a function as the check of a rule."""

    def declare(check: Check) -> Check:
        RULES[id_] = Rule(id_, severity, title, why, fix, lesson, source, whole, check)
        return check

    return declare


def finding(broken: Rule, spot: Spot) -> Finding:
    """What a rule found at a place."""
    return Finding(
        broken.id, broken.severity, spot.text, broken.why, spot.fix or broken.fix, spot.file, spot.line, spot.object,
        spot.option, broken.lesson, broken.source,
    )  # fmt: skip
