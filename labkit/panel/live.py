"""The live view of a running call: its ladder grows, loss and jitter of each direction four times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from labkit.errors import HostError, LabError
from labkit.lab.lab import CALLER, Lab
from labkit.lab.parties import PHONES, PROVIDER
from labkit.panel.controls import choice, column, folded, html, row, text
from labkit.panel.gauges import RATE_HZ, Gauge, svg
from labkit.panel.panel import Panel, errand
from labkit.panel.sight import DIDS, NUMBER, alive
from labkit.panel.work import Errands
from labkit.show.saving import image

if TYPE_CHECKING:
    from labkit.lab.captures import Recorder
    from labkit.panel.work import Make
    from labkit.phone.client import Phone
    from labkit.provider.client import Provider
    from labkit.trace.capture import Capture

MOST_S = 120.0
"""A call that nobody ends is hung up then."""
SETUP_S, TALK_S = 0.4, 3.0
"""The ladder is drawn anew so often while the call is set up, and while it is up."""
WAYS = ("phone-1001 -> pbx", "pbx -> phone-1001")
TWINS = {
    "a whole call, with a capture": 'call = lab.call("phone-1001", "+15550100", hold_s=10)',
    "a whole call in": 'call = lab.inbound("+442079460000", hold_s=10)',
    "its ladder": "ladder(call)",
    "what each end hears while it runs": 'lab.phone("phone-1001").calls()[-1].media.received',
    "its voice in numbers": "media(call)",
    "listen to it": 'show.sound(call, "phone-1001 -> pbx")',
    "make the line bad": "lab.impair(loss=0.05, jitter_ms=20)",
    "make it good": "lab.impair()",
}
"""Names of labkit.lesson: ladder, media."""


class CallPanel(Panel):
    """Place a call and watch it; the job of the call runs until it is hung up."""

    title = "A call, live, lab {}"
    lead = "Press Call out or Call in and watch the ladder grow; then make the line bad, hang up, and listen."
    twins = TWINS

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.number = text("Number", NUMBER, "200px")
        self.did = text("Our number", DIDS[0], "220px")
        self.out = self.button("Call out", "phone-1001 calls the number; watch it grow", self._out, first=True)
        self.incoming = self.button("Call in", "A customer calls our number; watch it grow", self._in)
        self.hang_up = self.button("Hang up", "End the call that is watched", self._hang_up)
        self.quality = choice(
            "The line", [("good", (0.0, 0.0)), ("loses 5 %", (0.05, 0.0)), ("jitters 20 ms", (0.0, 20.0))]
        )
        self.quality.observe(self._impair, "value")
        self.charts, self.ladder, self.words, self.players = html(), html(), html(), html()
        self.listen = self.button("Listen", "Play what was said on the last call, both ways", self._listen)
        top = row(self.number, self.out, self.did, self.incoming)
        deeds = row(self.hang_up, self.quality, self.listen)
        self.fill(top, deeds, self.charts, column(self.ladder), self.words, self.players)
        self._over = False
        self._side, self._artist = Errands(make), Errands(make)
        self._heard: Capture | None = None
        self.frame.observe(self._again, "dark")

    def close(self) -> None:
        """End the call too."""
        self._over = True
        self._side.end()
        self._artist.end()
        super().close()

    def _out(self) -> None:
        number = self.number.value.strip()
        twin = f'lab.call("phone-1001", "{number}", hold_s=10)'
        self._place(f"phone-1001 calls {number}", twin, PHONES[0], lambda line: line.place(number))

    def _in(self) -> None:
        did = self.did.value.strip()
        twin = f'lab.inbound("{did}", hold_s=10)'
        self._place(f"{CALLER} calls {did}", twin, PROVIDER, lambda line: line.place(did, caller=CALLER))

    def _place(self, doing: str, twin: str, host: str, place: Callable[[Any], str]) -> None:
        self._over = False
        self.players.value = ""

        def watch(lab: Lab) -> str:
            with lab.running().capture(title="live") as recorder:
                line = lab.parties.provider if host == PROVIDER else lab.phone(host)
                name = place(line)
                try:
                    self._follow(lab, line, name, recorder)
                finally:
                    line.hang_up(name)
                    line.wait(name, "ended", 2.0)
            self._artist.settle()
            self._heard = recorder.capture
            self.draw(self._heard)
            report = line.report(name)
            return f"{doing}: {report.status or 'no answer'} {report.reason}. The ladder is whole."

        self.do(f"{doing}; Hang up ends it", watch, twin)

    def _follow(self, lab: Lab, line: Phone | Provider, name: str, recorder: Recorder) -> None:
        """Look at the call four times a second until it is over."""
        gauges = {host: Gauge(f"heard by {host}") for host in (*PHONES, PROVIDER)}
        size, drawn, began = -1, 0.0, time.monotonic()
        while not self._over and time.monotonic() < began + MOST_S:
            now = time.monotonic()
            self.measure(lab, gauges)
            state = line.report(name).state
            grown = sum(path.stat().st_size for path in recorder.capture.points.values() if path.exists())
            if grown != size and now > drawn + (TALK_S if state == "confirmed" else SETUP_S):
                self._sketch(recorder.capture)
                size, drawn = grown, now
            if state == "ended":
                return
            time.sleep(max(0.0, 1 / RATE_HZ - (time.monotonic() - now)))

    def measure(self, lab: Lab, gauges: dict[str, Gauge]) -> None:
        """Show loss and jitter at each end that has a call."""
        for host, gauge in gauges.items():
            line = lab.provider if host == PROVIDER else lab.phone(host)
            calls = alive(line.calls())
            gauge.take(calls[-1].media if calls else None)
        heard = {host: gauge for host, gauge in gauges.items() if gauge.samples}
        self.charts.value = svg(heard)

    def _sketch(self, capture: Capture) -> None:
        """Draw behind, for that may take longer than a quarter of a second; not while the sketch before is drawn."""
        if not self._artist.busy:
            self._artist.put(lambda lab: self.draw(capture, grows=True))

    def _again(self, change: object) -> None:
        """Draw anew on a page that became dark or light."""
        if (heard := self._heard) is not None:
            self._artist.put(lambda lab: self.draw(heard))

    def draw(self, capture: Capture, grows: bool = False) -> None:
        """Show the ladder of what is captured so far; with messages to unfold once it grows no more."""
        from labkit.show import ladder

        try:
            drawn = ladder(capture, theme=self.frame.theme)
            words = str(drawn)
            picture = f'<div class="labkit-ladder">{image(drawn.png(), words, drawn.width)}</div>'
            self.ladder.value = picture if grows else drawn.html()
            self.words.value = "" if grows else folded("the ladder in words", words)
        except LabError as why:
            self.words.value = f"<p>{escape(str(why))}</p>"

    def _hang_up(self) -> None:
        if not self.frame.doing:
            raise HostError("No call is watched. Press Call out or Call in first.")
        self._over = True

    @errand("Reading the voice", f'show.sound(call, "{WAYS[0]}")')
    def _listen(self, lab: Lab) -> str:
        from labkit.show import sound

        if self._heard is None:
            raise HostError("Nothing to listen to yet: place a call first.")
        self.players.value = "".join(sound(self._heard, way)._repr_html_() for way in WAYS)
        return "Press play: what the agent said, and what the agent heard."

    def _impair(self, change: dict[str, Any]) -> None:
        loss, jitter_ms = change["new"]
        words = {"loss": loss, "jitter_ms": jitter_ms, "delay_ms": jitter_ms} if any(change["new"]) else {}
        given = ", ".join(f"{name}={value:g}" for name, value in words.items())
        self._side.put(lambda lab: self.attempt(lambda: lab.running().impair(**words)))
        self.frame.twin = f"lab.impair({given})"
