"""The part of the scenario panel where a learner looks: place the calls, read ladders, log, Asterisk's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from ipywidgets import HBox

from labkit.lab import placing
from labkit.panel.controls import column, html, printed, row, text
from labkit.panel.exhibits import Exhibit, of_call, of_command, of_log, of_message
from labkit.panel.panel import Panel, errand
from labkit.trace.trace import Trace, open_trace

if TYPE_CHECKING:
    from labkit.lab.calls import Call
    from labkit.lab.lab import Lab
    from labkit.scenario.model import CallPlan, Scenario
    from labkit.trace.capture import Capture

COMMANDS = (
    "pjsip show endpoints", "pjsip show registrations", "pjsip show contacts", "pjsip show identifies",
    "pjsip show endpoint provider", "pjsip show aors", "dialplan show from-provider", "dialplan show from-phones",
    "core show channels", "pjsip show channelstats", "rtp show settings",
)  # fmt: skip
"""Commands that are proposed."""
LEVELS = ("ERROR", "WARNING", "NOTICE")
LEAST_HOLD_S = 1.5


@dataclass(frozen=True)
class Together:
    """Calls that were placed side by side, with one capture of them all."""

    capture: Capture
    words: str
    """What became of each, a line for each."""

    @cached_property
    def trace(self) -> Trace:
        """The capture as tables."""
        return open_trace(self.capture)

    def __str__(self) -> str:
        return self.words


class Looking:
    """Buttons for the scenario's calls, and what came of them; everything that was looked at can be cited."""

    def __init__(
        self, panel: Panel, found: Callable[[Iterable[Exhibit]], None], chosen: Callable[[Exhibit], None]
    ) -> None:
        """Lay it out; `found` gets what can be cited from now on, `chosen` the message that was clicked."""
        self.panel, self.do, self.found, self.chosen = panel, panel.do, found, chosen
        self.calls: dict[str, Call | Together] = {}
        self.buttons = HBox()
        self.buttons.layout.flex_flow = "row wrap"
        self.said = html()
        self.ladder = column()
        self.command = text("Command", COMMANDS[0], "400px", options=COMMANDS)
        self.ask = panel.button("Ask Asterisk", "Give this command to Asterisk and show what it prints", self._ask)
        self.log = panel.button("Read the log", "Show what Asterisk logged since the last change", self._log)
        self.printed = html()
        self.box = column(self.buttons, self.said, self.ladder, row(self.command, self.ask, self.log), self.printed)

    def meet(self, scenario: Scenario | None) -> None:
        """Offer the calls of a scenario, and forget those of the one before."""
        plans = [plan for plan in scenario.call if plan.by != "stranger"] if scenario else []
        self.calls.clear()
        self.ladder.children = ()
        self.said.value = self.printed.value = ""
        made = [self._button(plan, first=not at) for at, plan in enumerate(plans)]
        says = "Place all these calls side by side, as the verdict does, with one capture"
        together = [self.panel.button("All at once", says, lambda: self._place_all(plans))] if len(plans) > 1 else []
        self.buttons.children = [*made, *together]

    def _button(self, plan: CallPlan, first: bool) -> Any:
        label = f"{plan.pstn or plan.by} calls {plan.to}"
        says = f"Place the call {plan.name!r} with a capture and draw its ladder"
        return self.panel.button(label, says, lambda: self._place(plan), first)

    def _place(self, plan: CallPlan) -> None:
        hold_s = max(plan.hold_s, LEAST_HOLD_S)
        ends = f'"{plan.to}", caller="{plan.pstn}"' if plan.pstn else f'"{plan.by}", "{plan.to}"'
        name = f"call{len(self.calls) + 1}"
        twin = f"{name} = lab.{'inbound' if plan.pstn else 'call'}({ends}, hold_s={hold_s:g})"

        def place(lab: Lab) -> str:
            if plan.pstn:
                call = lab.running().inbound(plan.to, caller=plan.pstn, hold_s=hold_s)
            else:
                call = lab.running().call(plan.by, plan.to, hold_s=hold_s)
            self.show(name, call)
            return f"{name}: {str(call).splitlines()[0]}."

        self.do(f"{plan.pstn or plan.by} calls {plan.to}", place, twin)

    def _place_all(self, plans: Sequence[CallPlan]) -> None:
        name = f"call{len(self.calls) + 1}"

        def place(lab: Lab) -> str:
            with lab.running().capture(title="all-at-once") as recorder:
                placed = placing.place(lab, plans)
            told = [f"{each.by} calls {each.to}: {each.status or 'no answer'}" for each in placed]
            self.show(name, Together(recorder.capture, "\n".join(told)))
            return f"{name}: {'; '.join(told)}."

        self.do("Placing all calls", place, f"{name} = placing.place(lab, lab.scenario.call)")

    def show(self, name: str, call: Call | Together) -> None:
        """Show a call's ladder; its messages can be cited from now on."""
        from labkit.show import ladder

        drawn = ladder(call, theme=self.panel.frame.theme)
        live = drawn.widget()
        rows = [each for each in drawn.layout.rows if each.number]
        live.observe(lambda change: self.chosen(of_message(name, call, rows[change["new"]])), "chosen")
        self.calls[name] = call
        self.said.value = f"<h4>{escape(name)}</h4><pre>{escape(str(call))}</pre>"
        self.ladder.children = (live,)
        self.found(of_call(name, call, drawn))

    def _ask(self) -> None:
        command = self.command.value.strip()

        def ask(lab: Lab) -> str:
            said = lab.running().asterisk(command)
            self.printed.value = f"<h4>{escape(command)}</h4>{printed(said)}"
            self.found([of_command(command)])
            return f"Asterisk printed {len(said.splitlines())} lines."

        self.do("Asking Asterisk", ask, f'lab.asterisk("{command}")')

    @errand("Reading the log", "lab.log_since_change()")
    def _log(self, lab: Lab) -> str:
        lines = [str(line) for line in lab.running().log_since_change() if line.level in LEVELS]
        self.printed.value = f"<h4>log since the last change</h4>{printed(chr(10).join(lines))}"
        self.found(of_log(lines))
        return f"{len(lines)} lines of levels {', '.join(LEVELS)} since the last change."
