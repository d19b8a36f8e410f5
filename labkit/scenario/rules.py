"""What must be true of a scenario beside its form."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from labkit.scenario.form import Place, nearest
from labkit.scenario.model import Change, Scenario

FAMILIES = (
    "inbound",
    "dialplan",
    "outbound",
    "audio",
    "caller-id",
    "clock",
    "keys",
    "load",
    "security",
    "migration",
)
LAYERS = ("signalling", "sdp", "rtp", "dialplan", "nat", "provider")
PLACERS = ("phone-1001", "phone-1002", "stranger")
"""Hosts that place calls, beside the provider for numbers."""

GENERATED = ("layer", "object")
"""Questions that every scenario has without writing them."""

_SUBJECTS = ("file", "provider", "portal", "phone", "impair", "asterisk")
Problem = tuple[Place, str]


def broken_by(scenario: Scenario, capabilities: Collection[str]) -> Iterator[Problem]:
    """Each rule that a scenario breaks: where, and in words."""
    yield from _head(scenario, capabilities)
    lists = {"scene": scenario.scene, "before": scenario.before, "break": scenario.broken, "fix": scenario.fix}
    for name, steps in lists.items():
        for at, change in enumerate(steps):
            yield from _change(change, (name, at))
    for number, wrong in enumerate(scenario.wrong):
        for at, change in enumerate(wrong.change):
            yield from _change(change, ("wrong", number, "change", at))
    yield from _calls(scenario)
    yield from _evidence(scenario)
    yield from _questions(scenario)


def _head(scenario: Scenario, capabilities: Collection[str]) -> Iterator[Problem]:
    known = ((scenario.family, "family", FAMILIES), (scenario.layer, "layer", LAYERS))
    for value, key, right in known:
        if value not in right:
            yield (key,), f"{key} is {value!r}{nearest(value, right)}"
    for need in scenario.needs:
        if need not in capabilities:
            yield ("needs",), f"no runtime has {need!r}{nearest(need, sorted(capabilities))}"
    if not re.fullmatch(r"[A-J]\d\d", scenario.fault):
        yield ("fault",), f"fault is {scenario.fault!r}; expected one such as A01"
    if "." not in scenario.object:
        yield ("object",), f"object is {scenario.object!r}; expected object.option, such as identify.match"
    if scenario.level not in (1, 2, 3):
        yield ("level",), f"level is {scenario.level}; expected 1, 2 or 3"
    if bool(scenario.clock) != bool(scenario.shrunk):
        yield ("clock",), "clock and shrunk belong together: the real time, and what it is shrunk to"


def _change(change: Change, place: Place) -> Iterator[Problem]:
    subjects = [name for name in _SUBJECTS if getattr(change, name)]
    if change.impair is not None and "impair" not in subjects:
        subjects.append("impair")
    if len(subjects) > 1 or (not subjects and change.apply != "restart" and not change.wait_s):
        yield place, f"a change has exactly one of {', '.join(_SUBJECTS)}; this one has {subjects or 'none'}"
    if change.file and place[0] == "before":
        yield (
            (*place, "file"),
            "before the calls no file is changed: an outage is the provider's, the line's or a phone's",
        )
    if change.phone and change.phone.removeprefix("phone-") not in ("1001", "1002"):
        yield (*place, "phone"), f"phone is {change.phone!r}; there are: 1001, 1002"
    if change.file and not change.file.startswith(("pbx/", "router/rules.nft")):
        yield (*place, "file"), f"file is {change.file!r}; a scenario changes pbx/... and router/rules.nft"
    if change.file and bool(change.old) == bool(change.append):
        yield (*place, "file"), "a change of a file has either old (and new) or append"
    if change.portal and change.portal not in ("allow", "verify"):
        yield (*place, "portal"), f"portal is {change.portal!r}{nearest(change.portal, ('allow', 'verify'))}"
    if change.portal and not change.trunk:
        yield (*place, "portal"), 'portal wants a trunk, such as trunk = "registered"'


def _calls(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.call and not scenario.state:
        yield ("call",), "a scenario has at least one [[call]] or [[state]]"
    for at, call in enumerate(scenario.call):
        if not call.pstn and call.by not in PLACERS and not call.by.isdigit():
            yield ("call", at, "by"), f"by is {call.by!r}; expected a number or one of {', '.join(PLACERS)}"
    for at, state in enumerate(scenario.state):
        if bool(state.registration) == bool(state.contact):
            yield ("state", at), "a state has either registration or contact"
    if not any(call.bad for call in scenario.call) and not any(state.bad for state in scenario.state):
        yield ("call",), "no call and no state says what is bad: the symptom"


def _evidence(scenario: Scenario) -> Iterator[Problem]:
    names = [call.name for call in scenario.call]
    if len({each.kind for each in scenario.evidence}) < 2:
        yield ("evidence",), "a scenario has at least two evidences of different kinds"
    for at, each in enumerate(scenario.evidence):
        for key in ("call", "during"):
            value = getattr(each, key)
            if value and value not in names:
                yield ("evidence", at, key), f"no call is named {value!r}{nearest(value, names)}"
        for pattern in (each.matches, each.subject if each.kind in ("log", "portal") else ""):
            try:
                re.compile(pattern)
            except re.error as why:
                yield ("evidence", at), f"{pattern!r} is no pattern: {why}"


def _questions(scenario: Scenario) -> Iterator[Problem]:
    own = {question.id for question in scenario.question}
    if len(own | set(GENERATED)) < 3:
        yield ("question",), "a scenario has at least three questions (layer and object are made by themselves)"
    for at, question in enumerate(scenario.question):
        if len(question.hints) < 2:
            yield ("question", at, "hints"), f"question {question.id!r} has {len(question.hints)} hints; two at least"
