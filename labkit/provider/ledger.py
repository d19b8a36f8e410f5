"""The provider's books: every call attempt on a trunk, up or refused, as the portal lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from labkit.provider.view import CallEntry
from labkit.rtp.session import MediaSession
from labkit.sip.call import Call
from labkit.sip.report import CallReport, report_of


@dataclass(slots=True)
class Line:
    """What the books keep of one attempt."""

    attempt: CallEntry
    """As it began, or as it was refused."""
    call: Call | None = None
    """None for a refused attempt."""
    session: MediaSession | None = None
    """None without media."""

    @property
    def id(self) -> str:
        """Name of the call."""
        return self.attempt.id

    @property
    def alive(self) -> bool:
        """Whether the call is not over."""
        return self.call is not None and self.call.state != "ended"

    def entry(self) -> CallEntry:
        """Show it as it is now."""
        if self.call is None:
            return self.attempt
        now = report_of(self.call, self.id)
        return replace(self.attempt, state=now.state, status=now.status, reason=now.reason, duration_s=now.duration_s)

    def report(self) -> CallReport:
        """Everything about the call."""
        if self.call is None:
            refused = self.attempt
            raise LookupError(f"{self.id} was refused by {refused.status} {refused.reason}: there is no call to report")
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
            self._up[line.attempt.trunk] = self.up(line.attempt.trunk) + 1
        if len(self._lines) > self.LIMIT:
            oldest = next(iter(self._lines))
            if not self._lines[oldest].alive:
                del self._lines[oldest]

    def ended(self, line: Line) -> None:
        """Count a call as over."""
        self._up[line.attempt.trunk] -= 1

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
