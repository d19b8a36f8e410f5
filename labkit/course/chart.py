"""The learner's map: every lesson, every fault of every family, and what of it is done; a picture and its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from labkit.course.standing import Progress, so_far
from labkit.course.syllabus import FAMILIES, Lesson
from labkit.show.canvas import Canvas, Point
from labkit.show.palette import Palette
from labkit.show.pictures import Picture, Spot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIGNS = {"mastered": "✓", "mended with help": "h", "met": "…", "": ""}
"""How a fault is marked."""
LEGEND = "✓ mastered: mended alone, with no hint and no solution      h mended with help      … met, not mended"

_WIDTH, _EDGE, _TOP, _ACROSS = 1000.0, 20.0, 66.0, 10
_TILE_WIDTH, _TILE_HEIGHT, _GAP = 89.0, 58.0, 8.0
_BOX, _ROW, _STATE_X, _BOXES_X = 22.0, 30.0, 450.0, 545.0


def progress() -> Picture:
    """How far you have come: lessons answered and faults mastered, as a map; its text form has their names."""
    return chart(so_far())


def chart(told: Progress) -> Picture:
    """The map of a learner."""
    return Picture(words(told), lambda palette: _drawn(told, palette), spots=tuple(_spots(told)))


def state(told: Progress, slug: str) -> str:
    """How far a fault is mastered: a key of SIGNS."""
    known = {"mastered": told.mastered, "mended with help": told.mended, "met": told.met}
    return next((name for name, slugs in known.items() if slug in slugs), "")


def summary(told: Progress) -> str:
    """All of it in a line."""
    answered = sum(map(told.answers_all, told.lessons))
    families = sum(map(told.masters, told.families))
    return (
        f"{answered} of {len(told.lessons)} lessons answered, {len(told.mastered)} faults and "
        f"{families} of {len(told.families)} families mastered."
    )


def words(told: Progress) -> str:
    """All that the map tells, line by line."""
    lessons = (f"  {each.number}  {_count(told, each)}  {each.title}" for each in told.lessons)
    return "\n".join([summary(told), "", "Lessons", *lessons, "", "Faults", *_faults(told)])


def _count(told: Progress, lesson: Lesson) -> str:
    return f"{told.done(lesson)} of {len(lesson.checks)}"


def _faults(told: Progress) -> Iterator[str]:
    for family, slugs in told.families.items():
        yield f"  {family}: {mastery(told, family)}; {FAMILIES.get(family, family)}"
        by_state = {name: [slug for slug in slugs if state(told, slug) == name] for name in SIGNS if name}
        yield from (f"    {name}: {', '.join(found)}" for name, found in by_state.items() if found)


def mastery(told: Progress, family: str) -> str:
    """Of a family: whether it is mastered, and by how many faults."""
    count = f"{len(told.mastered.intersection(told.families[family]))} of {told.needed(family)}"
    return f"mastered ({count})" if told.masters(family) else count


def _below(told: Progress) -> float:
    """Where the families begin."""
    return _TOP - (-len(told.lessons) // _ACROSS) * (_TILE_HEIGHT + _GAP) + 34


def _height(told: Progress) -> float:
    return _below(told) + _ROW * len(told.families) + 24


def _tile_at(place: int) -> Point:
    down, across = divmod(place, _ACROSS)
    return _EDGE + across * (_TILE_WIDTH + _GAP), _TOP + down * (_TILE_HEIGHT + _GAP)


def _fault_at(told: Progress, row: int, place: int) -> Point:
    return _BOXES_X + place * (_BOX + 5), _below(told) + row * _ROW - 16


def _spots(told: Progress) -> Iterator[Spot]:
    """Lessons and faults as parts that can be chosen."""
    height = _height(told)
    for place, lesson in enumerate(told.lessons):
        x, y = _tile_at(place)
        answered = f"{_count(told, lesson)} questions answered"
        name = f"lesson {lesson.number}, {answered}"
        said = f"{lesson.number}  {lesson.title}\n{answered}; about {lesson.minutes} minutes"
        yield Spot(name, said, x / _WIDTH, y / height, _TILE_WIDTH / _WIDTH, _TILE_HEIGHT / height)
    for row, (family, slugs) in enumerate(told.families.items()):
        for place, slug in enumerate(slugs):
            x, y = _fault_at(told, row, place)
            name = f"{slug}: {state(told, slug) or 'not met yet'}"
            said = f"{name}\n{family}, {mastery(told, family)}: {FAMILIES.get(family, family)}"
            yield Spot(name, said, x / _WIDTH, y / height, _BOX / _WIDTH, _BOX / height)


def _drawn(told: Progress, palette: Palette) -> Figure:
    canvas = Canvas(_WIDTH, _height(told), palette)
    canvas.text((_EDGE, 28), "How far you have come", palette.ink, 17, bold=True)
    canvas.text((_EDGE, 50), summary(told), palette.ink, 13)
    for place, lesson in enumerate(told.lessons):
        _tile(canvas, _tile_at(place), told, lesson)
    for row, family in enumerate(told.families):
        _family(canvas, row, told, family)
    canvas.text((_EDGE, canvas.height - 12), LEGEND, palette.quiet, 12)
    return canvas.figure()


def _tile(canvas: Canvas, at: Point, told: Progress, lesson: Lesson) -> None:
    palette, (x, y) = canvas.palette, at
    ink = palette.good if told.answers_all(lesson) else palette.ink
    canvas.shape(_box(at, _TILE_WIDTH, _TILE_HEIGHT), palette.head, ink, 1.2)
    canvas.text((x + 10, y + 25), lesson.number, ink, 16, bold=True)
    canvas.text((x + 10, y + 45), _count(told, lesson), ink, 13)
    if told.answers_all(lesson):
        canvas.text((x + _TILE_WIDTH - 10, y + 25), "✓", ink, 16, "right", bold=True)


def _family(canvas: Canvas, row: int, told: Progress, family: str) -> None:
    palette, y = canvas.palette, _below(told) + row * _ROW
    canvas.text((_EDGE, y), family, palette.ink, 13, bold=True)
    canvas.text((_EDGE + 85, y), FAMILIES.get(family, ""), palette.ink, 13)
    whole, found = told.masters(family), len(told.mastered.intersection(told.families[family]))
    ink = palette.good if whole else palette.ink
    canvas.text((_STATE_X, y), f"{found} of {told.needed(family)}{' ✓' if whole else ''}", ink, 13, bold=whole)
    for place, slug in enumerate(told.families[family]):
        _fault(canvas, _fault_at(told, row, place), state(told, slug))


def _fault(canvas: Canvas, at: Point, found: str) -> None:
    palette = canvas.palette
    ink = palette.good if found == "mastered" else palette.ink
    canvas.shape(_box(at, _BOX, _BOX), palette.head, ink if found else palette.line, 1.2)
    canvas.text((at[0] + _BOX / 2, at[1] + 16), SIGNS[found], ink, 13, "center", bold=True)


def _box(at: Point, width: float, height: float) -> list[Point]:
    x, y = at
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
