"""The matrix: every scenario healthy, broken, wrongly and rightly mended, with several seeds, on one runtime.

    python -m tests.bench.scenarios [SLUG ...] [--seeds 0,2,3] [--runtime namespaces] [--labs 3] [--quick]

Seed 0 stands for no seed. A row is green where: the healthy lab with the scenario's scene passes; the broken one shows
the symptom and every evidence and does not pass; no wrong fix passes; the reference fix passes; and no evidence of the
broken lab is found in the healthy or the mended one. Exit code 1 where a row is not. Scenarios that need what the
runtime reports to lack (NAT on loopback) have no row there.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from labkit.errors import LabError
from labkit.lab import judging, staging
from labkit.lab.lab import Lab
from labkit.runtime import choice
from labkit.scenario.evidence import search
from labkit.scenario.judge import judged
from labkit.scenario.model import Scenario
from labkit.scenario.run import Run
from labkit.trace import open_trace
from tests.bench.abreast import abreast, possible


@dataclass
class Row:
    """One scenario with one seed."""

    slug: str
    seed: int | None
    failures: list[str] = field(default_factory=list)
    loop_s: float = 0.0
    """Break, fix and verify, as a learner's loop."""
    clock: bool = False

    def __str__(self) -> str:
        mark = "FAIL" if self.failures else "ok  "
        head = f"{mark} {self.slug:34} seed {self.seed or 0}  loop {self.loop_s:4.1f} s"
        return "\n".join([head, *(f"       {each}" for each in self.failures)])


def row(lab: Lab, slug: str, seed: int | None, quick: bool = False) -> Row:
    """Try a scenario out in all its states."""
    result = Row(slug, seed)
    try:
        result.failures += _tried(lab, slug, seed, result, quick)
    except LabError as why:
        result.failures.append(f"{type(why).__name__}: {why}")
    return result


def _tried(lab: Lab, slug: str, seed: int | None, result: Row, quick: bool) -> Iterator[str]:
    if not quick:
        yield from _good(lab, lab.scene(slug, seed), "healthy")
    began = time.monotonic()
    scenario = lab.break_(slug, seed)
    broke_s = time.monotonic() - began
    result.clock = bool(scenario.clock)
    yield from _symptom(lab, scenario)
    if not quick and lab.verify().passed:
        yield "untouched: the verdict passes"
    for wrong in [scenario.wrong[(seed or 0) % len(scenario.wrong)]] if quick else scenario.wrong:
        staging.carry_out(lab, wrong.change, "wrong fix")
        if lab.verify().passed:
            yield f"a wrong fix passes: {wrong.why}"
        lab.break_(slug, seed)
    began = time.monotonic()
    staging.carry_out(lab, scenario.fix, "fix")
    passed = list(_good(lab, scenario, "fixed"))
    result.loop_s = broke_s + time.monotonic() - began
    yield from passed


def _good(lab: Lab, scenario: Scenario, stage: str) -> Iterator[str]:
    run, judgement = judging.tried(lab, scenario)
    yield from (f"{stage}: {check}" for check in judgement.failed)
    for found in _searched(scenario, run):
        if found.holds and found.evidence.contrasts:
            yield f"{stage}: evidence is found here too: {found}"


def _symptom(lab: Lab, scenario: Scenario) -> Iterator[str]:
    run = judging.symptom(lab, scenario)
    for check in judged(scenario.call, scenario.state, run, bad=True):
        if not check.passed:
            yield f"broken: {check}"
    if all(check.passed for check in judged(scenario.call, scenario.state, run)):
        yield "broken: every call and state is good"
    for found in _searched(scenario, run):
        if not found.holds:
            yield f"broken: evidence is not found: {found}"


def _searched(scenario: Scenario, run: Run):  # type: ignore[no-untyped-def]
    trace = open_trace(run.capture) if run.capture else None
    return [search(each, run, trace) for each in scenario.evidence]


def main() -> int:
    """Print the matrix."""
    options = _options()
    slugs = options.slugs or [each.slug for each in possible(options.runtime)]
    tasks = [(slug, seed or None, options.quick) for slug in slugs for seed in options.seeds]
    rows: list[Row] = []
    began = time.monotonic()
    for each in abreast(row, tasks, options.labs, "matrix", options.runtime):
        rows.append(each)
        print(each, flush=True)
    _summary(rows, time.monotonic() - began)
    return 1 if any(each.failures for each in rows) else 0


def _summary(rows: list[Row], took_s: float) -> None:
    failed = sum(1 for each in rows if each.failures)
    print(f"{len(rows) - failed} of {len(rows)} rows are green, in {took_s / 60:.0f} min")
    for clock, name in ((False, "without a clock"), (True, "with one")):
        times = [each.loop_s for each in rows if each.clock is clock and each.loop_s]
        if times:
            print(f"break, fix, verify {name}: median {statistics.median(times):.1f} s, longest {max(times):.1f} s")


def options_of(about: str | None) -> argparse.ArgumentParser:
    """What every measurement over the scenarios asks for: which, with which seeds, in which lab."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slugs", nargs="*", metavar="SLUG")
    parser.add_argument("--seeds", type=lambda text: [int(each) for each in text.split(",")], default=[0, 2, 3])
    parser.add_argument("--runtime", choices=list(choice.KINDS))
    return parser


def _options() -> argparse.Namespace:
    parser = options_of(__doc__)
    parser.add_argument("--labs", type=int, default=1, help="labs side by side, each with its share of the scenarios")
    parser.add_argument("--quick", action="store_true", help="only broken, one wrong fix, the reference fix")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
