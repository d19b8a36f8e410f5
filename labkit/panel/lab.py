"""The lab panel: who is there and how they are, live; start and stop; calls out and in; the phones at hand."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from labkit.errors import HostError
from labkit.lab.lab import CALLER, Lab
from labkit.lab.parties import PHONES, PROVIDER
from labkit.panel.controls import button, card, choice, html, row, text, tick
from labkit.panel.panel import Done, Panel
from labkit.panel.sight import Sight, alive, look
from labkit.panel.topology import svg, words

if TYPE_CHECKING:
    from ipywidgets import Widget

    from labkit.panel.work import Make
    from labkit.phone.client import Phone
    from labkit.provider.client import Provider

LOOK_S = 0.5
NUMBERS = ("+15550100", "+15550101", "+15550102", "+15550103", "+15550105", "+15550106", "1001", "1002", "600")
"""Numbers that are proposed: answers, rings, is busy, answers late, an IVR, an echo; the agents, the PBX's echo."""

TWINS = {
    "start": "lab.up()",
    "stop": "lab.down()",
    "make everything healthy": "lab.heal()",
    "how it is": "lab.status()",
    "test every hop": "doctor(lab)",
    "call out and stay on the call": 'lab.phone("phone-1001").place("+15550100")',
    "call in": 'lab.provider.place("+442079460000", caller="+15550123")',
    "a whole call out, with a capture": 'lab.call("phone-1001", "+15550100")',
    "a whole call in": 'lab.inbound("+442079460000")',
    "answer": 'lab.phone("phone-1001").answer("call-1")',
    "hang up": 'lab.phone("phone-1001").hang_up("call-1")',
    "hold, resume": 'lab.phone("phone-1001").hold("call-1"); lab.phone("phone-1001").resume("call-1")',
    "press keys": 'lab.phone("phone-1001").send_dtmf("call-1", "1234#")',
    "ring until answered by hand": 'lab.phone("phone-1001").set(answer="manual")',
}
"""Everything that the panel does, as lines of code."""


def lab_panel(lab: Lab | None = None) -> Panel:
    """The lab panel of a lab, the default one if none is given; see TWINS for the same in code."""
    name = lab.name if lab else "default"
    made = LabPanel(name, partial(Lab, name))
    made.watch(made.look, LOOK_S)
    return made.opened()


class LabPanel(Panel):
    """Start and stop, the picture, and a card for each party that can call."""

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(f"Lab {name}", name, make, TWINS)
        self.picture = html(width="100%")
        self.told = html(width="100%")
        self.told.layout.display = "none"
        self.in_words = button(self, "In words", "Show or hide the picture as text", self._in_words)
        self.parties = {host: PhoneCard(self, host) for host in PHONES}
        self.outside = OutsideCard(self)
        self.start = button(self, "Start", "Start the lab, or find it running", self._start, first=True)
        self.stop = button(self, "Stop", "End the lab; its logs and captures stay", self._stop)
        self.heal = button(self, "Heal", "Make everything healthy again; edits stay in the history", self._heal)
        self.doctor = button(self, "Doctor", "Test every hop, SIP and RTP each way", self._doctor)
        buttons = row(self.start, self.stop, self.heal, self.doctor, self.in_words)
        cards = [*(party.box for party in self.parties.values()), self.outside.box]
        self.fill(buttons, self.picture, self.told, row(*cards))

    def _in_words(self) -> None:
        self.told.layout.display = "" if self.told.layout.display else "none"

    def look(self, lab: Lab) -> None:
        """Show the lab as it is now."""
        self.show(look(lab))

    def show(self, sight: Sight) -> None:
        """Show what was seen."""
        drawn = svg(sight.scene)
        self.picture.value = f"{drawn}<p>{escape(sight.headline)}</p>"
        self.told.value = f"<pre>{escape(words(sight.scene))}</pre>"
        for party in (*self.parties.values(), self.outside):
            party.show(sight)

    def _start(self) -> None:
        def start(lab: Lab) -> Done:
            lab.up()
            return Done(f"The lab {lab.name} is up.")

        self.do("Starting the lab", start, "lab.up()")

    def _stop(self) -> None:
        def stop(lab: Lab) -> Done:
            lab.down()
            return Done(f"The lab {lab.name} is down; its logs and captures stay.")

        self.do("Ending the lab", stop, "lab.down()")

    def _heal(self) -> None:
        def heal(lab: Lab) -> Done:
            lab.running().heal()
            return Done("Everything is healthy again; edits stay in the history.")

        self.do("Making the lab healthy", heal, "lab.heal()")

    def _doctor(self) -> None:
        def examine(lab: Lab) -> Done:
            from labkit.lab import doctor

            return Done(str(doctor.examine(lab.running())))

        self.do("Testing every hop", examine, "doctor(lab)")


class PartyCard:
    """What every party that can call has: what it does now, hang up, keys."""

    def __init__(self, panel: Panel, host: str, title: str, code: str) -> None:
        """Make the parts; `code` is the party as code."""
        self.panel, self.host, self.code = panel, host, code
        self.head = html(f"<h4>{escape(title)}</h4>")
        self.state = html("<p>no call</p>")
        self.hang_up = button(panel, "Hang up", f"{host}: end the call", self._hang_up)
        self.keys = text("Keys", "1234#", "120px")
        self.press = button(panel, "Press", f"{host}: press these keys on the call (DTMF)", self._press)

    def show(self, sight: Sight) -> None:
        """Tell what the party does now."""
        said = f"<p>{escape(sight.doing(self.host))}</p>"
        if self.state.value != said:
            self.state.value = said

    def line(self, lab: Lab) -> Phone | Provider:
        """The party's line."""
        return lab.running().provider if self.host == PROVIDER else lab.running().phone(self.host)

    def current(self, lab: Lab) -> str:
        """The newest call that is not over; HostError where there is none."""
        calls = alive(self.line(lab).calls())
        if not calls:
            raise HostError(f"{self.host} has no call. Place one first, or let one come in.", host=self.host)
        return calls[-1].id

    def on_call(self, doing: str, method: str, done: str, *words: str) -> None:
        """Do something with the current call."""

        def act(lab: Lab) -> Done:
            call = self.current(lab)
            getattr(self.line(lab), method)(call, *words)
            given = "".join(f', "{word}"' for word in words)
            return Done(f"{self.host} {done}.", f'{self.code}.{method}("{call}"{given})')

        self.panel.do(doing, act)

    def _hang_up(self) -> None:
        self.on_call("Hanging up", "hang_up", "hung up")

    def _press(self) -> None:
        keys = self.keys.value.strip()
        self.on_call("Pressing keys", "send_dtmf", f"pressed {keys}", keys)


class PhoneCard(PartyCard):
    """An agent's phone."""

    def __init__(self, panel: Panel, host: str) -> None:
        """Lay the card out."""
        super().__init__(panel, host, f"{host}, an agent", f'lab.phone("{host}")')
        self.number = text("Number", "+15550100", "220px", options=NUMBERS)
        self.call = button(panel, "Call", f"{host} calls the number and stays on the call", self._call, first=True)
        self.answer = button(panel, "Answer", f"{host}: answer the call that rings", self._answer)
        self.hold = button(panel, "Hold", f"{host}: put the other end on hold", self._hold)
        self.resume = button(panel, "Resume", f"{host}: take the other end back", self._resume)
        self.auto = tick("answers by itself", True)
        self.auto.observe(self._set_auto, "value")
        self.box: Widget = card(
            self.head, self.state, row(self.number, self.call),
            row(self.answer, self.hang_up, self.hold, self.resume), row(self.keys, self.press), self.auto,
        )  # fmt: skip

    def _call(self) -> None:
        number = self.number.value.strip()

        def place(lab: Lab) -> Done:
            lab.running().phone(self.host).place(number)
            return Done(f"{self.host} calls {number}.")

        self.panel.do(f"{self.host} calls {number}", place, f'{self.code}.place("{number}")')

    def _answer(self) -> None:
        self.on_call("Answering", "answer", "answered")

    def _hold(self) -> None:
        self.on_call("Holding", "hold", "put the other end on hold (re-INVITE, sendonly)")

    def _resume(self) -> None:
        self.on_call("Resuming", "resume", "took the other end back (re-INVITE, sendrecv)")

    def _set_auto(self, change: dict[str, object]) -> None:
        mode = "auto" if change["new"] else "manual"

        def setting(lab: Lab) -> Done:
            lab.running().phone(self.host).set(answer=mode)
            return Done(f"{self.host} {'answers by itself' if mode == 'auto' else 'rings until you press Answer'}.")

        self.panel.do("Setting the phone", setting, f'{self.code}.set(answer="{mode}")')


class OutsideCard(PartyCard):
    """A customer's telephone, behind the provider."""

    def __init__(self, panel: Panel) -> None:
        """Lay the card out."""
        super().__init__(panel, PROVIDER, "a customer, behind the provider", "lab.provider")
        self.did = choice("To", [("+442079460000", "+442079460000"), ("+442079460001", "+442079460001")])
        self.caller = text("As", CALLER, "200px")
        self.call = button(panel, "Call in", "A customer calls one of our numbers", self._call, first=True)
        self.box: Widget = card(
            self.head, self.state, self.did, row(self.caller, self.call), row(self.keys, self.press, self.hang_up)
        )

    def show(self, sight: Sight) -> None:
        """Tell what the party does now, and offer the numbers that are ours."""
        super().show(sight)
        if sight.numbers and tuple(value for _, value in self.did.options) != sight.numbers:
            self.did.options = [(number, number) for number in sight.numbers]

    def _call(self) -> None:
        did, caller = self.did.value, self.caller.value.strip()

        def place(lab: Lab) -> Done:
            lab.running().provider.place(did, caller=caller)
            return Done(f"{caller} calls {did}.")

        twin = f'lab.provider.place("{did}", caller="{caller}")'
        self.panel.do(f"{caller} calls {did}", place, twin)
