"""A profile: what a real carrier publishes about its trunks, as changes to a healthy policy, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labkit.errors import ScenarioError
from labkit.provider.policy import load_table
from labkit.provider.reading import read


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule was found."""

    rules: tuple[str, ...]
    """The changed values that it explains, by their dotted names."""
    url: str
    """Public page."""
    date: str
    """When it was read."""
    says: str
    """What it says, in our words."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One carrier's published rules."""

    title: str
    """One line for people."""
    changes: Mapping[str, Any]
    """Policy values by dotted name (`labkit.provider.policy.edited`)."""
    sources: tuple[Source, ...] = field(default=())
    """At least one for each change."""

    @classmethod
    def load(cls, path: Path) -> Profile:
        """Read a file; ScenarioError names a rule without a source, or a source without a rule."""
        table = load_table(path)
        sources: tuple[Source, ...] = read(tuple[Source, ...], table.get("source", []), f"{path}: source")
        changes = table.get("set", {})
        explained = {rule for source in sources for rule in source.rules}
        if odd := explained ^ set(changes):
            raise ScenarioError(f"{path}: rules and sources differ in {', '.join(sorted(odd))}", path=str(path))
        return cls(table.get("title", path.stem), changes, sources)
