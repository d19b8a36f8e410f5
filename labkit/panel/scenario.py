"""The scenario panel: a broken trunk from its story to the verdict, against the clock."""

from __future__ import annotations

import random
import time
import tomllib
from contextlib import suppress
from dataclasses import replace
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from labkit import journal
from labkit.errors import HostError
from labkit.panel.citing import Citing
from labkit.panel.controls import choice, column, html, row, text
from labkit.panel.editor import Editor
from labkit.panel.looking import Looking
from labkit.panel.panel import Panel, errand
from labkit.panel.score import PEEK, Score, clock, load, save
from labkit.scenario.reader import FILE
from labkit.scenario.shelf import Shelf

if TYPE_CHECKING:
    from ipywidgets import Button

    from labkit.lab.lab import Lab
    from labkit.panel.work import Make
    from labkit.scenario.model import Scenario

STEPS = ("1 Look", "2 Cite", "3 Mend", "4 Verify")
TWINS = {
    "break the lab": 'story(lab.break_("inbound-401", seed=7))',
    "place a call of the story": 'call = lab.inbound("+442079460000", caller="+15550123")',
    "read the log": "lab.log_since_change()",
    "ask Asterisk": 'lab.asterisk("pjsip show identifies")',
    "say what it is, and what shows it": 'lab.evidence(call, frame=4, layer="signalling", object="identify.match")',
    "answer a question": 'check("inbound-401.who", "pbx")',
    "open its hints": 'hint("inbound-401.who")',
    "edit": 'lab.config.replace("pjsip.d/trunk-provider.conf", "old text", "new text")',
    "apply": "lab.apply()",
    "verify": "lab.verify()",
    "enough": "lab.heal()",
}
"""Names of labkit.lesson: story, check, hint."""


@cache
def titles() -> tuple[tuple[str, str], ...]:
    """Each scenario as its list shows it, and its slug; the easy ones first. What it says never tells the cause."""
    shelf = Shelf.here()
    tables = [(slug, tomllib.loads((shelf.folder(slug) / FILE).read_text("utf-8"))) for slug in shelf.slugs()]
    tables.sort(key=lambda pair: (pair[1].get("level", 1), pair[1]["title"]))
    return tuple(
        (f"{'★' * table.get('level', 1)} {table['title']} (about {table.get('minutes', 10)} min)", slug)
        for slug, table in tables
    )


class ScenarioPanel(Panel):
    """Choose and break, then look, cite, mend, verify."""

    title = "Broken trunks, lab {}"
    lead = "Choose a broken trunk and break the lab by it; then look, cite, mend and verify."
    twins = TWINS
    look_s = 1.0

    def __init__(self, name: str, make: Make, slug: str = "") -> None:
        """Lay the panel out; the scenario is chosen, not yet broken."""
        super().__init__(name, make)
        self.scenario: Scenario | None = None
        self.score = Score()
        self.chosen = choice("Scenario", titles(), "560px")
        if slug:
            self.chosen.value = slug
        self.seed = text("Seed", "", "110px", "none")
        self.break_ = self.button(
            "Break it", "Break the lab by this scenario and start the clock", self._break, first=True
        )
        self.any = self.button("Surprise me", "Break the lab by any scenario with any seed", self._any)
        self.heal = self.button("Give up", "Make everything healthy again", self._heal)
        self.story, self.clock = html(), html()
        self.looking = Looking(self, lambda found: self.citing.found(found), lambda one: self.citing.choose(one))
        self.citing = Citing(self, self.looking.calls, self._credited, self._hinted)
        self.editor = Editor(self, peeked=self._peeked)
        self.editor.healthy.description = f"Differs from healthy (costs {PEEK} points)"
        self.verify = self.button(
            "Verify", "Place the calls again and judge the lab by what it does", self._verify, first=True
        )
        self.verdict = html()
        judging = column(row(self.verify), self.verdict)
        self.parts = dict(zip(STEPS, (self.looking.box, self.citing.box, self.editor.box, judging), strict=True))
        self.steps = {step: self._step(step) for step in STEPS}
        steps = row(*self.steps.values())
        steps.add_class("labkit-steps")
        top = row(self.chosen, self.seed), row(self.break_, self.any, self.heal)
        self.fill(*top, self.story, self.clock, steps, *self.parts.values())
        self.go(STEPS[0])

    def _step(self, step: str) -> Button:
        return self.button(step, f"Go to step {step}", lambda: self.go(step))

    def go(self, step: str) -> None:
        """Show one step; the others keep what is in them."""
        for name, part in self.parts.items():
            part.layout.display = "" if name == step else "none"
            (self.steps[name].add_class if name == step else self.steps[name].remove_class)("labkit-here")

    # --- what is seen

    def look(self, lab: Lab) -> None:
        """Show the lab as it is now, whoever broke or healed it, and the time."""
        state = lab.home.state
        slug, seed = (state.scenario, state.seed) if state and state.broken else ("", None)
        if (slug, seed) != (self.score.slug, self.score.seed) and not self.frame.doing:
            self.meet(lab, slug, seed)
        self.editor.look(lab)
        self._tell(time.time())

    def meet(self, lab: Lab, slug: str, seed: int | None) -> None:
        """Begin with a scenario, go on with it after a restart of the kernel, or be without one."""
        self.scenario = lab.scenario if slug else None
        kept = load(lab.home.folder, slug, seed) if slug else None
        self.score = kept or Score(slug, seed, _broken_s(lab) if slug else 0.0)
        self.looking.meet(self.scenario)
        self.citing.meet(self.scenario)
        self.verdict.value = self.editor.shown.value = ""
        self.editor.paper.marks = []
        self.story.value = _told(self.scenario) if self.scenario else "<p>Choose a scenario and break the lab.</p>"
        if slug:
            self.chosen.value, self.seed.value = slug, "" if seed is None else str(seed)

    def _tell(self, now_s: float) -> None:
        if self.scenario is None:
            self.clock.value = ""
            return
        took = clock(self.score.elapsed_s(now_s))
        sign = "✓ solved in" if self.score.passed_s is not None else "time"
        told = f"of about {self.scenario.minutes} minutes · {escape(str(self.score))}"
        self.clock.value = f"<p><b>{sign} {took}</b> {told}</p>"

    def _keep(self, score: Score) -> None:
        self.score = score
        lab = self.make()
        with suppress(OSError):
            save(score, lab.home.folder)
        self._tell(time.time())

    # --- what is done

    def _break(self) -> None:
        seed = self.seed.value.strip()
        self._broken(self.chosen.value, int(seed) if seed.lstrip("-").isdigit() else None)

    def _any(self) -> None:
        self._broken(random.choice(titles())[1], random.randrange(1, 1000))

    def _broken(self, slug: str, seed: int | None) -> None:
        def break_(lab: Lab) -> str:
            scenario = lab.running().break_(slug, seed)
            save(Score(slug, seed, time.time()), lab.home.folder)
            self.meet(lab, slug, seed)
            self.go(STEPS[0])
            return f"Broken: {scenario.title}. The clock runs. Begin with the first call."

        given = f'"{slug}"' if seed is None else f'"{slug}", seed={seed}'
        self.do("Breaking the lab", break_, f"lab.break_({given})")

    @errand("Making the lab healthy", "lab.heal()")
    def _heal(self, lab: Lab) -> str:
        lab.running().heal()
        return "Everything is healthy again; your edits stay in the history."

    def _credited(self, credit: float) -> None:
        self._keep(self.score.cited(credit))

    def _hinted(self) -> None:
        self._keep(replace(self.score, hints=self.score.hints + 1))

    def _peeked(self) -> None:
        if self.scenario is not None and self.score.passed_s is None:
            journal.note("hint", f"{self.scenario.slug}.diff", hints=1, lab=self.name)
            self._keep(replace(self.score, peeks=self.score.peeks + 1))

    @errand("Placing the calls and judging them", "lab.verify()")
    def _verify(self, lab: Lab) -> str:
        judged = lab.running().verify()
        self.verdict.value = judged._repr_html_()
        if self.scenario is not None:
            self._keep(self.score.judged(judged.passed, time.time()))
        self.editor.look(lab)
        return str(judged).splitlines()[0]


def _broken_s(lab: Lab) -> float:
    """When the newest version was made that a scenario broke, in seconds since 1970; now where there is none."""
    with suppress(HostError):
        return time.mktime(time.strptime(lab.history.broken.at, "%Y-%m-%d %H:%M:%S"))
    return time.time()


def _told(scenario: Scenario) -> str:
    shrunk = f"In production this takes {scenario.clock}; here it is shrunk to {scenario.shrunk}."
    told = [*scenario.story.strip().split("\n\n"), *([shrunk] if scenario.clock else [])]
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in told)
    return f"<blockquote><b>{escape(scenario.title)}</b>{paragraphs}</blockquote>"
