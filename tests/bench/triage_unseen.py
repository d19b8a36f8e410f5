"""The diagnosis on what no scenario has: single faults of `unseen.toml`, and pairs of scenarios broken at once.

    python -m tests.bench.triage_unseen [NAME ...] [--runtime namespaces] [--lab NAME] [--cases FOLDER]

A single fault is scored as a scenario is. A pair counts as found where the first finding is of one of both, and as
found in full where both options are among the first five. Prints each miss and the table; there is no bar to miss.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labkit.errors import LabError
from labkit.lab import judging, staging, verifying
from labkit.lab.lab import Lab
from labkit.runtime import choice
from labkit.scenario.model import CallPlan, Change, Scenario
from labkit.scenario.run import FILE, Run
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import render
from tests.bench.triage import keep, texts
from tests.triaged import Judged, Truth, figures, judged, share, truth

SOURCE = Path(__file__).with_name("unseen.toml")
BOTH_AMONG = 5
Table = Mapping[str, Any]


def fault(table: Table) -> tuple[Scenario, list[Truth]]:
    """A single fault as a scenario without a story, and what is wrong."""
    calls = tuple(CallPlan(f"call {number}", **each) for number, each in enumerate(table["call"], 1))
    steps, before = ([Change(**each) for each in table.get(name, ())] for name in ("break", "before"))
    slug = table["name"].partition(" ")[0].lower()
    made = replace(judging.HEALTHY, slug=slug, call=calls, broken=tuple(steps), before=tuple(before))
    return made, [Truth(table["name"], table["layer"], frozenset(table["places"]))]


def pair(slugs: list[str], values: Mapping[str, str]) -> tuple[Scenario, list[Truth]]:
    """Two scenarios at once, their calls one after the other's."""
    one, other = (Shelf.here().read(slug, values, None) for slug in slugs)
    later = tuple(replace(each, name=f"{each.name} too", wait_s=each.wait_s + 0.2) for each in other.call)
    made = replace(
        one, call=(*one.call, *later), scene=(*one.scene, *other.scene), broken=(*one.broken, *other.broken),
        before=(*one.before, *other.before), evidence=(), state=(),
    )  # fmt: skip
    return made, [truth(one), truth(other)]


def cases(lab: Lab, folder: Path, names: list[str]) -> Iterator[tuple[list[Truth], list[Judged]]]:
    """Each fault and pair, broken in the lab unless it is in the folder, and judged."""
    table = tomllib.loads(render(SOURCE.read_text(), lab.values, SOURCE.name))
    wanted = [(each["name"], fault(each)) for each in table["fault"]]
    wanted += [(" and ".join(each["of"]), pair(each["of"], lab.values)) for each in table["pair"]]
    for name, (scenario, truths) in wanted:
        if names and not any(each in name for each in names):
            continue
        case = folder / name.replace(" ", "-")
        try:
            if not (case / FILE).exists():
                staging.stage(lab, (*scenario.scene, *scenario.broken), f"break {name}")
                keep(case, lab, verifying.run(lab, scenario, bad=True))
        except LabError as why:
            print(f"{name}: {type(why).__name__}: {why}", flush=True)
            continue
        run = Run.load(case)
        if run.capture is not None:
            yield truths, list(judged(replace(truths[0], name=name), run, texts(case / "etc")))


def main() -> int:
    """Print the misses and both tables."""
    options = _options()
    single: list[Judged] = []
    double: list[tuple[list[Truth], Judged]] = []
    with ExitStack() as stack:
        folder = options.cases or Path(stack.enter_context(TemporaryDirectory()))
        lab = stack.enter_context(Lab(options.lab, options.runtime)).up()
        stack.callback(lab.down)
        for truths, found in cases(lab, folder, options.names):
            for each in found:
                single += [each] if len(truths) == 1 else []
                double += [(truths, each)] if len(truths) == 2 else []
                if not (each.right_layer and each.right_place) or (len(truths) == 2 and not _both(truths, each)):
                    print(each, flush=True)
    _told(single, double)
    return 0


def _both(truths: list[Truth], found: Judged) -> bool:
    return all(_as(found, each).among(BOTH_AMONG) for each in truths)


def _told(single: list[Judged], double: list[tuple[list[Truth], Judged]]) -> None:
    for way in dict.fromkeys(each.way for each in [*single, *(found for _, found in double)]):
        alone = [each for each in single if each.way == way]
        if alone:
            shares = ", ".join(f"{name} {value:.0%}" for name, value in figures(alone).items())
            print(f"{way}, {len(alone)} single faults: {shares}")
        pairs = [(truths, each) for truths, each in double if each.way == way]
        if pairs:
            found = {
                "a layer of the two first": [any(_as(each, what).right_layer for what in of) for of, each in pairs],
                "an option among three": [any(_as(each, what).right_place for what in of) for of, each in pairs],
                f"both among {BOTH_AMONG}": [_both(of, each) for of, each in pairs],
                "cannot tell": [not each.layer for _, each in pairs],
            }
            print(
                f"{way}, {len(pairs)} pairs: {', '.join(f'{name} {share(hits):.0%}' for name, hits in found.items())}"
            )


def _as(found: Judged, what: Truth) -> Judged:
    """The same judgement held to another truth."""
    return replace(found, truth=what)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a part of the name of a fault or pair")
    parser.add_argument("--runtime", choices=list(choice.KINDS))
    parser.add_argument("--lab", default="triage")
    parser.add_argument("--cases", type=Path, metavar="FOLDER", help="keep the cases there, and use those that are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
