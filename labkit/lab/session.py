"""What one state of the lab says when it is asked: single calls, command line, AMI, log, the provider; as a value.

`save` writes it into a folder as `session.json.gz` with the captures below `calls/`, `load` gives the same value back.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import ReplayError
from labkit.lab.ami import Reply
from labkit.lab.asterisk import LogLine
from labkit.lab.calls import Call
from labkit.scenario.run import read_report
from labkit.trace.capture import Capture

FILE = "session.json.gz"


@dataclass(frozen=True, slots=True)
class Session:
    """Answers of one state of the lab."""

    calls: tuple[Call, ...] = ()
    """Calls that were placed one by one."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """What Asterisk's command line printed, by command."""
    actions: Mapping[str, Reply] = field(default_factory=dict)
    """What AMI replied, by action as `Name Header=value`."""
    log: tuple[LogLine, ...] = ()
    """Lines of Asterisk's log."""
    provider: Mapping[str, Any] = field(default_factory=dict)
    """What the provider replied, by method of its control line."""

    def save(self, folder: Path) -> None:
        """Write everything into a folder."""
        (folder / "calls").mkdir(parents=True, exist_ok=True)
        plain = {
            "calls": [_written(call, folder, number) for number, call in enumerate(self.calls, 1)],
            "commands": dict(self.commands),
            "actions": {name: asdict(reply) for name, reply in self.actions.items()},
            "log": [[line.level, line.source, line.text] for line in self.log],
            "provider": dict(self.provider),
        }
        (folder / FILE).write_bytes(gzip.compress(json.dumps(plain, indent=1).encode(), mtime=0))

    @classmethod
    def load(cls, folder: Path) -> Session:
        """Read what `save` wrote; ReplayError where it is not there."""
        try:
            plain = json.loads(gzip.decompress((folder / FILE).read_bytes()))
        except (OSError, ValueError) as why:
            raise ReplayError(f"No recorded session can be read from {folder}: {why}", folder=str(folder)) from why
        return cls(
            tuple(_read(call, folder) for call in plain["calls"]),
            plain["commands"],
            {name: Reply(**reply) for name, reply in plain["actions"].items()},
            tuple(LogLine(*line) for line in plain["log"]),
            plain["provider"],
        )


def _written(call: Call, folder: Path, number: int) -> dict[str, Any]:
    files = {}
    for point, path in (call.capture.points if call.capture else {}).items():
        files[point] = f"calls/{number}-{point}.pcap.gz"
        (folder / files[point]).write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    ends = {"near": asdict(call.near), "far": asdict(call.far) if call.far else None}
    names = dict(call.capture.names) if call.capture else {}
    return {"caller": call.caller, "number": call.number, **ends, "files": files, "names": names}


def _read(plain: Mapping[str, Any], folder: Path) -> Call:
    points = {point: folder / name for point, name in plain["files"].items()}
    near, far = read_report(plain["near"]), read_report(plain["far"])
    assert near is not None  # noqa: S101 - a call that was placed has a report
    return Call(plain["caller"], plain["number"], near, far, Capture(points, plain["names"]) if points else None)


def pack(folder: Path, points: Iterable[str]) -> None:
    """Press the files of a saved run."""
    path = folder / "run.json"
    plain = json.loads(path.read_text())
    for point in points:
        loose = folder / f"{point}.pcap"
        (folder / f"{point}.pcap.gz").write_bytes(gzip.compress(loose.read_bytes(), mtime=0))
        loose.unlink()
        plain["capture"]["points"][point] = f"{point}.pcap.gz"
    (folder / "run.json.gz").write_bytes(gzip.compress(json.dumps(plain, indent=1).encode(), mtime=0))
    path.unlink()
