"""What a learner's work on a broken trunk is worth, and for how long it went on; kept in the lab's folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FOR_DIAGNOSIS, FOR_MENDING = 40, 60
HINT, PEEK, FAILED = 5, 20, 10
"""What each hint costs, a look at the healthy files, and a verdict that did not pass."""
FILE = "panel-score.json"


@dataclass(frozen=True, slots=True)
class Score:
    """One attempt at one scenario."""

    slug: str = ""
    seed: int | None = None
    began_s: float = 0.0
    """When the lab was broken, in seconds since 1970."""
    passed_s: float | None = None
    """When the verdict passed; None until then."""
    credit: float | None = None
    """How much of the first citation was right, 0 to 1; None until there is one."""
    hints: int = 0
    peeks: int = 0
    failed: int = 0
    """Verdicts that did not pass."""

    @property
    def cost(self) -> int:
        """Points lost so far."""
        return HINT * self.hints + PEEK * min(self.peeks, 1) + FAILED * self.failed

    @property
    def points(self) -> int:
        """Points so far, of 100."""
        earned = FOR_DIAGNOSIS * (self.credit or 0.0) + FOR_MENDING * (self.passed_s is not None)
        return max(0, round(earned) - self.cost)

    def elapsed_s(self, now_s: float) -> float:
        """How long it has gone on, or went on."""
        return max(0.0, (self.passed_s or now_s) - self.began_s)

    def cited(self, credit: float) -> Score:
        """After a citation; only the first one counts."""
        return self if self.credit is not None else replace(self, credit=credit)

    def judged(self, passed: bool, now_s: float) -> Score:
        """After a verdict; what comes after one that passed does not count."""
        if self.passed_s is not None:
            return self
        return replace(self, passed_s=now_s) if passed else replace(self, failed=self.failed + 1)

    def __str__(self) -> str:
        """The points and what they are made of."""
        parts = [f"diagnosis {FOR_DIAGNOSIS * (self.credit or 0.0):.0f} of {FOR_DIAGNOSIS}"]
        parts += [f"mended {FOR_MENDING if self.passed_s is not None else 0} of {FOR_MENDING}"]
        parts += [f"{self.hints} hint{'s' * (self.hints != 1)} -{HINT * self.hints}"] if self.hints else []
        parts += [f"a look at the healthy files -{PEEK}"] if self.peeks else []
        parts += (
            [f"{self.failed} failed verdict{'s' * (self.failed != 1)} -{FAILED * self.failed}"] if self.failed else []
        )
        return f"{self.points} points: {', '.join(parts)}"


def clock(seconds: float) -> str:
    """Minutes and seconds, such as 12:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def save(score: Score, folder: Path) -> None:
    """Keep a score beside the lab, so that a restart of the kernel loses nothing."""
    partial = folder / f".{FILE}"
    partial.write_text(json.dumps(asdict(score)))
    partial.replace(folder / FILE)


def load(folder: Path, slug: str, seed: int | None) -> Score | None:
    """The score of that scenario and seed; None where another one, or none, was kept."""
    with suppress(OSError, ValueError, TypeError):
        score = Score(**json.loads((folder / FILE).read_text()))
        return score if (score.slug, score.seed) == (slug, seed) else None
    return None
