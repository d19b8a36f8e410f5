"""Panels that show a picture: the graph of the PJSIP objects, the lamps of a triage, the map of the learner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit import journal
from labkit.lab.lab import CALLER, Lab
from labkit.panel.chosen import ChosenPicture
from labkit.panel.controls import folded, html, row, text
from labkit.panel.panel import Panel, errand
from labkit.panel.sight import DIDS, NUMBER

if TYPE_CHECKING:
    from ipywidgets import Widget

    from labkit.lab.calls import Call
    from labkit.panel.work import Make
    from labkit.show.pictures import Picture

TALK_S = 1.5
OBJECT_TWINS = {
    "the graph": "show.objects(lab)",
    "as text": "print(lab.objects)",
    "all about one name": 'lab.objects["provider"]',
    "one option": 'lab.explain("endpoint.direct_media")',
    "what is wrong with the files": "lab.lint()",
}
LAMP_TWINS = {
    "place a call": 'call = lab.call("phone-1001", "+15550100")',
    "its case": "case = open_case(call.trace, lab.config.folder, map(str, lab.log_since_change()))",
    "which layer is it?": "show.lamps(triage(case))",
    "the same from a terminal": "!labkit triage inside.pcap outside.pcap --config /etc/asterisk --log full",
}
PROGRESS_TWINS = {
    "the map": "progress()",
    "as text": "print(progress())",
    "as a page to hand in": "!labkit progress --html page.html",
}


class PicturePanel(Panel):
    """A picture that fits the page, whose parts can be chosen, with its words at hand."""

    def __init__(self, name: str, make: Make) -> None:
        """Make the paper, and draw anew where the page becomes dark or light."""
        super().__init__(name, make)
        self.paper, self.words = ChosenPicture(), html()
        self._picture: Picture | None = None
        self.frame.observe(lambda _: self.behind(self._again), "dark")

    def lay(self, *controls: Widget) -> None:
        """Put controls above the picture."""
        self.fill(row(*controls), self.paper, self.words)

    def draw(self, picture: Picture) -> None:
        """Show a picture, and its words to unfold."""
        self._picture = picture
        self.paper.draw(picture.on(self.frame.theme))
        self.words.value = folded("the picture in words", str(picture))

    def _again(self, lab: Lab) -> None:
        if self._picture is not None:
            self.draw(self._picture)


class ObjectPanel(PicturePanel):
    """The objects as they are now: what the files say, what Asterisk holds; drawn anew by a button."""

    title = "PJSIP objects, lab {}"
    twins = OBJECT_TWINS

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.refresh = self.button("Draw", "Ask Asterisk for its objects and draw them", self._ask, first=True)
        self.lay(self.refresh)

    def begin(self) -> None:
        """Draw once."""
        self._ask()

    @errand("Asking Asterisk", OBJECT_TWINS["the graph"])
    def _ask(self, lab: Lab) -> str:
        from labkit.show import objects

        graph = lab.running().objects
        self.draw(objects(graph))
        return f"{len(graph.nodes)} objects; {'; '.join(map(str, graph.troubles)) or 'no trouble'}."


class LampPanel(PicturePanel):
    """Place a call and let the triage look: which layer works, which is at fault, which cannot be told."""

    title = "Which layer is it? Lab {}"
    lead = "Place a call: each layer works, is at fault, or cannot be told from this call."
    twins = LAMP_TWINS

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.number, self.did = text("Number", NUMBER, "200px"), text("Our number", DIDS[0], "230px")
        self.out = self.button("Call out and look", "phone-1001 calls, the triage looks", self._out, first=True)
        self.incoming = self.button("Call in and look", "A customer calls our number, the triage looks", self._in)
        self.lay(self.number, self.out, self.did, self.incoming)

    def _out(self) -> None:
        number = self.number.value.strip()
        twin = f'call = lab.call("phone-1001", "{number}", hold_s={TALK_S})'
        self._judge(f"phone-1001 calls {number}", twin, lambda lab: lab.call("phone-1001", number, hold_s=TALK_S))

    def _in(self) -> None:
        did = self.did.value.strip()
        twin = f'call = lab.inbound("{did}", caller="{CALLER}", hold_s={TALK_S})'
        self._judge(f"{CALLER} calls {did}", twin, lambda lab: lab.inbound(did, caller=CALLER, hold_s=TALK_S))

    def _judge(self, doing: str, twin: str, place: Callable[[Lab], Call]) -> None:
        def judge(lab: Lab) -> str:
            from labkit.diagnosis import open_case, triage
            from labkit.show import lamps

            call = place(lab.running())
            found = triage(open_case(call.trace, lab.config.folder, map(str, lab.log_since_change())))
            self.draw(lamps(found))
            return f"{found.first.place}: {found.first.says}" if found.first else "Nothing wrong was found."

        self.do(doing, judge, twin)


class ProgressPanel(PicturePanel):
    """How far the learner of this machine has come, drawn anew whenever that changes."""

    title = "The map of your lessons and faults"
    lead = "A lesson is done when its questions are answered; a fault is mastered when you mend it without help."
    twins = PROGRESS_TWINS
    look_s = 2.0

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self._seen: tuple[journal.Event, ...] | None = None
        self.lay()

    def look(self, lab: Lab) -> None:
        """Draw the map where the learner did something since the last look."""
        from labkit.course.chart import progress

        told = tuple(journal.read())
        if told != self._seen:
            self._seen = told
            self.draw(progress())
