"""What was seen while calls were placed: all that a verdict needs, live or from a folder.

A `Run` is a plain value: reports of both ends, captures, lines of Asterisk's log, answers of its command line, the
provider's portal. `save` writes it into a folder as `run.json` beside the capture files, `load` gives the same value
back, so that a recording is judged as the live lab was.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from labkit.errors import ReplayError
from labkit.rtp.report import MediaReport
from labkit.sip.report import CallReport, revive
from labkit.trace.capture import Capture

FILE = "run.json"


@dataclass(frozen=True, slots=True)
class Placed:
    """One call that was placed."""

    name: str
    by: str
    to: str
    role: Literal["scenario", "regression"]
    """Whether the scenario asks for it, or it must work whatever is broken."""
    status: int = 0
    """Final status that the caller got; 0 for none before it gave up."""
    near: CallReport | None = None
    """The call as the caller saw it; None where it could not even be placed."""
    far: CallReport | None = None
    """The call as the party that it reached saw it."""
    at: str = ""
    """Host of that party; empty where it reached nobody."""
    presented: str = ""
    """Number that the called side was shown."""
    near_hears_hz: float = 0.0
    """The tone that the called party plays; 0 where it plays none."""
    far_hears_hz: float = 0.0
    """The tone that the caller plays."""
    up_s: float = 0.0
    """Seconds from the answer until it was over or the caller hung up."""
    ended_early: bool = False
    """Whether it was over before the caller hung up."""
    note: str = ""
    """Why it could not be placed, in the provider's words."""

    @property
    def call_ids(self) -> set[str]:
        """Call-IDs of the legs at both ends."""
        return {report.call_id for report in (self.near, self.far) if report}

    @property
    def answered(self) -> bool:
        """Whether the caller got a 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Seen:
    """A state that was waited for."""

    name: str
    """Its name in the scenario: `registration provider`."""
    state: str
    """What it was in the end; empty where there is no such thing."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen, from the last change that was applied until all calls were over."""

    slug: str
    seed: int | None
    calls: tuple[Placed, ...]
    states: tuple[Seen, ...] = ()
    log: tuple[str, ...] = ()
    """Lines of Asterisk's log as `LEVEL file.c: text`."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """What Asterisk answered, by the evidence's command."""
    portal: tuple[str, ...] = ()
    """Lines of the provider's portal."""
    capture: Capture | None = None
    refused: tuple[str, ...] = ()
    """What Asterisk refused of the configuration, in its own words; empty where it took everything."""

    def call(self, name: str) -> Placed:
        """A call by name."""
        return next(call for call in self.calls if call.name == name)

    def save(self, folder: Path) -> None:
        """Write everything into a folder: run.json, and a capture file for each point."""
        folder.mkdir(parents=True, exist_ok=True)
        points = dict(self.capture.points) if self.capture else {}
        for point, path in points.items():
            shutil.copyfile(path, folder / f"{point}.pcap")
        plain = self.plain()
        plain["capture"] = {
            "points": {point: f"{point}.pcap" for point in points},
            "names": dict(self.capture.names) if self.capture else {},
        }
        (folder / FILE).write_text(json.dumps(plain, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Read what `save` wrote; ReplayError where it is not there."""
        try:
            packed = folder / f"{FILE}.gz"
            text = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / FILE).read_bytes()
            plain = json.loads(text)
        except (OSError, json.JSONDecodeError) as why:
            raise ReplayError(f"no recorded run can be read from {folder}: {why}", folder=str(folder)) from why
        files, names = plain["capture"]["points"], plain["capture"]["names"]
        return cls.read(
            plain, Capture({point: folder / name for point, name in files.items()}, names) if files else None
        )

    def plain(self) -> dict[str, Any]:
        """Everything but the capture, as JSON can hold it."""
        return asdict(replace(self, capture=None))

    @classmethod
    def read(cls, plain: Mapping[str, Any], capture: Capture | None) -> Run:
        """What `plain` gave, with its capture."""
        calls = tuple(_placed(item) for item in plain["calls"])
        run: Run = revive(cls, {**plain, "calls": (), "capture": None})
        return replace(run, calls=calls, capture=capture)


def _placed(plain: dict[str, Any]) -> Placed:
    placed: Placed = revive(Placed, {**plain, "near": None, "far": None})
    return replace(placed, near=read_report(plain["near"]), far=read_report(plain["far"]))


def read_report(plain: dict[str, Any] | None) -> CallReport | None:
    """A report from what JSON left of it."""
    if plain is None:
        return None
    report: CallReport = revive(CallReport, {**plain, "media": revive(MediaReport, plain["media"])})
    return report
