"""The lab panel: who is there and how they are, live; start and stop; calls out and in; the phones at hand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from labkit.errors import HostError
from labkit.lab.lab import CALLER, Lab
from labkit.lab.parties import PHONES, PROVIDER
from labkit.panel.controls import card, choice, html, printed, row, text, tick
from labkit.panel.panel import Panel, errand
from labkit.panel.sight import DIDS, NUMBER, Sight, alive, look
from labkit.panel.topology import svg, words

if TYPE_CHECKING:
    from ipywidgets import Button, Widget

    from labkit.panel.work import Make
    from labkit.phone.client import Phone
    from labkit.provider.client import Provider

NUMBERS = (NUMBER, "+15550101", "+15550102", "+15550103", "+15550105", "+15550106", "1001", "1002", "600")
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


class LabPanel(Panel):
    """Start and stop, the picture, and a card for each party that can call."""

    title = "Lab {}"
    lead = "Start the lab, place a call, and see where it runs."
    twins = TWINS
    look_s = 0.5

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.picture, self.told = html(), html()
        self.told.layout.display = "none"
        self.in_words = self.button("In words", "Show or hide the picture as text", self._in_words)
        self.parties = {host: PhoneCard(self, host) for host in PHONES}
        self.outside = OutsideCard(self)
        self.start = self.button("Start", "Start the lab, or find it running", self._start, first=True)
        self.stop = self.button("Stop", "End the lab; its logs and captures stay", self._stop)
        self.heal = self.button("Heal", "Make everything healthy again; edits stay in the history", self._heal)
        self.doctor = self.button("Doctor", "Test every hop, SIP and RTP each way", self._doctor)
        cards = row(*(each.box for each in (*self.parties.values(), self.outside)))
        buttons = row(self.start, self.stop, self.heal, self.doctor, self.in_words)
        self.fill(buttons, self.picture, self.told, cards)

    def _in_words(self) -> None:
        self.told.layout.display = "" if self.told.layout.display else "none"

    def look(self, lab: Lab) -> None:
        """Show the lab as it is now."""
        self.show(look(lab))

    def show(self, sight: Sight) -> None:
        """Show what was seen."""
        self.picture.value = f"{svg(sight.scene)}<p>{escape(sight.headline)}</p>"
        self.told.value = printed(words(sight.scene))
        for party in (*self.parties.values(), self.outside):
            party.show(sight)

    @errand("Starting the lab", "lab.up()")
    def _start(self, lab: Lab) -> str:
        lab.up()
        return f"The lab {lab.name} is up."

    @errand("Ending the lab", "lab.down()")
    def _stop(self, lab: Lab) -> str:
        lab.down()
        return f"The lab {lab.name} is down; its logs and captures stay."

    @errand("Making the lab healthy", "lab.heal()")
    def _heal(self, lab: Lab) -> str:
        lab.running().heal()
        return "Everything is healthy again; edits stay in the history."

    @errand("Testing every hop", "doctor(lab)")
    def _doctor(self, lab: Lab) -> str:
        from labkit.lab import doctor

        return str(doctor.examine(lab.running()))


class PartyCard:
    """What every party that can call has: what it does now, hang up, keys."""

    box: Widget

    def __init__(self, panel: Panel, host: str, title: str, code: str) -> None:
        """Make the parts; `code` is the party as code."""
        self.panel, self.host, self.title, self.code = panel, host, title, code
        self.state = html()
        self.hang_up = self.on_call("Hang up", "end the call", "hang_up", "hung up")
        self.keys = text("Keys", "1234#", "120px")
        self.press = panel.button("Press", f"{host}: press these keys on the call (DTMF)", self._press)

    def show(self, sight: Sight) -> None:
        """Tell what the party does now."""
        self.state.value = f"<h4>{escape(self.title)}</h4><p>{escape(sight.doing(self.host))}</p>"

    def line(self, lab: Lab) -> Phone | Provider:
        """The party's line."""
        return lab.running().provider if self.host == PROVIDER else lab.running().phone(self.host)

    def current(self, lab: Lab) -> str:
        """The newest call that is not over; HostError where there is none."""
        calls = alive(self.line(lab).calls())
        if not calls:
            raise HostError(f"{self.host} has no call. Place one first, or let one come in.", host=self.host)
        return calls[-1].id

    def on_call(self, label: str, says: str, method: str, done: str) -> Button:
        """A button that does something with the current call."""
        return self.panel.button(label, f"{self.host}: {says}", lambda: self._act(f"{self.host}: {says}", method, done))

    def _act(self, doing: str, method: str, done: str, *words: str) -> None:
        def act(lab: Lab) -> str:
            call = self.current(lab)
            getattr(self.line(lab), method)(call, *words)
            given = "".join(f', "{word}"' for word in words)
            self.panel.frame.twin = f'{self.code}.{method}("{call}"{given})'
            return f"{self.host} {done}."

        self.panel.do(doing, act)

    def _press(self) -> None:
        keys = self.keys.value.strip()
        self._act(f"{self.host}: press {keys}", "send_dtmf", f"pressed {keys}", keys)


class PhoneCard(PartyCard):
    """An agent's phone."""

    def __init__(self, panel: Panel, host: str) -> None:
        """Lay the card out."""
        super().__init__(panel, host, f"{host}, an agent", f'lab.phone("{host}")')
        self.number = text("To", NUMBERS[0], "160px", options=NUMBERS)
        self.call = panel.button("Call", f"{host} calls the number and stays on the call", self._call, first=True)
        self.answer = self.on_call("Answer", "answer the call that rings", "answer", "answered")
        self.hold = self.on_call(
            "Hold", "put the other end on hold", "hold", "put the other end on hold (re-INVITE, sendonly)"
        )
        self.resume = self.on_call(
            "Resume", "take the other end back", "resume", "took the other end back (re-INVITE, sendrecv)"
        )
        self._auto = True
        self.auto = tick("answers by itself", self._auto)
        self.auto.observe(self._set_auto, "value")
        self.box = card(
            self.state, row(self.number, self.call),
            row(self.answer, self.hang_up), row(self.hold, self.resume), row(self.keys, self.press), self.auto,
        )  # fmt: skip

    def show(self, sight: Sight) -> None:
        """Tell what the phone does now, and whether it answers by itself."""
        super().show(sight)
        if not self.panel.frame.doing:
            self._auto = self.auto.value = self.host not in sight.by_hand

    def _call(self) -> None:
        number = self.number.value.strip()

        def place(lab: Lab) -> str:
            self.line(lab).place(number)
            return f"{self.host} calls {number}."

        self.panel.do(f"{self.host} calls {number}", place, f'{self.code}.place("{number}")')

    def _set_auto(self, change: dict[str, object]) -> None:
        if change["new"] == self._auto:
            return
        mode = "auto" if change["new"] else "manual"

        def setting(lab: Lab) -> str:
            lab.running().phone(self.host).set(answer=mode)
            return f"{self.host} {'answers by itself' if mode == 'auto' else 'rings until you press Answer'}."

        self.panel.do("Setting the phone", setting, f'{self.code}.set(answer="{mode}")')


class OutsideCard(PartyCard):
    """A customer's telephone, behind the provider."""

    def __init__(self, panel: Panel) -> None:
        """Lay the card out."""
        super().__init__(panel, PROVIDER, "a customer, outside", "lab.provider")
        self.did = choice("To", [(did, did) for did in DIDS], "190px")
        self.caller = text("As", CALLER, "145px")
        self.call = panel.button("Call in", "A customer calls one of our numbers", self._call, first=True)
        calling, talking = row(self.caller, self.call), row(self.keys, self.press)
        self.box = card(self.state, self.did, calling, row(self.hang_up), talking)

    def show(self, sight: Sight) -> None:
        """Tell what the party does now, and offer the numbers that are ours."""
        super().show(sight)
        if sight.numbers and tuple(value for _, value in self.did.options) != sight.numbers:
            self.did.options = [(number, number) for number in sight.numbers]

    def _call(self) -> None:
        did, caller = self.did.value, self.caller.value.strip()

        def place(lab: Lab) -> str:
            lab.running().provider.place(did, caller=caller)
            return f"{caller} calls {did}."

        twin = f'lab.provider.place("{did}", caller="{caller}")'
        self.panel.do(f"{caller} calls {did}", place, twin)
