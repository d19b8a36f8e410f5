"""The provider's books: every call attempt on a trunk, up or refused, as the portal lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from labkit.provider.view import CallEntry
from labkit.rtp.session import MediaSession
from labkit.sip.call import Call
from labkit.sip.report import CallReport, report_of


@dataclass(slots=True)
class Line:
    """What the books keep of one attempt."""

    id: str
    """Name of the call."""
    direction: str
    """outbound or inbound."""
    trunk: str
    """Name of the trunk."""
    caller: str
    """Caller ID shown."""
    called: str
    """Number as dialled."""
    source: str
    """Peer's address."""
    begun_s: float
    """Seconds since the start."""
    call: Call | None = None
    """None for a refused attempt."""
    session: MediaSession | None = None
    """None without media."""
    status: int = 0
    """Final status of a refusal."""
    reason: str = ""
    """Reason of a refusal."""

    @property
    def alive(self) -> bool:
        """Whether the call is not over."""
        return self.call is not None and self.call.state != "ended"

    def entry(self) -> CallEntry:
        """Show it."""
        call, status, reason, duration_s = self.call, self.status, self.reason, None
        if call:
            report = self.report()
            status, reason, duration_s = report.status or 0, report.reason, report.duration_s
        shown = None if call and not call.ending and "answered" not in call.times else status
        return CallEntry(
            self.id, self.direction, self.trunk, self.caller, self.called, self.source, self.begun_s,
            call.state if call else "refused", shown, reason, duration_s,
        )  # fmt: skip

    def report(self) -> CallReport:
        """Everything about the call."""
        if self.call is None:
            raise LookupError(f"{self.id} was refused by {self.status} {self.reason}: there is no call to report")
        return report_of(self.call, self.id, self.session.report() if self.session else None)


class Ledger:
    """All attempts, the newest last; old ones are dropped beyond a limit."""

    LIMIT = 2000

    def __init__(self) -> None:
        """Start with an empty book."""
        self._lines: dict[str, Line] = {}
        self._names = count(1)
        self._up: dict[str, int] = {}

    def name(self) -> str:
        """Make a call's name."""
        return f"call-{next(self._names)}"

    def add(self, line: Line) -> None:
        """Write a line; an ended one makes room for it beyond the limit."""
        self._lines[line.id] = line
        if line.call:
            self._up[line.trunk] = self._up.get(line.trunk, 0) + 1
        if len(self._lines) > self.LIMIT:
            oldest = next(iter(self._lines))
            if not self._lines[oldest].alive:
                del self._lines[oldest]

    def ended(self, line: Line) -> None:
        """Count a call as over."""
        self._up[line.trunk] -= 1

    def up(self, trunk: str) -> int:
        """How many calls of a trunk live now."""
        return self._up.get(trunk, 0)

    def __getitem__(self, name: str) -> Line:
        return self._lines[name]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines.values())

    def clear(self) -> None:
        """Forget what is over."""
        self._lines = {name: line for name, line in self._lines.items() if line.alive}
