"""What was recorded: one file for each point at which somebody listened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labkit.errors import CaptureError


@dataclass(frozen=True, slots=True)
class Capture:
    """One or several capture files of the same traffic, and the names of its hosts."""

    points: Mapping[str, Path]
    """Point name, such as "inside" or "outside" of a NAT, to the file recorded there."""
    names: Mapping[str, str] = field(default_factory=dict)
    """IP address to the alias of its host."""
    keylog: Path | None = None
    """TLS secrets in the format of SSLKEYLOGFILE, for SIP over TLS."""

    @classmethod
    def of(cls, source: Capture | str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Capture:
        """Make a capture of a path, or of several paths whose points are then named by file name without suffix."""
        if isinstance(source, Capture):
            return source
        paths = [Path(source)] if isinstance(source, (str, os.PathLike)) else [Path(each) for each in source]
        if not paths:
            raise CaptureError("no capture file was given; give a path, a list of paths or a Capture")
        stems = [path.stem for path in paths]
        points = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
        return cls(dict(zip(points, paths, strict=True)))

    def name(self, address: str) -> str:
        """Alias of the host at an IP address; the address itself when it has none."""
        return self.names.get(address, address)
