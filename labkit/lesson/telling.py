"""A broken trunk as a lesson tells it: the operator's story first, the verdict in a form that repeats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from labkit.lab import status
from labkit.lab.calls import Call
from labkit.lab.history import Version
from labkit.lab.lab import Lab
from labkit.scenario import prose
from labkit.scenario.model import Scenario
from labkit.scenario.verdict import Verdict

_RESTLESS = (
    (re.compile(r"(?<=callid: )[^)]+"), "~"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "~"),
    (re.compile(r"(?<=-)[0-9a-f]{8}\b"), "~"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "~"),
    (re.compile(r"(?<=\d:)\d{5}\b"), "~"),
    (re.compile(r"(?<=;line=)\w+"), "~"),
)
"""What differs between runs in Asterisk's log: Call-IDs, channels, objects' addresses, RTP ports, tokens of `line`."""
_COUNTED = re.compile(r"(\d+) of \d+ RTP packets lost")
_LOG_S = 1.0
"""Time that Asterisk is given to write a line."""
_WAYS = {
    "nothing": "nothing had changed",
    "reload": "Asterisk read its files again",
    "restart": "Asterisk was restarted",
}
_ROUTINE = re.compile(
    r"is not fully reloadable|is not reloadable, maintaining|CDR simple logging|'res_fax.conf' not found|No queuerules"
)
"""What every reload logs, whatever was changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Story:
    """What the operator says; nothing of it tells the cause."""

    scenario: Scenario

    def __str__(self) -> str:
        told = re.sub(r"\s+", " ", self.scenario.story).strip()
        return f"{self.scenario.title} (about {self.scenario.minutes} minutes)\n{told}{self._clock()}"

    __repr__ = __str__

    def _clock(self) -> str:
        clock = self.scenario.clock
        return f"\nIn production this takes {clock}; here it is shrunk to {self.scenario.shrunk}." if clock else ""

    def _repr_html_(self) -> str:
        paragraphs = "".join(f"<p>{prose.html(each)}</p>" for each in re.split(r"\n\s*\n", self.scenario.story.strip()))
        return (
            '<blockquote style="border-left: 4px solid #1565c0; padding-left: 12px">'
            f"<b>{escape(self.scenario.title)}</b>{paragraphs}<p>{escape(self._clock().strip())}</p></blockquote>"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Lines:
    """Some lines of text; of a log `~` stands for what never repeats."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines) or "Nothing of that kind."

    __repr__ = __str__


def story(scenario: Scenario) -> Story:
    """What `lab.break_` gave, as the operator tells it."""
    return Story(scenario)


def log(lab: Lab, pattern: str = "", levels: tuple[str, ...] = ("ERROR", "WARNING", "NOTICE")) -> Lines:
    """What Asterisk logged since the last change, of these levels, with this pattern in it; each line once.

    Without a pattern what every reload logs is left out; with one, Asterisk is given a second to write the line.
    """
    deadline = lab.clock.monotonic() + _LOG_S
    while not (wanted := _logged(lab, pattern, levels)) and pattern and lab.clock.monotonic() < deadline:
        lab.clock.sleep(0.05)
    return Lines(tuple(dict.fromkeys(map(steady, wanted))))


def _logged(lab: Lab, pattern: str, levels: tuple[str, ...]) -> list[str]:
    lines = [str(each) for each in lab.log_since_change() if each.level in levels]
    return [line for line in lines if (re.search(pattern, line) if pattern else not _ROUTINE.search(line))]


def steady(line: str) -> str:
    """A line of the log without what differs from run to run."""
    for restless, sign in _RESTLESS:
        line = restless.sub(sign, line)
    return line


def file(lab: Lab, name: str) -> Lines:
    """A configuration file of the PBX as it is now, such as pjsip.d/trunk-provider.conf."""
    return Lines(tuple(lab.config[name].splitlines()))


def registration(lab: Lab, name: str, within_s: float = 15.0) -> Lines:
    """What became of an outbound registration: waits until the registrar has decided, or the time is over."""
    deadline = lab.clock.monotonic() + within_s
    while True:
        state = status.registrations(lab.pbx).get(name, "no such registration")
        if state in ("Registered", "Rejected") or lab.clock.monotonic() > deadline:
            return Lines((f"{name}: {state}",))
        lab.clock.sleep(0.05)


def version_text(version: Version) -> str:
    """What `lab.apply()` did, without the number and the time of one run."""
    return f"Applied: {_WAYS.get(version.way, version.way)}."


def call_text(call: Call) -> str:
    """What happened to a call, without how many packets one run happened to have."""
    return _COUNTED.sub(lambda found: "no RTP packet lost" if found[1] == "0" else "RTP packets lost", str(call))


def verdict_text(verdict: Verdict) -> str:
    """A verdict without the figures of one run: what failed, and in a line for each call what passed."""
    failed = [f"  FAIL  {each.name}" for each in verdict.failed]
    passed: dict[str, list[str]] = {}
    for each in verdict.checks:
        if each.passed:
            subject, _, what = each.name.partition(": ")
            passed.setdefault(subject, []).append(what)
    lines = [f"  pass  {subject}{': ' if any(what) else ''}{', '.join(what)}" for subject, what in passed.items()]
    head = "Passed" if verdict.passed else "Not passed"
    return "\n".join([f"{head}: {verdict.title or 'the healthy lab'}", *failed, *lines])
