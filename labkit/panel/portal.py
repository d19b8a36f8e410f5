"""The provider's portal as its customer sees it: trunks, registrations, call attempts; what a customer may set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from labkit.panel.controls import choice, html, row, text
from labkit.panel.panel import Panel

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.panel.work import Make
    from labkit.provider.view import CallEntry, PortalView, Registered, TrunkView

LAST = 12
"""Call attempts that are shown."""
TWINS = {
    "the page": "lab.provider.portal()",
    "the trunks": "trunks(lab)",
    "the last call attempts": "attempts(lab)",
    "allow source addresses": 'lab.provider.allow("static", ["203.0.113.1"])',
    "verify caller IDs": 'lab.provider.verify("registered", ["+442079460001"])',
}
"""Names of labkit.lesson: trunks, attempts."""


class PortalPanel(Panel):
    """Three tables, and the two things that a customer may set."""

    title = "The provider's portal, lab {}"
    lead = "What the provider shows its customer; what you set here counts from the next call on."
    twins = TWINS
    look_s = 1.0

    def __init__(self, name: str, make: Make) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.trunk = choice("Trunk", [("none yet", "")])
        self.trunk.observe(lambda _: self._fill(), "value")
        self.addresses = text("Allowed addresses", "", "420px", "any; commas between them")
        self.callers = text("Verified caller IDs", "", "420px", "none; commas between them")
        self.allow = self.button("Allow", "Set the source addresses that may use the trunk", self._allow)
        self.verify = self.button("Verify", "Set the caller IDs that the customer proved to own", self._verify)
        self.page = html()
        settings = row(self.addresses, self.allow), row(self.callers, self.verify)
        self.fill(self.page, html("<h4>what you may set</h4>"), self.trunk, *settings)
        self._now: dict[str, tuple[str, str]] = {}

    def look(self, lab: Lab) -> None:
        """Show the page as it is now."""
        if lab.status().running:
            self.show(lab.provider.portal())
        else:
            self.page.value = "<p>The lab does not run.</p>"

    def show(self, view: PortalView) -> None:
        """Show a page."""
        before, self._now = self._now, {trunk.name: _settings(trunk) for trunk in view.trunks}
        if tuple(self.trunk.options) != tuple(self._now):
            self.trunk.options = tuple(self._now)
        if before.get(self.trunk.value) != self._now.get(self.trunk.value):
            self._fill()
        self.page.value = (
            f"<h4>{escape(view.title)}: trunks</h4>{_trunks(view.trunks)}"
            f"<h4>registrations</h4>{_registrations(view.registrations)}"
            f"<h4>the last call attempts, the newest first</h4>{_calls(view.calls)}"
        )

    def _fill(self) -> None:
        """Show what the chosen trunk has now in the fields that change it."""
        self.addresses.value, self.callers.value = self._now.get(self.trunk.value, ("", ""))

    def _allow(self) -> None:
        self._set("allow", "source addresses", self.addresses.value)

    def _verify(self) -> None:
        self._set("verify", "caller IDs", self.callers.value)

    def _set(self, method: str, what: str, written: str) -> None:
        trunk = str(self.trunk.value)
        values = [each.strip() for each in written.split(",") if each.strip()]

        def change(lab: Lab) -> str:
            getattr(lab.running().provider, method)(trunk, values)
            nothing = "any" if method == "allow" else "none"
            return f"{what} of the trunk {trunk}: {', '.join(values) or nothing}."

        self.do(f"Setting {what}", change, f'lab.provider.{method}("{trunk}", {values!r})')


def _settings(trunk: TrunkView) -> tuple[str, str]:
    return ", ".join(trunk.allowed_addresses), ", ".join(trunk.verified_callers)


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
