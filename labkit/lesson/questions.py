"""The questions of the lessons: data in answers/, one TOML file a lesson, so that no notebook holds an answer.

    [codec]                      # asked for as check("01.codec", answer)
    answer = ["PCMA", "G.711 A-law"]
    right = "The provider's 200 decided it: ..."
    hints = ["Look at the SDP ...", "..."]
    [codec.wrong]
    PCMU = "PCMU was offered; the answer left it out."

Those of a scenario are in its own file: check("inbound-401.layer", answer). A number is right within `within` of the
answer; where an answer has a unit ("34.8 %"), it may be given with that unit. The text under `wrong` meets the one who
fell into that trap.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from labkit.errors import ScenarioError
from labkit.lab.lab import Lab
from labkit.scenario.shelf import Shelf
from labkit.sip.message import REASONS

FOLDER = Path(__file__).with_name("answers")
"""Where the TOML files lie, named by the lessons' numbers."""

Answer = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a lesson, as its author wrote it."""

    answer: tuple[Answer, ...]
    """Every answer that is right."""
    right: str
    """Why it is right: shown to the one who found it."""
    hints: tuple[str, ...]
    """From a nudge to all but the answer."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """The likely wrong answers, each with what to think of instead."""
    within: float = 0.0
    """How far a number may be off."""

    def accepts(self, given: Answer) -> bool:
        """Whether what a learner gave is right; case, punctuation and articles do not count."""
        return any(self._same(given, wanted) for wanted in self.answer)

    def reply_to(self, given: Answer) -> str | None:
        """The reply to a wrong answer that was foreseen."""
        return next((reply for trap, reply in self.wrong.items() if self._same(given, trap)), None)

    def nudge(self, given: Answer) -> str:
        """What is right already in a wrong answer that nobody foresaw, or its form; empty where neither helps."""
        head, dot, option = str(given).strip().partition(".")
        if dot and any(str(wanted).startswith(f"{head}.") for wanted in self.answer):
            return f"An option of {head} it is, but not {option}."
        if not _quantity(given) and all(_quantity(wanted) for wanted in self.answer):
            return "The answer is a number."
        return ""

    def _same(self, given: Answer, wanted: Answer) -> bool:
        here, there = _quantity(given), _quantity(wanted)
        if here and there:
            return here[1] == there[1] and abs(here[0] - there[0]) <= self.within
        return _plain(_part(_said(given), _said(wanted))) == _plain(_said(wanted))


def find(name: str) -> Question:
    """The question of a name such as "01.codec"; ScenarioError tells the nearest name there is."""
    questions = load()
    if name in questions:
        return questions[name]
    slug, _, key = str(name).rpartition(".")
    if slug in Shelf.here().slugs():
        return of_scenario(slug, key)
    near = get_close_matches(str(name), questions, 1, cutoff=0.4) or sorted(questions)[:1]
    raise ScenarioError(f"There is no question {name!r}. Did you mean {near[0]!r}?", question=name)


def of_scenario(slug: str, key: str) -> Question:
    """A question of a scenario, with the numbers and names of the lab that was broken by it."""
    lab = Lab()
    broken = lab.scenario if lab.home.state else None
    scenario = broken if broken and broken.slug == slug else Shelf.here().read(slug)
    found = {each.id: each for each in scenario.question}
    if key not in found:
        raise ScenarioError(f"{slug} asks no {key!r}; it asks: {', '.join(found)}.", question=key)
    one = found[key]
    right = re.sub(r"^(?:Right|Yes)[.,:] *", "", one.right)
    return Question(one.answer, _opened(right), one.hints, one.wrong)


def _opened(sentence: str) -> str:
    """With a capital letter in front, unless it opens with a name of the configuration such as a=ptime:20."""
    first = sentence.partition(" ")[0].rstrip(".,")
    return sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence


@cache
def load() -> dict[str, Question]:
    """Every question of every lesson by its name."""
    return {f"{path.stem}.{key}": _question(table) for path in _files() for key, table in _read(path).items()}


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))


def _read(path: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _question(table: Mapping[str, object]) -> Question:
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    answer = lists["answer"]
    return Question(**{**lists, "answer": answer if isinstance(answer, tuple) else (answer,)})  # type: ignore[arg-type]


def _quantity(value: Answer) -> tuple[float, str] | None:
    """A number and its unit, which may be missing, as the phrase of a status code may; None for any other text."""
    found = re.fullmatch(r"(?:about |~ ?)?(-?\d+(?:\.\d+)?)(?: ?([a-z%/][a-z/ ]*))?", str(value).strip().casefold())
    if not found:
        return None
    phrase = found[1].isdecimal() and REASONS.get(int(found[1]), "").casefold()
    return float(found[1]), "" if found[2] == phrase else found[2] or ""


def _said(value: Answer) -> str:
    return {"true": "yes", "false": "no"}.get(text := str(value).casefold(), text)


def _part(given: str, wanted: str) -> str:
    """What of an answer counts: of "Yes, it does" the yes, of "allow_overlap = yes" the option's name."""
    if wanted in ("yes", "no") and not re.match(r"no (?:idea|clue)\b", given.strip()):
        return re.split(r"\W", given.strip(), maxsplit=1)[0]
    return given if "=" in wanted else given.partition("=")[0]


def _plain(text: str) -> str:
    """Small letters and digits, without an article in front and without the F of a message's number."""
    return re.sub(r"[^a-z0-9+]+", "", re.sub(r"^(?:the|an?)\s|^f(?=\d+$)", "", text.strip()))
