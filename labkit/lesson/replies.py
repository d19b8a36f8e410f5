"""What tells a learner whether an answer is right, and why; and what helps before that."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from labkit import journal
from labkit.errors import LabError
from labkit.lesson import questions
from labkit.scenario import prose


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What a lesson says to an answer: text everywhere, a marked paragraph in a notebook."""

    right: bool | None
    """None where there was nothing to judge."""
    text: str
    """The reason, one to three sentences."""

    @property
    def verdict(self) -> str:
        """The verdict in words, so that no colour is needed to see it."""
        return {True: "Right.", False: "Not yet.", None: ""}[self.right]

    def __str__(self) -> str:
        return f"{self.verdict} {self.text}".strip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        bar = {True: "#2e7d32", False: "#b26a00", None: "#777"}[self.right]
        verdict = f"<b>{self.verdict}</b> " if self.verdict else ""
        return f'<p style="border-left: 4px solid {bar}; padding-left: 10px">{verdict}{prose.html(self.text)}</p>'


@dataclass(frozen=True, slots=True, repr=False)
class Hints:
    """The hints to a question, opened one by one: each lies folded inside the one before it."""

    texts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.texts)} hints, the first: {self.texts[0]}" if self.texts else "This question has no hints."

    __repr__ = __str__

    def _repr_html_(self) -> str:
        folded = ""
        for number, text in reversed(list(enumerate(self.texts, 1))):
            title = f"Hint {number} of {len(self.texts)}"
            folded = f"<details><summary>{title}</summary><p>{prose.html(text)}</p>{folded}</details>"
        return folded or escape(str(self))


def check(name: str, answer: object = ...) -> Reply:
    """Say whether an answer is right and why; it never raises, whatever it is given.

    `name` is that of the question, such as "01.codec". `...` means that there is no answer yet.
    """
    try:
        question = questions.find(name)
    except LabError as why:
        return Reply(None, str(why))
    given = answer if isinstance(answer, bool | int | float) else _text(answer)
    if answer is ... or answer is None or given == "":
        return Reply(None, f'No answer yet. Put yours in place of the dots; hint("{name}") helps.')
    right = question.accepts(given)
    journal.note("check", name, right=right)
    if right:
        return Reply(True, question.right)
    unforeseen = question.nudge(given) or f"{_short(str(given))} is not it."
    return Reply(False, question.reply_to(given) or f'{unforeseen} hint("{name}") helps.')


def hint(name: str) -> Hints | Reply:
    """The hints to a question, opened one by one; it never raises."""
    try:
        found = Hints(questions.find(name).hints)
    except LabError as why:
        return Reply(None, str(why))
    journal.note("hint", name, hints=len(found.texts))
    return found


def _text(answer: object) -> str:
    try:
        return str(answer).strip()
    except Exception:  # a learner's own class may fail at anything
        return type(answer).__name__


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
