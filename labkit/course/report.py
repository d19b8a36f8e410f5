"""A learner's progress as one HTML page that needs nothing else: to print, to hand in, to look back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

from labkit.course.chart import chart, mastery, state, summary
from labkit.course.standing import Attempt, Progress
from labkit.course.syllabus import FAMILIES

STYLE = """
:root { color-scheme: light dark; --ink: #22262b; --paper: #fdfcf9; --line: #8a8d91 }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e7e1; --paper: #1d2024; --line: #7b7f85 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 64rem;
  margin: 2rem auto; padding: 0 1rem }
img { max-width: 100%; height: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; font-size: 1.2rem; padding: 1.5rem 0 .5rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
"""


def page(told: Progress, at: datetime) -> str:
    """The page, with the moment that it tells of."""
    lessons = ((each.number, each.title, f"{told.done(each)} of {len(each.checks)}") for each in told.lessons)
    families = (
        (family, FAMILIES.get(family, ""), mastery(told, family), _named(told, slugs))
        for family, slugs in told.families.items()
    )
    attempts = (
        (f"{each.began.astimezone(at.tzinfo):%Y-%m-%d %H:%M}", each.slug, _span(each.diagnosed_s), _span(each.mended_s),
         str(each.hints), _how(each))
        for each in reversed(told.attempts)
    )  # fmt: skip
    body = [
        f"<h1>Progress in the SIP trunk lab</h1><p>{at:%Y-%m-%d %H:%M}. {escape(summary(told))}</p>",
        chart(told)._repr_html_(),
        table("Lessons", ("lesson", "question", "answered"), lessons),
        table("Families of faults", ("family", "what it looks like", "mastered", "faults"), families),
        table("Attempts", ("began", "fault", "time to diagnosis", "time to mend", "hints", "how"), attempts),
        "<p>A fault is mastered when it was mended without a hint and without a cell of a lesson that does the work; "
        "two different faults make a family mastered.</p>",
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    title = "<title>Progress in the SIP trunk lab</title>"
    main = "\n".join(body)
    return f'<!doctype html>\n<html lang="en"><head>{head}{title}<style>{STYLE}</style></head>\n' + (
        f"<body><main>\n{main}\n</main></body></html>\n"
    )


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of text with its title; a row of it begins with what it is about."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    caption = f"<caption>{escape(title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _named(told: Progress, slugs: Iterable[str]) -> str:
    return ", ".join(f"{slug} ({found})" for slug in slugs if (found := state(told, slug)))


def _how(attempt: Attempt) -> str:
    if attempt.mended_s is None:
        return "not mended"
    return "alone" if attempt.mastered else "with a lesson's own cells" if attempt.shown else "with hints"


def _span(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"
