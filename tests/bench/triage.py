"""The diagnosis over every broken trunk, with several seeds, in one lab: how often it names the layer and the option.

    python -m tests.bench.triage [SLUG ...] [--seeds 0,2,3] [--runtime namespaces] [--lab NAME] [--cases FOLDER]

Each scenario is broken, its calls are placed, and captures, configuration and log are triaged both ways: all together,
and the captures alone. Then it is mended by its reference fix (`--mended`), where no lamp may be red. With `--cases`
the cases are kept in a folder, and those that are there are judged anew without a lab. The table, each miss with what
was said instead, and exit code 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from labkit.errors import LabError
from labkit.lab import judging, staging, verifying
from labkit.lab.lab import Lab
from labkit.scenario.run import FILE, Run
from labkit.scenario.shelf import Shelf
from tests.bench.scenarios import options_of
from tests.triaged import BARS, Judged, Truth, below, figures, judged, truth

HEALTHY = "healthy"
Case = tuple[Truth, Run, Mapping[str, str]]


class Bench:
    """Cases in a folder; what is missing there is made in a lab, which starts when first needed."""

    def __init__(self, folder: Path, start: Callable[[], Lab], mended: bool) -> None:
        self.folder, self._start, self.mended = folder, start, mended
        self._lab: Lab | None = None

    @property
    def lab(self) -> Lab:
        """The lab, up."""
        self._lab = self._lab or self._start()
        return self._lab

    def cases(self, slug: str, seed: int | None) -> Iterator[Case]:
        """A scenario broken, and mended where that is wanted; the healthy lab under that name."""
        broken = self.folder / f"{slug}-{seed or 0}"
        states = [broken, *([broken.with_name(f"{broken.name}-mended")] if self.mended and slug != HEALTHY else [])]
        if not all((state / FILE).exists() for state in states):
            self._make(slug, seed, states)
        for state in states:
            what = Truth(state.name, "", frozenset())
            if slug != HEALTHY and state is broken:
                what = truth(Shelf.here().read(slug), state.name)
            yield what, Run.load(state), texts(state / "etc")

    def _make(self, slug: str, seed: int | None, states: list[Path]) -> None:
        if slug == HEALTHY:
            self.lab.heal()
            keep(states[0], self.lab, verifying.run(self.lab, judging.HEALTHY))
            return
        scenario = self.lab.break_(slug, seed)
        keep(states[0], self.lab, judging.symptom(self.lab, scenario))
        for mended in states[1:]:
            staging.carry_out(self.lab, scenario.fix, "fix")
            keep(mended, self.lab, verifying.run(self.lab, scenario))


def keep(folder: Path, lab: Lab, run: Run) -> None:
    """Write a run and the lab's configuration into a folder."""
    run.save(folder)
    for name, text in lab.config.items():
        path = folder / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def texts(folder: Path) -> dict[str, str]:
    """Files by name below a folder."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_text() for each in files}


def main() -> int:
    """Print the table, the misses, and the bars that are missed."""
    parser = options_of(__doc__)
    parser.add_argument("--lab", default="triage")
    parser.add_argument("--cases", type=Path, metavar="FOLDER", help="keep the cases there, and use those that are")
    parser.add_argument("--mended", action="store_true", help="triage each scenario mended, too")
    options = parser.parse_args()
    slugs = options.slugs or [HEALTHY, *Shelf.here().slugs()]
    found: dict[int, list[Judged]] = {seed: [] for seed in options.seeds}
    with ExitStack() as stack:
        folder = options.cases or Path(stack.enter_context(TemporaryDirectory()))
        bench = Bench(folder, lambda: _up(stack, options), options.mended)
        for seed in options.seeds:
            for slug in slugs:
                found[seed] += _judged(bench, slug, seed)
    return _told(found)


def _up(stack: ExitStack, options: argparse.Namespace) -> Lab:
    lab = stack.enter_context(Lab(options.lab, options.runtime))
    lab.up()
    stack.callback(lab.down)
    return lab


def _judged(bench: Bench, slug: str, seed: int) -> Iterator[Judged]:
    try:
        for what, run, files in bench.cases(slug, seed or None):
            for each in judged(what, run, files):
                if not _good(each):
                    print(each, flush=True)
                yield each
    except LabError as why:
        print(f"{slug}, seed {seed}: {type(why).__name__}: {why}", flush=True)


def _good(each: Judged) -> bool:
    if not each.truth.layer:
        return not each.red
    return each.right_layer and (each.right_place or each.way != "everything")


def _told(found: Mapping[int, list[Judged]]) -> int:
    every = [each for cases in found.values() for each in cases]
    print(f"\n{'':24}{'cases':>6}{'layer':>8}{'place':>8}{'wrong':>8}{'cannot tell':>13}")
    for way in BARS:
        for name, cases in [*((f"seed {seed}", cases) for seed, cases in found.items()), ("all", every)]:
            own = [each for each in cases if each.way == way and each.truth.layer]
            if own:
                shares = (f"{value:.1%}" for value in figures(own).values())
                widths = zip(shares, (8, 8, 8, 13), strict=True)
                print(f"{way:16}{name:8}{len(own):6}" + "".join(f"{text:>{width}}" for text, width in widths))
    fine = [each for each in every if not each.truth.layer]
    alarms = [each for each in fine if each.red]
    print(f"\n{len(alarms)} of {len(fine)} healthy or mended cases have a red lamp")
    missed = below([each for each in every if each.truth.layer])
    print("\n".join(missed) or "every bar is met")
    return 1 if missed or alarms else 0


if __name__ == "__main__":
    sys.exit(main())
