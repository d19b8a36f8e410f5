"""A capture, read: the tables that everything else looks at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit.trace import rows
from labkit.trace.announced import Announced, Announcement, announcements
from labkit.trace.calls import Call, calls
from labkit.trace.capture import Capture
from labkit.trace.facts import Facts, facts
from labkit.trace.foreign import complete
from labkit.trace.legs import Leg, legs
from labkit.trace.offers import Description
from labkit.trace.scan import Scan, scan
from labkit.trace.sipscan import Message, bearer, messages
from labkit.trace.streams import Streams
from labkit.trace.transactions import Transactions, transactions

if TYPE_CHECKING:
    import pandas as pd

    from labkit.trace.audio import Sound
    from labkit.trace.parties import Parties


_ABOUT_MEDIA = ("streams", "intervals", "findings", "dtmf")


def open_trace(
    source: Trace | Capture | str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Trace:
    """Open a capture: a path, several paths of the same traffic, a `Capture`, or what is open already.

    Files are read when a table is first asked for; CaptureError then says what is wrong with a file.
    """
    return source if isinstance(source, Trace) else Trace(Capture.of(source))


class Trace:
    """Tables over one capture, each made when first asked for; columns and units are described in docs/tables.md."""

    def __init__(self, capture: Capture) -> None:
        """Look at a capture; nothing is read yet."""
        self.capture = capture
        self._made: dict[str, dict[str, Any]] = {}

    @cached_property
    def scans(self) -> dict[str, Scan]:
        """What each point's file holds for SIP and RTP."""
        return {point: complete(scan(path), self.capture.keylog) for point, path in self.capture.points.items()}

    @cached_property
    def first_ns(self) -> int:
        """Time of the first frame of all files, in ns since 1970: 0 s of all tables."""
        return min((each.first_ns for each in self.scans.values() if each.frames), default=0)

    @property
    def notes(self) -> list[str]:
        """What is wrong with the files themselves: damage, truncation."""
        return [note for each in self.scans.values() for note in each.notes]

    @cached_property
    def sip(self) -> list[Message]:
        """All SIP messages of all points, in order of time."""
        found = [one for point, each in self.scans.items() for one in messages(each.texts, point, self.first_ns)]
        return found if len(self.scans) == 1 else sorted(found, key=lambda each: each.time_s)

    @cached_property
    def facts(self) -> list[Facts]:
        """What each message says, in the order of `sip`."""
        return facts(self.sip)

    @cached_property
    def legs_found(self) -> list[Leg]:
        """The legs, as values."""
        return legs(self.facts)

    @cached_property
    def calls_found(self) -> list[Call]:
        """The calls, as values, with the links between their legs."""
        return calls(self.legs_found)

    @cached_property
    def transactions_found(self) -> Transactions:
        """The transactions, as values."""
        return transactions(self.facts)

    @cached_property
    def sightings(self) -> dict[int, tuple[int, int]]:
        """For each of `facts`, by its identity: number of the packet, and how many times it had been sent before."""
        found = self.transactions_found
        return {
            id(each): (packet, repeat)
            for each, packet, repeat in zip(self.facts, found.packet_of, found.repeats, strict=True)
        }

    @cached_property
    def described(self) -> list[tuple[int, Description]]:
        """All media sections of all legs with their place in offer and answer, and the number of the leg."""
        return rows.described(self)

    @cached_property
    def parties(self) -> Parties:
        """Who sends and receives media where."""
        from labkit.trace.parties import Parties

        return Parties.of(self.described)

    @cached_property
    def announced(self) -> dict[str, list[Announcement]]:
        """Per point, the media sections of all session descriptions, those of other protocols included."""
        found = {}
        for point, each in self.scans.items():
            own = [one for known in self.facts if known.message.point == point for one in known.media]
            others = announcements(bearer(one, point, self.first_ns) for one in each.described)
            found[point] = sorted([*own, *others], key=lambda one: one.message.frame) if others else own
        return found

    @cached_property
    def rtp(self) -> dict[str, Streams]:
        """Per point, the RTP streams and their packets."""
        return {
            point: Streams.of(each, Announced.of(self.announced[point]), self.first_ns)
            for point, each in self.scans.items()
        }

    def columns(self, table: str) -> dict[str, Any]:
        """The columns of a table as lists and arrays, for where pandas would take too long to load."""
        if table not in self._made:
            if table in _ABOUT_MEDIA:
                from labkit.trace import mediarows as makers
            else:
                from labkit.trace import rows as makers  # type: ignore[no-redef]
            self._made[table] = getattr(makers, table)(self)
        return self._made[table]

    @cached_property
    def messages(self) -> pd.DataFrame:
        """One row for each SIP message seen at each point."""
        return _table(self.columns("messages"))

    @cached_property
    def transactions(self) -> pd.DataFrame:
        """One row for each transaction."""
        return _table(self.columns("transactions"))

    @cached_property
    def legs(self) -> pd.DataFrame:
        """One row for each Call-ID with an INVITE."""
        return _table(self.columns("legs"))

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row for each call: one or several legs that belong together."""
        return _table(self.columns("calls"))

    @cached_property
    def offers(self) -> pd.DataFrame:
        """One row for each media section of each session description in a call."""
        return _table(self.columns("offers"))

    @cached_property
    def streams(self) -> pd.DataFrame:
        """One row for each RTP stream seen at each point."""
        return _table(self.columns("streams"))

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row for each second of each stream."""
        return _table(self.columns("intervals"))

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row for each thing in which media differs from what was negotiated."""
        return _table(self.columns("findings"))

    @cached_property
    def dtmf(self) -> pd.DataFrame:
        """One row for each digit sent as a telephone event."""
        return _table(self.columns("dtmf"))

    def sound(self, stream: int, point: str | None = None) -> Sound:
        """The sound of a stream by its number in `streams`, at the first point that saw it if none is named."""
        from labkit.trace.audio import sound

        numbers = self.columns("streams").get("stream", [])
        places = [(name, place) for name, each in self.rtp.items() for place in range(len(each.flows))]
        for number, (name, place) in zip(numbers, places, strict=True):
            if number == stream and point in (None, name):
                return sound(self.scans[name], self.rtp[name].packets(place, place + 1))
        raise KeyError(f"there is no stream {stream} in this trace")

    def message(self, frame: int, point: str | None = None) -> Message:
        """The message of a frame, of the first point that has one if none is named; KeyError if there is none."""
        for each in self.sip:
            if each.frame == frame and point in (None, each.point):
                return each
        raise KeyError(f"frame {frame} holds no SIP message")

    def __repr__(self) -> str:
        files = ", ".join(f"{point}: {path}" for point, path in self.capture.points.items())
        return f"Trace({files})"


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {name: pd.array(values, dtype="Int64") if name in rows.WHOLE else values for name, values in columns.items()}
    )
