"""Random wrong edits of broken labs: none is called a fix, no file is lost, and the lab is healed in time.

    python -m tests.bench.wrong_edits [--family inbound ...] [--edits 200] [--seed 1] [--runtime namespaces] [--labs 4]

An edit removes, swaps or misspells options, or deletes a section, anywhere but in the lines that the scenario itself
changed (to remove those may be right). Where a restart alone is what mends, an edit that Asterisk has to be restarted
for mends as well, and counts as none. For each family it prints how many edits the verdict called a fix, how many
versions were lost, how many labs were not healthy after `heal`, and how long healing took. Exit code 1 for any.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice

from labkit.errors import LabError
from labkit.lab.history import difference
from labkit.lab.lab import Lab
from labkit.runtime import choice
from labkit.scenario.model import Change
from tests.bench.abreast import abreast, possible

HEALED_S = 3.0
FILES = ("pjsip.d/", "extensions.conf", "rtp.conf", "modules.conf", "manager.conf", "pjsip.conf")
"""Beginnings of the names of files that are edited."""


@dataclass
class Tally:
    """What came of a family's edits."""

    edits: int = 0
    false_fixes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unhealed: list[str] = field(default_factory=list)
    healing_s: list[float] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another's edits as well."""
        self.edits += other.edits
        for name in ("false_fixes", "lost", "unhealed", "healing_s", "slow"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def clean(self) -> bool:
        """Whether all went as it must."""
        return not (self.false_fixes or self.lost or self.unhealed or self.slow)

    def __str__(self) -> str:
        head = (
            f"{self.edits} edits, {len(self.false_fixes)} false fixes, {len(self.lost)} lost, {len(self.unhealed)} not "
            f"healed, healing at most {max(self.healing_s, default=0.0):.1f} s"
        )
        return "\n".join([head, *self.false_fixes, *self.lost, *self.unhealed, *self.slow])


def remove(lines: list[str], at: int, rng: random.Random) -> None:
    """Take an option away."""
    del lines[at]


def misspell(lines: list[str], at: int, rng: random.Random) -> None:
    """Lose a letter of it."""
    place = rng.randrange(len(lines[at].rstrip("\n")))
    lines[at] = lines[at][:place] + lines[at][place + 1 :]


def swap(lines: list[str], at: int, rng: random.Random) -> None:
    """Let it change places with another line."""
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def delete_section(lines: list[str], at: int, rng: random.Random) -> None:
    """Take its whole section away."""
    heads = [number for number, line in enumerate(lines) if line.startswith("[")] or [0]
    begin = max((number for number in heads if number <= at), default=heads[0])
    end = min((number for number in heads if number > at), default=len(lines))
    del lines[begin:end]


EDITS: tuple[Callable[[list[str], int, random.Random], None], ...] = (remove, misspell, swap, delete_section)


def edited(files: Mapping[str, str], untouchable: set[str], rng: random.Random) -> dict[str, str]:
    """The files with one edit that leaves the untouchable lines as they are."""
    while True:
        name = rng.choice([name for name in files if name.startswith(FILES)])
        lines = files[name].splitlines(keepends=True)
        places = [at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(";")]
        if not places:
            continue
        rng.choice(EDITS)(lines, rng.choice(places), rng)
        text = "".join(lines)
        kept = untouchable.isdisjoint(set(files[name].splitlines()) - set(text.splitlines()))
        if text != files[name] and kept:
            return {**files, name: text}


def try_one(lab: Lab, slug: str, seed: str) -> Tally:
    """Break, edit, verify, heal; one edit's tally."""
    tally = Tally(edits=1)
    try:
        _tried(lab, slug, random.Random(seed), tally)
    except LabError as why:
        tally.unhealed.append(f"  {slug}: {type(why).__name__}: {why}")
    return tally


def _tried(lab: Lab, slug: str, rng: random.Random, tally: Tally) -> None:
    lab.heal()
    healthy = dict(lab.config)
    scenario = lab.break_(slug)
    broken = dict(lab.config)
    changed = difference(healthy, broken, "", "").splitlines()
    files = edited(broken, {line[1:] for line in changed if line[:1] == "+"}, rng)
    lab.config.lay(files)
    what = f"  {slug}:\n{difference(broken, files, 'broken', 'edited')}"
    mends_by_restart = all(change == Change(apply="restart") for change in scenario.fix)
    if lab.verify().passed and not (mends_by_restart and lab.history.applied.way == "restart"):
        tally.false_fixes.append(what)
    if not any(dict(version.files) == files for version in reversed(lab.history)):
        tally.lost.append(what)
    began = time.monotonic()
    lab.heal()
    tally.healing_s.append(took_s := time.monotonic() - began)
    if took_s > HEALED_S:
        tally.slow.append(f"{what}\n{lab.history[-1].label}: {took_s:.1f} s")
    if not (verdict := lab.verify()).passed:
        tally.unhealed.append(f"{what}\n{verdict}")


def main() -> int:
    """Print a line for each family."""
    options = _options()
    families: dict[str, list[str]] = defaultdict(list)
    for scenario in possible(options.runtime):
        families[scenario.family].append(scenario.slug)
    names = options.family or sorted(families)
    tasks = [
        (slug, f"{options.seed} {name} {at}")
        for name in names
        for at, slug in zip(range(options.edits), cycle(families[name]), strict=False)
    ]
    tried = abreast(try_one, tasks, options.labs, "wrong-edits", options.runtime)
    tallies = [_family(name, islice(tried, options.edits)) for name in names]
    return 0 if all(tally.clean for tally in tallies) else 1


def _family(name: str, tried: Iterable[Tally]) -> Tally:
    tally = Tally()
    for each in tried:
        tally.add(each)
    print(f"{name}: {tally}", flush=True)
    return tally


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", action="append", help="only this one; again for more")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runtime", choices=list(choice.KINDS))
    parser.add_argument("--labs", type=int, default=1, help="labs side by side, each with its share of the edits")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
