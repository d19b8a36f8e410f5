"""How far a learner has come, from what he did: lessons answered, faults found, families mastered.

A fault is mastered when it was broken and then mended so that the verdict passed, with no hint, and with no cell of a
lesson that does the work. Two different faults of a family make the family mastered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from labkit import journal
from labkit.course import syllabus
from labkit.course.syllabus import Lesson
from labkit.journal import Event

ENOUGH = 2
"""Different faults of a family that must be mastered."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fault from the moment it was put in to the verdict that passed, or to the last that was heard of it."""

    slug: str
    began: datetime
    hints: int = 0
    """How often its hints were opened."""
    shown: bool = False
    """Whether a cell of a lesson did the work."""
    diagnosed_s: float | None = None
    """From the break to the first right name of its layer or object, or to the verdict that passed."""
    mended_s: float | None = None
    """From the break to the verdict that passed."""

    @property
    def mastered(self) -> bool:
        """Mended by the learner alone."""
        return self.mended_s is not None and not self.hints and not self.shown

    def heard(self, event: Event) -> Attempt:
        """The same after one more event about it."""
        if self.mended_s is not None:
            return self
        after_s = (event.at - self.began).total_seconds()
        first_s = after_s if self.diagnosed_s is None else self.diagnosed_s
        match event:
            case Event(what="hint"):
                return replace(self, hints=self.hints + 1)
            case Event(what="verify", right=True):
                return replace(self, diagnosed_s=first_s, mended_s=after_s)
            case Event(what="evidence", right=True):
                return replace(self, diagnosed_s=first_s)
            case Event(what="check", right=True, name=name) if name.endswith((".layer", ".object")):
                return replace(self, diagnosed_s=first_s)
        return self

    def helped(self) -> Attempt:
        """The same after a cell of a lesson did the work."""
        return self if self.mended_s is not None else replace(self, shown=True)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a learner stands."""

    lessons: tuple[Lesson, ...]
    families: Mapping[str, tuple[str, ...]]
    """Slugs of the scenarios of each family."""
    answered: frozenset[str]
    """Questions that the learner answered right by himself."""
    attempts: tuple[Attempt, ...] = field(default=())
    """In order of time."""

    def done(self, lesson: Lesson) -> int:
        """How many questions of a lesson are answered."""
        return len(self.answered.intersection(lesson.checks))

    def answers_all(self, lesson: Lesson) -> bool:
        """Whether every question of a lesson is answered."""
        return self.done(lesson) == len(lesson.checks)

    @property
    def mastered(self) -> frozenset[str]:
        """Slugs of the faults mastered."""
        return frozenset(each.slug for each in self.attempts if each.mastered)

    @property
    def mended(self) -> frozenset[str]:
        """Slugs of the faults mended, with help or without."""
        return frozenset(each.slug for each in self.attempts if each.mended_s is not None)

    @property
    def met(self) -> frozenset[str]:
        """Slugs of the faults that were broken at all."""
        return frozenset(each.slug for each in self.attempts)

    def needed(self, family: str) -> int:
        """How many different faults of a family must be mastered: no more than it has."""
        return min(ENOUGH, len(self.families[family]))

    def masters(self, family: str) -> bool:
        """Whether a family is mastered."""
        return len(self.mastered.intersection(self.families[family])) >= self.needed(family)


def so_far() -> Progress:
    """Where the learner of this machine stands."""
    return standing(journal.read(), syllabus.lessons(), syllabus.families())


def standing(events: Iterable[Event], lessons: tuple[Lesson, ...], families: Mapping[str, tuple[str, ...]]) -> Progress:
    """Where a learner stands who did this."""
    told = list(events)
    shown = frozenset[str]().union(*(lesson.shown for lesson in lessons))
    by_himself = (event for event in told if event.what == "check" and event.right and not _copied(event, shown))
    answered = frozenset(event.name for event in by_himself)
    slugs = frozenset(slug for each in families.values() for slug in each)
    return Progress(lessons, families, answered, tuple(_attempts(told, slugs, shown)))


def _copied(event: Event, shown: frozenset[str]) -> bool:
    """Whether the cell that gave an answer is one that a lesson holds."""
    return bool(shown.intersection(event.cells[-1:]))


def _attempts(events: Iterable[Event], slugs: frozenset[str], shown: frozenset[str]) -> list[Attempt]:
    """Every attempt, in the order in which they began; what cells did is put down to the newest.

    The cell that ran last when it began is not: a panel may have broken the lab long after it.
    """
    attempts: list[Attempt] = []
    latest: dict[str, int] = {}
    before: tuple[str, ...] = ()
    for event in events:
        slug = event.name if event.name in slugs else event.name.rpartition(".")[0]
        if event.what == "break" and slug in slugs:
            latest[slug] = len(attempts)
            attempts.append(Attempt(slug, event.at))
            before = event.cells[-1:]
            continue
        if attempts and shown.intersection(event.cells).difference(before):
            attempts[-1] = attempts[-1].helped()
        if slug in latest:
            attempts[latest[slug]] = attempts[latest[slug]].heard(event)
    return attempts
