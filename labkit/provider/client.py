"""The typed, blocking client of a provider: what a lab and a notebook hold.

with Provider.connect("/run/lab/provider.sock", "provider") as provider:
    print(provider.call("+442079460000", hold_s=2.0))
    provider.set("trunk.registered.registration.treatment", "ignore")
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labkit.control import ControlClient
from labkit.provider.view import PortalView, Registered
from labkit.rtp.report import MediaReport
from labkit.sip.report import CallReport, revive

if TYPE_CHECKING:
    from labkit.provider.profile import Profile


class Provider(ControlClient):
    """One provider program; every method returns when the provider has done it."""

    def call(
        self, did: str, caller: str = "+15550199", hold_s: float = 2.0, ring_s: float = 30.0,
        plays: str = "tone:440@-10",
    ) -> CallReport:  # fmt: skip
        """Call a number of the customer from the PSTN, stay on it for `hold_s`, hang up."""
        plain = self.request(
            "call", hold_s + ring_s + 80.0, did=did, caller=caller, hold_s=hold_s, ring_s=ring_s, plays=plays
        )
        return _report(plain)

    def place(self, did: str, caller: str = "+15550199", plays: str = "tone:440@-10") -> str:
        """Call a number of the customer; gives the call's name at once."""
        return str(self.request("place_call", did=did, caller=caller, plays=plays))

    def wait(self, call: str, state: str = "confirmed", timeout_s: float = 10.0) -> str:
        """Wait until a call is in a state, or ended; gives the state it is in, which may be an earlier one."""
        return str(self.request("wait", timeout_s + 5.0, call=call, state=state, within_s=timeout_s))

    def send_dtmf(self, call: str, digits: str) -> None:
        """Press keys on a call, as RFC 4733 events."""
        self.request("send_dtmf", call=call, digits=digits)

    def hang_up(self, call: str) -> None:
        """End a call from the provider's side."""
        self.request("hang_up", call=call)

    def calls(self) -> list[CallReport]:
        """Every call that was let in or placed, the newest last; refused attempts are in `portal().calls`."""
        return [_report(item) for item in self.request("calls")]

    def options(self, uri: str, timeout_s: float = 4.0) -> int | None:
        """Send OPTIONS from the first SBC; the final status, None when nothing answered."""
        status = self.request("options", timeout_s + 5.0, uri=uri, within_s=timeout_s)
        return None if status is None else int(status)

    def report(self, call: str) -> CallReport:
        """Everything about one call."""
        return _report(self.request("report", call=call))

    def registrations(self) -> list[Registered]:
        """What is registered now."""
        return [revive(Registered, item) for item in self.request("registrations")]

    def forget_registrations(self) -> None:
        """Drop what is registered, as a registrar does that was restarted."""
        self.request("forget_registrations")

    def policy(self, change: str | os.PathLike[str] | Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Give the policy as a table; follow a file (path inside the provider's host) or a table first where given."""
        if change is None:
            return dict(self.request("policy"))
        if isinstance(change, Mapping):
            return dict(self.request("policy", table=dict(change)))
        return dict(self.request("policy", path=os.fspath(change)))

    def set(self, path: str, value: object) -> None:
        """Change one value of the policy by its dotted name, calls that are up are left alone."""
        self.request("set", path=path, value=value)

    def adopt(self, profile: Profile) -> None:
        """Follow a carrier's published rules from now on, beside what the policy says already."""
        self.request("change", changes=dict(profile.changes))

    def portal(self) -> PortalView:
        """What a customer of this carrier can see."""
        view: PortalView = revive(PortalView, self.request("portal"))
        return view

    def allow(self, trunk: str, addresses: Sequence[str]) -> None:
        """Set a trunk's allowed source addresses in the portal."""
        self.request("allow", trunk=trunk, addresses=list(addresses))

    def verify(self, trunk: str, numbers: Sequence[str]) -> None:
        """Set a trunk's verified caller IDs in the portal."""
        self.request("verify", trunk=trunk, numbers=list(numbers))

    def forget(self) -> None:
        """Forget the calls that are over."""
        self.request("forget")


def _report(plain: Any) -> CallReport:
    report: CallReport = revive(CallReport, {**plain, "media": revive(MediaReport, plain["media"])})
    return report
