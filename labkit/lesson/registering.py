"""Registrations as a lesson looks at them: a stretch of time recorded, an outage, what the registrar holds for true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from labkit import show
from labkit.lab import staging
from labkit.lab.lab import Lab
from labkit.lesson.telling import steady
from labkit.show.lanes import Bar, Lane
from labkit.trace.trace import Trace, open_trace

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.captures import Recorder
    from labkit.show import Ladder
    from labkit.show.pictures import Picture

US, THEM = "pbx", "provider"
REGISTRAR = "the provider's registrar"
_RULES = "trunk.registered.registration"
_RENEWAL_S = 2.5
"""How long an outage waits for a renewal to begin right after it."""


@dataclass(frozen=True, repr=False)
class Watched:
    """A stretch of time on the PBX's line, shown as the life of its registrations."""

    recorder: Recorder
    """What was recorded."""
    began_ns: int
    """When it began, in nanoseconds since 1970."""
    ended_ns: int
    """When it ended."""
    registrar: tuple[Bar, ...] = field(default=())
    """How the provider's registrar was meanwhile, where that is known."""

    @cached_property
    def trace(self) -> Trace:
        """The capture as tables."""
        return open_trace(self.recorder.capture)

    @property
    def picture(self) -> Picture:
        """Answers and bindings over time, from the first REGISTER on, or from the begin of an outage."""
        first_ns = self.trace.first_ns or self.began_ns
        during = self._begin_s((self.began_ns - first_ns) / 1e9), (self.ended_ns - first_ns) / 1e9
        beside = [Lane(REGISTRAR, self.registrar)] if self.registrar else []
        return show.registrations(self.trace, by=US, during=during, beside=beside)

    def _begin_s(self, least_s: float) -> float:
        """Seconds of the trace at which the picture begins; how long a reload took before is an accident."""
        own = (each for each in self.trace.sip if self.trace.capture.name(each.src) == US)
        asked_s = (each.time_s for each in own if each.method == "REGISTER" and each.time_s >= least_s)
        return least_s if self.registrar else next(asked_s, least_s)

    def __str__(self) -> str:
        return steady(str(self.picture))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.picture._repr_html_()


def watch(lab: Lab, for_s: float, command: str = "") -> Watched:
    """Record the PBX's line for some seconds; edits are applied in it, and Asterisk is given a command."""
    with _recorded(lab) as (recorder, began_ns):
        if staging.needed(lab) != "nothing":
            lab.apply()
        if command:
            lab.asterisk(command)
        lab.clock.sleep(for_s)
        ended_ns = lab.clock.time_ns()
    return Watched(recorder, began_ns, ended_ns)


def outage(lab: Lab, lasts_s: float, after_s: float, status: int = 503) -> Watched:
    """Let the provider's registrar forget everybody and answer `status` for a while (0: nothing), and then be well.

    It begins right after a renewal where one comes soon; it is recorded, and `after_s` more.
    """
    with _recorded(lab) as (recorder, _):
        _await_renewal(lab)
        began_ns = lab.clock.time_ns()
        lab.provider.set(f"{_RULES}.status", status or 503)
        lab.provider.set(f"{_RULES}.treatment", "refuse" if status else "ignore")
        lab.provider.forget_registrations()
        lab.clock.sleep(lasts_s)
        lab.provider.set(f"{_RULES}.treatment", "accept")
        lab.clock.sleep(after_s)
        ended_ns = lab.clock.time_ns()
    says = f"answers {status}" if status else "is silent"
    ill = Bar(0.0, lasts_s, says, f"forgets everybody and {says}", firm=False)
    return Watched(recorder, began_ns, ended_ns, (ill, Bar(lasts_s, lasts_s + after_s, "well", "is well again")))


def registers(watched: Watched, since_s: float = 0.0) -> Ladder:
    """The ladder of what the PBX and the provider said to each other about registrations, message by message.

    `since_s` leaves out what was said before, in seconds from the first message.
    """
    talk = [each for each in watched.trace.sip if each.cseq_method == "REGISTER"]
    spoken = {address for each in talk for address in (each.src, each.dst)}
    whole = show.ladder(watched.trace, method="REGISTER", hosts=[US, THEM], fold=False)
    columns = tuple(
        replace(column, addresses=tuple(each for each in column.addresses if each in spoken))
        for column in whole.sheet.columns
    )
    whole = replace(whole, sheet=replace(whole.sheet, columns=columns))
    return whole.focus(between=(since_s, float("inf"))) if since_s else whole


def bindings(lab: Lab) -> pd.DataFrame:
    """What the provider's portal shows of registrations: a row for each binding."""
    import pandas as pd

    held = [(each.account, each.contact, each.source) for each in lab.provider.portal().registrations]
    return pd.DataFrame(held, columns=["account", "contact", "came from"])


@contextmanager
def _recorded(lab: Lab) -> Iterator[tuple[Recorder, int]]:
    with lab.capture(["inside"], title="watched") as recorder:
        yield recorder, lab.clock.time_ns()


def _await_renewal(lab: Lab) -> None:
    """Wait until a binding was renewed just now; give up where its renewal is far away."""
    left_s, deadline = float("inf"), lab.clock.monotonic() + _RENEWAL_S
    while lab.clock.monotonic() < deadline:
        now_s = max((each.expires_s for each in lab.provider.registrations()), default=0.0)
        if now_s > left_s:
            return
        left_s = now_s
        lab.clock.sleep(0.02)
