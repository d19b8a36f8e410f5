"""Evidence first: what a learner cites and names before anything is edited, and how much of it is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labkit.scenario import prose
from labkit.scenario.evidence import search
from labkit.scenario.model import Scenario
from labkit.scenario.questions import questions, reply
from labkit.scenario.run import Run

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

_LEAST = 8
"""Characters of a log line that must be cited."""


@dataclass(frozen=True, slots=True)
class Citation:
    """What a learner says."""

    frame: int = 0
    """Number of a frame of the capture."""
    point: str = ""
    """The point where it was captured; needed where there are several."""
    stream: int = 0
    """Number of an RTP stream."""
    log: str = ""
    """A piece of a line of Asterisk's log, or of the portal."""
    command: str = ""
    """A command of Asterisk's that shows it."""
    layer: str = ""
    object: str = ""
    """object.option"""


@dataclass(frozen=True, slots=True, repr=False)
class Assessment:
    """How much is right: evidence, layer and object count a third each, the object alone a sixth."""

    evidence: bool
    layer: bool
    object: float
    """1 for object.option, 0.5 for the object alone."""
    replies: tuple[str, ...]
    """What is said to each."""

    @property
    def credit(self) -> float:
        """From 0 to 1."""
        return round((self.evidence + self.layer + self.object) / 3, 2)

    def __str__(self) -> str:
        """The credit, then each reply on a line."""
        return "\n".join([f"{self.credit:.0%} of it is right.", *(f"  {each}" for each in self.replies)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{prose.html(each)}</li>" for each in self.replies)
        return f"<p><b>{self.credit:.0%} of it is right.</b></p><ul>{items}</ul>"


def assess(scenario: Scenario, citation: Citation, run: Run, trace: Trace | None) -> Assessment:
    """Compare a citation with the scenario's evidence, as found in what was seen, and with the right names."""
    cited, said = _evidence(scenario, citation, run, trace)
    asked = {question.id: question for question in questions(scenario)}
    layer, option = reply(asked["layer"], citation.layer), reply(asked["object"], citation.object)
    same = citation.object.partition(".")[0].strip().lower() == scenario.object.partition(".")[0].lower()
    credit = 1.0 if option.right else 0.5 * same
    text = "The object is right, the option is another one." if credit == 0.5 else option.text
    return Assessment(cited, layer.right, credit, (said, f"Layer: {layer.text}", f"Object: {text}"))


def _evidence(scenario: Scenario, citation: Citation, run: Run, trace: Trace | None) -> tuple[bool, str]:
    for evidence in scenario.evidence:
        found = search(replace(evidence, call=""), run, trace)
        if _cites(citation, evidence.kind, evidence.subject, found.places):
            return True, f"Evidence: yes. {evidence.says}".strip()
    given = citation.frame or citation.stream or citation.log or citation.command
    if not given:
        return False, "Evidence: cite a frame, a stream, a line of the log, or a command."
    return False, f"Evidence: {given!r} does not show the fault; a healthy lab may show it too."


def _cites(citation: Citation, kind: str, subject: str, places: tuple[str, ...]) -> bool:
    if kind in ("message", "sdp") and citation.frame:
        where = (place.partition(": ")[0].split() for place in places)
        return any(words[-1] == str(citation.frame) and citation.point in ("", words[0]) for words in where)
    if kind == "rtp" and citation.stream:
        return any(f"stream {citation.stream}:" in place for place in places)
    if kind in ("log", "portal") and len(citation.log) >= _LEAST:
        return any(citation.log in place for place in places)
    return kind in ("cli", "ami") and bool(places) and citation.command.strip() == subject
