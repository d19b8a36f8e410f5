"""Two panels that show a picture of the lab: the graph of its PJSIP objects, and the lamps of a triage."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from labkit.lab.lab import CALLER, Lab
from labkit.panel.controls import button, html, row, text
from labkit.panel.panel import Done, Panel

if TYPE_CHECKING:
    from labkit.lab.calls import Call
    from labkit.panel.work import Make
    from labkit.show.pictures import Picture

OBJECT_TWINS = {
    "the graph": "show.objects(lab)",
    "as text": "print(lab.objects)",
    "one option": 'lab.explain("endpoint.direct_media")',
    "what is wrong with the files": "lab.lint()",
}
LAMP_TWINS = {
    "place a call": 'call = lab.call("phone-1001", "+15550100")',
    "its case": "case = open_case(call.trace, lab.config.folder, map(str, lab.log_since_change()))",
    "which layer is it?": "show.lamps(triage(case))",
    "the same from a terminal": "!labkit triage inside.pcap outside.pcap --config /etc/asterisk --log full",
}


def object_panel(lab: Lab | None = None) -> Panel:
    """The graph of a lab's PJSIP objects: what the files say, what Asterisk holds; see OBJECT_TWINS."""
    name = lab.name if lab else "default"
    made = ObjectPanel(name, partial(Lab, name))
    made.refresh.click()
    return made.opened()


def lamp_panel(lab: Lab | None = None) -> Panel:
    """The lamps of a call: which layer works, which is at fault, which cannot be told; see LAMP_TWINS."""
    name = lab.name if lab else "default"
    return LampPanel(name, partial(Lab, name)).opened()


class PicturePanel(Panel):
    """A picture that fits the page, with its words at hand."""

    def draw(self, picture: Picture) -> None:
        """Show a picture, and its words to unfold."""
        words = f"<details><summary>in words</summary><pre tabindex=0>{escape(str(picture))}</pre></details>"
        self.paper.value = picture.on(self.frame.theme)._repr_html_() + words

    def lay(self, *controls: object) -> None:
        """Put controls above the picture."""
        self.paper = html(width="100%")
        self.fill(row(*controls), self.paper)


class ObjectPanel(PicturePanel):
    """The objects as they are now, drawn anew by a button."""

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(f"PJSIP objects, lab {name}", name, make, OBJECT_TWINS)
        self.refresh = button(self, "Draw", "Ask Asterisk for its objects and draw them", self._draw, first=True)
        self.lay(self.refresh)

    def _draw(self) -> None:
        def draw(lab: Lab) -> Done:
            from labkit.show import objects

            graph = lab.running().objects
            self.draw(objects(graph))
            return Done(f"{len(graph.nodes)} objects; {'; '.join(map(str, graph.troubles)) or 'no trouble'}.")

        self.do("Asking Asterisk", draw, "show.objects(lab)")


class LampPanel(PicturePanel):
    """Place a call and let the triage look at it."""

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(f"Which layer is it? Lab {name}", name, make, LAMP_TWINS)
        self.number = text("Number", "+15550100", "200px")
        self.did = text("Our number", "+442079460000", "240px")
        self.out = button(
            self, "Call out and look", "phone-1001 calls the number, the triage looks", self._out, first=True
        )
        self.incoming = button(self, "Call in and look", "A customer calls our number, the triage looks", self._in)
        self.lay(self.number, self.out, self.did, self.incoming)

    def _out(self) -> None:
        number = self.number.value.strip()

        def look(lab: Lab) -> Done:
            return self._looked(lab, lab.running().call("phone-1001", number, hold_s=1.5))

        self.do(f"phone-1001 calls {number}", look, f'call = lab.call("phone-1001", "{number}", hold_s=1.5)')

    def _in(self) -> None:
        did = self.did.value.strip()

        def look(lab: Lab) -> Done:
            return self._looked(lab, lab.running().inbound(did, caller=CALLER, hold_s=1.5))

        self.do(f"{CALLER} calls {did}", look, f'call = lab.inbound("{did}", caller="{CALLER}", hold_s=1.5)')

    def _looked(self, lab: Lab, call: Call) -> Done:
        from labkit.diagnosis import open_case, triage
        from labkit.show import lamps

        found = triage(open_case(call.trace, lab.config.folder, map(str, lab.log_since_change())))
        self.draw(lamps(found))
        first = found.first
        return Done(f"{first.place}: {first.says}" if first else "Nothing wrong was found.")
