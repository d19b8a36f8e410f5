"""The typed, blocking client of a phone: what a lab and a notebook hold.

with Phone.connect("/run/lab/phone-1001.sock", "phone-1001") as phone:
    phone.register()
    print(phone.call("+15550100", hold_s=2.0))
"""

from __future__ import annotations

from typing import Any

from labkit.control import ControlClient
from labkit.phone.settings import Behaviour
from labkit.rtp.report import MediaReport
from labkit.sip.registration import Binding
from labkit.sip.report import CallReport, revive


class Phone(ControlClient):
    """One phone program; every method returns when the phone has done it."""

    def register(self, expires_s: int | None = None) -> Binding:
        """Register and stay registered; the binding tells the final status (RFC 3261 section 10)."""
        return _binding(self.request("register", timeout_s=80.0, expires_s=expires_s))

    def unregister(self) -> Binding:
        """Remove the registration."""
        return _binding(self.request("unregister", timeout_s=80.0))

    def registrations(self) -> list[Binding]:
        """The bindings as the registrar granted them; empty before the first `register`."""
        return [_binding(item) for item in self.request("registrations")]

    def login(self, password: str) -> None:
        """Use another password from now on."""
        self.request("login", password=password)

    def options(self, uri: str, timeout_s: float = 4.0) -> int | None:
        """Send OPTIONS; the final status, None when nothing answered."""
        status = self._timed("options", timeout_s, uri=uri)
        return None if status is None else int(status)

    def place(self, target: str, headers: list[tuple[str, str]] | None = None) -> str:
        """Place a call to a number or a SIP URI; gives the call's name at once."""
        return str(self.request("place", target=target, headers=headers or []))

    def wait(self, call: str, state: str = "confirmed", timeout_s: float = 10.0) -> str:
        """Wait until a call is in a state or beyond (calling, ringing, answered, confirmed, ended); gives its state."""
        return str(self._timed("wait", timeout_s, call=call, state=state))

    def wait_for_call(self, timeout_s: float = 10.0) -> str:
        """Wait for an incoming call; gives its name."""
        return str(self._timed("wait_for_call", timeout_s))

    def answer(self, call: str) -> bool:
        """Answer an incoming call (a phone set to `answer="manual"`)."""
        return bool(self.request("answer", call=call))

    def reject(self, call: str, status: int = 486) -> None:
        """Refuse an incoming call by a final status."""
        self.request("reject", call=call, status=status)

    def hang_up(self, call: str) -> None:
        """End a call: BYE, CANCEL or 480, whatever fits its state."""
        self.request("hang_up", call=call)

    def hold(self, call: str) -> None:
        """Put the far end on hold."""
        self.request("hold", call=call)

    def resume(self, call: str) -> None:
        """Take the far end back from hold."""
        self.request("resume", call=call)

    def say(self, call: str, source: str) -> None:
        """Change what the phone sends: `tone:700@-20`, `silence`, `echo`."""
        self.request("say", call=call, source=source)

    def send_dtmf(self, call: str, digits: str, duration_ms: int = 100) -> None:
        """Press keys: RFC 4733 events, INFO or tones, by `set(dtmf=...)`."""
        self.request("send_dtmf", call=call, digits=digits, duration_ms=duration_ms)

    def transfer(self, call: str, target: str) -> None:
        """Transfer the far end to a number (blind, RFC 5589)."""
        self.request("transfer", call=call, target=target)

    def transfer_to_call(self, call: str, other: str) -> None:
        """Join the far ends of two calls (attended transfer, RFC 5589)."""
        self.request("transfer_to_call", call=call, other=other)

    def calls(self) -> list[CallReport]:
        """Every call since the start or the last `forget`, the newest last."""
        return [_report(item) for item in self.request("calls")]

    def report(self, call: str) -> CallReport:
        """Everything about a call up to now."""
        return _report(self.request("report", call=call))

    def call(self, target: str, hold_s: float = 2.0, ring_s: float = 30.0, keys: str = "") -> CallReport:
        """Place a call, press keys, stay on it for `hold_s`, hang up; gives up after ringing for `ring_s`."""
        plan = {"target": target, "hold_s": hold_s, "ring_s": ring_s, "keys": keys}
        return _report(self.request("call", hold_s + ring_s + 80.0, **plan))

    def forget(self) -> None:
        """Forget the calls that ended."""
        self.request("forget")

    def set(self, **changes: Any) -> Behaviour:
        """Change settings of `labkit.phone.settings.Behaviour` for calls to come."""
        behaviour: Behaviour = revive(Behaviour, self.request("set", **changes))
        return behaviour

    def _timed(self, method: str, timeout_s: float, **params: object) -> Any:
        """Ask for something that has a time limit of its own at the phone."""
        return self.request(method, timeout_s + 5.0, **params, within_s=timeout_s)


def _binding(plain: Any) -> Binding:
    binding: Binding = revive(Binding, plain)
    return binding


def _report(plain: Any) -> CallReport:
    report: CallReport = revive(CallReport, {**plain, "media": revive(MediaReport, plain["media"])})
    return report
