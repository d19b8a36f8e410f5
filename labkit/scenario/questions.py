"""The questions of a scenario: its own, and those about layer and object that each one has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.scenario.model import Question, Scenario

LAYERS = {
    "signalling": "SIP itself: who is who, who may what, where requests go",
    "sdp": "what is offered and answered about media",
    "rtp": "the media stream itself: sources, ports, packet times, payload types",
    "dialplan": "extensions, contexts and what they do",
    "nat": "addresses and ports on the way: NAT and firewall",
    "provider": "the carrier's own rules and its portal",
}
"""What each layer is about."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said to an answer."""

    right: bool
    text: str

    def __str__(self) -> str:
        """The text."""
        return self.text


def questions(scenario: Scenario) -> tuple[Question, ...]:
    """The scenario's own questions, and `layer` and `object` where it does not ask them itself."""
    own = {question.id for question in scenario.question}
    made = (_layer(scenario), _object(scenario))
    return (*scenario.question, *(question for question in made if question.id not in own))


def _layer(scenario: Scenario) -> Question:
    seen = scenario.evidence[0].says if scenario.evidence else ""
    hints = (
        "; ".join(f"{name}: {text}" for name, text in LAYERS.items()),
        seen or "Find the first message that differs from a good call. Who sent it, and what does it speak of?",
    )
    text = f"On which layer is the fault: {', '.join(LAYERS)}?"
    right = f"Yes, {scenario.layer}: {LAYERS[scenario.layer]}."
    return Question("layer", text, (scenario.layer,), right, hints)


def _object(scenario: Scenario) -> Question:
    head, _, option = scenario.object.partition(".")
    hints = (f"It is an option of {head}.", f"It has {len(option)} letters and begins with {option[:1]!r}.")
    text = "Which object.option decides, such as endpoint.context?"
    answers = (scenario.object, *(name for name in scenario.also))
    wrong = {
        option: "The option is right. Of which object? Write object.option, with the object's type in front.",
        head: f"An option of {head} it is. Which one? Write object.option.",
    }
    traps = {given: reply for given, reply in wrong.items() if given not in answers}
    return Question("object", text, answers, f"Yes, {scenario.object}.", hints, traps)


def reply(question: Question, answer: str) -> Reply:
    """Judge an answer; case, blanks and punctuation do not matter."""
    given = _plain(answer)
    if not given:
        return Reply(False, f"Not answered yet. {question.text}")
    if given in map(_plain, question.answer):
        return Reply(True, question.right or "Right.")
    likely = {_plain(wrong): text for wrong, text in question.wrong.items()}
    first = f" Hint: {question.hints[0]}" if question.hints else ""
    return Reply(False, likely.get(given, f"No, not {answer}.{first}"))


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().lower()).strip(" .?!'\"")
