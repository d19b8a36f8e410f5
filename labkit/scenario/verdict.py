"""A verdict: whether a lab does what it should, check by check, with what was seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from labkit.scenario import prose


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    passed: bool
    expected: str
    """What should be, in words."""
    seen: str
    """What was."""
    cited: str = ""
    """The message that shows it: point, frame, who to whom, first line."""

    def __str__(self) -> str:
        """One line, with what was seen."""
        if self.passed:
            return f"pass  {self.name}: {self.seen}"
        return f"FAIL  {self.name}: expected {self.expected}, seen {self.seen}" + (
            f"  [{self.cited}]" * bool(self.cited)
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of a lab by its behaviour."""

    slug: str
    """The scenario, or empty for the healthy lab."""
    title: str
    checks: tuple[Check, ...]
    cause: str = ""
    """What was wrong and why it looked so; told once the lab is right again."""

    @property
    def passed(self) -> bool:
        """Whether everything is as it should be."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def as_dict(self) -> dict[str, Any]:
        """Everything that JSON can hold."""
        return {**asdict(self), "passed": self.passed}

    def __str__(self) -> str:
        """The headline, then what failed, then what passed."""
        passes = (f"  pass  {what}: {', '.join(aspects)}" for what, aspects in self._passes().items())
        lines = [self._headline(), *(f"  {check}" for check in self.failed), *passes]
        return "\n".join([*lines, *(["", self.cause.strip()] if self.passed and self.cause else [])])

    def _passes(self) -> dict[str, list[str]]:
        """What passed, by the call or thing that it is about."""
        found: dict[str, list[str]] = {}
        for check in self.checks:
            if check.passed:
                what, _, aspect = check.name.partition(": ")
                found.setdefault(what, []).append(aspect or check.seen)
        return found

    def _headline(self) -> str:
        what = self.title or "The healthy lab"
        if self.passed:
            return f"Passed: {what} ({len(self.checks)} checks)"
        return f"Not passed: {what} ({len(self.failed)} of {len(self.checks)} checks failed)"

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.failed))
        rows += "".join(_cells("✓", what, ", ".join(aspects), "") for what, aspects in self._passes().items())
        cause = f"<p>{prose.html(self.cause.strip())}</p>" if self.passed and self.cause else ""
        head = "<tr><th></th><th>check</th><th>expected</th><th>seen</th></tr>"
        return f"<p><b>{escape(self._headline())}</b></p><table>{head}{rows}</table>{cause}"


def _row(check: Check) -> str:
    cited = f"<br><code>{escape(check.cited)}</code>" if check.cited else ""
    return _cells("✗", check.name, check.expected, check.seen, cited)


def _cells(mark: str, name: str, expected: str, seen: str, more: str = "") -> str:
    inner = "".join(
        f"<td style='text-align:left'>{cell}</td>" for cell in (*map(escape, (name, expected)), escape(seen) + more)
    )
    return f"<tr><td>{mark}</td>{inner}</tr>"
