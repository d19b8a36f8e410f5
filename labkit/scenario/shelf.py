"""Where scenarios are found: a folder each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import ScenarioError
from labkit.runtime import topology
from labkit.scenario.form import nearest
from labkit.scenario.model import Scenario
from labkit.scenario.reader import FILE, read_scenario
from labkit.scenario.values import address_values, own_values

VARIABLE = "LABKIT_SCENARIOS"
"""Environment variable that names further folders of scenarios, as PATH does; they go before the lab's own."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Folders that hold scenario folders; of one slug the first counts."""

    folders: tuple[Path, ...]

    @classmethod
    def here(cls) -> Shelf:
        """The lab's own scenarios and those of LABKIT_SCENARIOS."""
        more = [Path(each) for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]
        return cls((*more, topology.lab_env() / "scenarios"))

    def slugs(self) -> list[str]:
        """Names of all scenarios, sorted."""
        return sorted({path.parent.name for folder in self.folders for path in folder.glob(f"*/{FILE}")})

    def folder(self, slug: str) -> Path:
        """The folder of a scenario; ScenarioError gives the nearest slug."""
        for folder in self.folders:
            if slug and (folder / slug / FILE).is_file():
                return folder / slug
        raise ScenarioError(f"there is no scenario {slug!r}{nearest(slug, self.slugs())}", slug=slug)

    def read(self, slug: str, values: Mapping[str, str] | None = None, seed: int | None = None) -> Scenario:
        """A scenario with a lab's values, or with those of the healthy lab as its files have them."""
        if values is None:
            values = {**address_values(topology.load()), **own_values(seed)}
            values |= dict.fromkeys(("lab", "modules", "data"), "/lab") | {"pbx.control": "127.0.0.1"}
        return read_scenario(self.folder(slug), values, seed)
