"""The provider's portal as its customer sees it: trunks, registrations, call attempts; what a customer may set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from labkit.lab.lab import Lab
from labkit.panel.controls import button, choice, html, row, text
from labkit.panel.panel import Done, Panel

if TYPE_CHECKING:
    from labkit.panel.work import Make
    from labkit.provider.view import CallEntry, PortalView, Registered, TrunkView

LOOK_S = 1.0
LAST = 12
"""Call attempts that are shown."""
TWINS = {
    "the page": "lab.provider.portal()",
    "the trunks": "trunks(lab)",
    "the last call attempts": "attempts(lab)",
    "allow source addresses": 'lab.provider.allow("static", ["203.0.113.1"])',
    "verify caller IDs": 'lab.provider.verify("registered", ["+442079460001"])',
}
"""Everything that the panel does, as lines of code; trunks and attempts are those of labkit.lesson."""


def portal_panel(lab: Lab | None = None) -> Panel:
    """The provider's portal of a lab, the default one if none is given; see TWINS for the same in code."""
    name = lab.name if lab else "default"
    made = PortalPanel(name, partial(Lab, name))
    made.watch(made.look, LOOK_S)
    return made.opened()


class PortalPanel(Panel):
    """Three tables, and the two things that a customer may set."""

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(f"The provider's portal, lab {name}", name, make, TWINS)
        self.trunk = choice("Trunk", [("none yet", "")], "240px")
        self.values = text("Values", "", "420px", "with commas between")
        self.allow = button(
            self, "Allow these addresses", "Set the source addresses that may use the trunk", self._allow
        )
        self.verify = button(
            self, "Verify these caller IDs", "Set the caller IDs that the customer proved to own", self._verify
        )
        self.page = html(width="100%")
        self.fill(self.page, row(self.trunk, self.values, self.allow, self.verify))

    def look(self, lab: Lab) -> None:
        """Show the page as it is now."""
        if lab.status().running:
            self.show(lab.provider.portal())
        else:
            self.page.value = "<p>The lab does not run.</p>"

    def show(self, view: PortalView) -> None:
        """Show a page."""
        names = tuple(trunk.name for trunk in view.trunks)
        if tuple(self.trunk.options) != names:
            self.trunk.options = names
        self.page.value = "".join(
            (
                f"<h4>{escape(view.title)}: trunks</h4>{_trunks(view.trunks)}",
                f"<h4>registrations</h4>{_registrations(view.registrations)}",
                f"<h4>the last call attempts, the newest first</h4>{_calls(view.calls)}",
            )
        )

    def _allow(self) -> None:
        self._set("allow", "source addresses")

    def _verify(self) -> None:
        self._set("verify", "caller IDs")

    def _set(self, method: str, what: str) -> None:
        trunk = str(self.trunk.value)
        values = [each.strip() for each in self.values.value.split(",") if each.strip()]

        def change(lab: Lab) -> Done:
            getattr(lab.running().provider, method)(trunk, values)
            nothing = "any" if method == "allow" else "none"
            return Done(f"{what} of the trunk {trunk}: {', '.join(values) or nothing}.")

        self.do(f"Setting {what}", change, f'lab.provider.{method}("{trunk}", {values!r})')


def _trunks(trunks: Iterable[TrunkView]) -> str:
    heads = ("trunk", "kind", "account", "server", "numbers", "allowed addresses", "verified callers", "channels")
    rows = [
        (
            each.name + (" (suspended)" if each.suspended else ""), each.kind, each.account, each.server,
            ", ".join(each.numbers), ", ".join(each.allowed_addresses) or "any", ", ".join(each.verified_callers),
            f"{each.calls_up} of {each.channels}",
        )
        for each in trunks
    ]  # fmt: skip
    return table(heads, rows)


def _registrations(bindings: Iterable[Registered]) -> str:
    heads = ("trunk", "contact", "seen from", "transport", "user agent")
    rows = [(each.trunk, each.contact, each.source, each.transport, each.user_agent) for each in bindings]
    return table(heads, rows)


def _calls(calls: Sequence[CallEntry]) -> str:
    heads = ("", "call", "trunk", "caller", "called", "state", "status", "s")
    return table(heads, [_call(each) for each in reversed(calls[-LAST:])])


def _call(entry: CallEntry) -> tuple[str, ...]:
    sign = {"refused": "✕", "ended": "✓" if entry.status == 200 else "✕"}.get(entry.state, "…")
    duration = "" if entry.duration_s is None else f"{entry.duration_s:.1f}"
    status = f"{entry.status or ''} {entry.reason}".strip()
    caller = entry.caller or "withheld"
    return sign, entry.direction, entry.trunk or "none", caller, entry.called, entry.state, status, duration


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; words where it has no row."""
    if not rows:
        return "<p>none</p>"
    top = "".join(f"<th scope=col>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in each)}</tr>" for each in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
