"""A small course and what learners did in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from labkit.course.standing import Progress, standing
from labkit.course.syllabus import Lesson
from labkit.journal import Event, fingerprint

BEGAN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FAMILIES = {"inbound": ("refused", "silent", "lost"), "security": ("knocks",)}
SOLUTION = 'lab.config.replace("a", "b")\nlab.verify()'
LESSON = Lesson(
    Path("05-who.ipynb"), "Who <is> it?", 30, (), ("inbound",), ("signalling",), ("identify",), ("refused",),
    ("05.order", "refused.object"), frozenset({fingerprint(SOLUTION), fingerprint('check("05.order", 1)')}),
)  # fmt: skip


def event(after_s: float, what: str, name: str, *cells: str, **facts: Any) -> Event:
    """Something done so long after the beginning, in these cells."""
    return Event(BEGAN + timedelta(seconds=after_s), what, name, cells=tuple(map(fingerprint, cells)), **facts)


def mended(slug: str, after_s: float = 0.0) -> list[Event]:
    """A fault broken and mended alone, in five minutes."""
    return [event(after_s, "break", slug), event(after_s + 300, "verify", slug, "lab.verify()", right=True)]


def told(*events: Event) -> Progress:
    """Where a learner stands who did this."""
    return standing(events, (LESSON,), FAMILIES)
