"""What a learner has looked at and may cite: messages and streams of calls, lines of the log, Asterisk's answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from labkit.show.ladders import Ladder
    from labkit.show.layout import Row
    from labkit.trace.capture import Capture
    from labkit.trace.trace import Trace


class Recorded(Protocol):
    """A call, or several, with a capture."""

    @property
    def capture(self) -> Capture | None:
        """What was recorded."""

    @property
    def trace(self) -> Trace:
        """The same as tables."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One thing that can be cited."""

    words: str
    """What it is, as the list shows it."""
    cited: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `labkit.scenario.citation.Citation`."""
    call: str = ""
    """Name of the call that it is of, as in code; empty where it is of none."""

    @property
    def code(self) -> str:
        """Its fields as code, each with a comma behind."""
        return "".join(f"{name}={value!r}, " for name, value in self.cited.items())


def of_call(name: str, call: Recorded, ladder: Ladder) -> Iterator[Exhibit]:
    """The messages and streams of a call."""
    yield from (of_message(name, call, row) for row in ladder.layout.messages)
    yield from _streams(name, call)


def of_message(name: str, call: Recorded, row: Row) -> Exhibit:
    """One message of a call's ladder."""
    points = {str(path): point for point, path in call.capture.points.items()} if call.capture else {}
    arrow = row.arrow
    where = points.get(arrow.file, "")
    words = f"{name} {row.number} {arrow.label}, {arrow.source} to {arrow.target} (frame {arrow.frame}, {where})"
    return Exhibit(words, {"frame": arrow.frame, "point": where}, name)


def _streams(name: str, call: Recorded) -> Iterator[Exhibit]:
    table = call.trace.columns("streams")
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    for row in rows:
        ends = f"{row['src_name']} to {row['dst_name']}"
        words = (
            f"{name} RTP stream {row['stream']}, {ends} at {row['point']}: {row['packets']} packets, {row['lost']} lost"
        )
        yield Exhibit(words, {"stream": int(row["stream"])}, name)


def of_log(lines: Iterable[str]) -> Iterator[Exhibit]:
    """Lines of Asterisk's log, each once."""
    for line in dict.fromkeys(lines):
        yield Exhibit(f"log: {line}"[:200], {"log": line})


def of_command(command: str) -> Exhibit:
    """A command that was given to Asterisk."""
    return Exhibit(f"Asterisk said to: {command}", {"command": command})
