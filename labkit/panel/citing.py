"""The part of the scenario panel where a learner says what it is: layer, object.option, evidence; and the questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from ipywidgets import VBox

from labkit import journal
from labkit.panel.controls import card, choice, column, html, row, text
from labkit.panel.exhibits import Exhibit
from labkit.panel.panel import Panel
from labkit.panel.score import HINT
from labkit.pjsip import reference
from labkit.scenario.questions import LAYERS, questions, reply

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.panel.exhibits import Recorded
    from labkit.scenario.model import Question, Scenario

NOTHING = Exhibit("nothing yet: place a call, read the log or ask Asterisk first")
_OFTEN = ("endpoint", "aor", "auth", "identify", "registration", "transport", "global")


class Citing:
    """The evidence form, and a row for each question of the scenario."""

    def __init__(
        self, panel: Panel, calls: Mapping[str, Recorded], credited: Callable[[float], None], hinted: Callable[[], None]
    ) -> None:
        """Lay it out; `calls` are those that were placed, `credited` and `hinted` keep the score."""
        self.panel, self.calls, self.credited, self.hinted = panel, calls, credited, hinted
        self.layer = choice(
            "Layer", [("choose", ""), *((f"{name}: {what}", name) for name, what in LAYERS.items())], "600px"
        )
        names = [f"{type_}.{option}" for type_ in _OFTEN for option in reference.options(type_)]
        self.object = text("Object.option", "", "360px", "such as endpoint.context", options=names)
        self.shows = choice("What shows it", [(NOTHING.words, NOTHING)], "100%")
        self.cite = panel.button(
            "Cite", "Say that this shows the fault, and on which layer and option it is", self._cite, first=True
        )
        self.verdict = html()
        self.rows = VBox()
        self.questions: list[QuestionRow] = []
        self.box = column(
            card(row(self.layer, self.object), self.shows, row(self.cite), self.verdict, width="100%"), self.rows
        )

    def meet(self, scenario: Scenario | None) -> None:
        """Ask the questions of a scenario."""
        self.shows.options = [(NOTHING.words, NOTHING)]
        self.layer.value = self.object.value = self.verdict.value = ""
        asked = questions(scenario) if scenario else ()
        self.questions = [QuestionRow(self, scenario.slug, each) for each in asked] if scenario else []
        self.rows.children = [each.box for each in self.questions]

    def found(self, exhibits: Iterable[Exhibit]) -> None:
        """Offer more things to cite, the newest first; what was offered stays chosen."""
        before = [each for _, each in self.shows.options if each != NOTHING]
        new = [each for each in exhibits if each not in before]
        chosen = self.shows.value
        if new:
            self.shows.options = [(each.words, each) for each in (*new, *before)]
            self.shows.value = chosen if chosen in before else new[0]

    def choose(self, exhibit: Exhibit) -> None:
        """Choose one of what is offered, as by a click in the newest ladder."""
        if any(exhibit == each for _, each in self.shows.options):
            self.shows.value = exhibit

    def _cite(self) -> None:
        exhibit: Exhibit = self.shows.value
        layer, option = self.layer.value, self.object.value.strip()
        of = self.calls.get(exhibit.call)

        def cite(lab: Lab) -> str:
            judged = lab.running().evidence(
                of.trace if of is not None else None, layer=layer, object=option, **exhibit.cited
            )
            self.verdict.value = judged._repr_html_()
            self.credited(judged.credit)
            return f"{judged.credit:.0%} of it is right."

        call = f"{exhibit.call}, " if exhibit.call else ""
        self.panel.do("Judging", cite, f"lab.evidence({call}{exhibit.code}layer={layer!r}, object={option!r})")


class QuestionRow:
    """One question: an answer, a check, hints one by one."""

    def __init__(self, citing: Citing, slug: str, question: Question) -> None:
        """Lay it out."""
        self.citing, self.slug, self.question = citing, slug, question
        self.opened = 0
        self.answer = text("Answer", "", "300px")
        self.check = citing.panel.button("Check", f"Check the answer about {question.id}", self._check)
        self.hint = citing.panel.button("", f"Open a hint about {question.id}", self._hint)
        self.reply = html()
        words = html(f"<p>{escape(question.text)}</p>")
        self.box = card(words, row(self.answer, self.check, self.hint), self.reply, width="100%")
        self._label()

    @property
    def name(self) -> str:
        """The question's name in code."""
        return f"{self.slug}.{self.question.id}"

    def _label(self) -> None:
        left = len(self.question.hints) - self.opened
        self.hint.description = (
            f"Hint {self.opened + 1} of {len(self.question.hints)} (costs {HINT} points)" if left else "No more hints"
        )

    def _check(self) -> None:
        said = reply(self.question, self.answer.value)
        journal.note("check", self.name, right=said.right)
        sign, kind = ("✓ Right.", "labkit-good") if said.right else ("✕ Not yet.", "labkit-bad")
        self._show(f'<p><b class="{kind}">{sign}</b> {escape(said.text)}</p>')
        self.citing.panel.frame.say(f"{sign} {said.text}", f'check("{self.name}", {self.answer.value!r})')

    def _hint(self) -> None:
        if self.opened < len(self.question.hints):
            self.opened += 1
            journal.note("hint", self.name, hints=1)
            self.citing.hinted()
        self._label()
        self._show("")
        last = self.question.hints[self.opened - 1] if self.opened else "This question has no hints."
        self.citing.panel.frame.say(f"Hint: {last}", f'hint("{self.name}")')

    def _show(self, verdict: str) -> None:
        hints = "".join(f"<li>{escape(each)}</li>" for each in self.question.hints[: self.opened])
        self.reply.value = f"{verdict}<ol>{hints}</ol>" if hints else verdict
