"""The dialplan: contexts, the forms of numbers, what is dialled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.lint.trunks import at

_PATTERNS = "docs.asterisk.org, Pattern Matching"
_CONTEXTS = "docs.asterisk.org, Contexts, Extensions, and Priorities"
_ALL = re.compile(r"_(\[[^\]]*\]|[XZN])?[.!]", re.IGNORECASE)
_OWN = re.compile(r"_(\[[^\]]*\]|[XZNxzn\d])+[.!]?|\d+")
_MADE = ("parkedcalls",)
"""Contexts that modules make as they load, such as res_parking."""
_LONGEST = 20
_JUMPED_TO = 10
"""From here on a priority is one that others jump to, not a first one miscounted."""


@rule(
    "PJ401", "warning", "An endpoint in the context default",
    why="`default` is where everything lands that nobody thought of; a call arrives there without a plan.",
    fix="Give phones and trunks contexts of their own.",
    lesson="07", source="docs.asterisk.org, res_pjsip endpoint context",
)  # fmt: skip
def default_context(subject: Subject) -> Iterator[Spot]:
    """Endpoints without a context, or with the default one."""
    for endpoint in subject.objects.endpoints.values():
        setting = endpoint.setting("context")
        if setting.value == "default" and (subject.whole or setting.given):
            how = "has context = default" if setting.given else "has no context, which means default"
            yield at(endpoint, setting, f"endpoint [{endpoint.id}] {how}")


@rule(
    "PJ402", "error", "A context that the dialplan does not have",
    why="Every call of the endpoint gets a 404.",
    fix="Correct the name, or write the context.",
    lesson="07", source=_CONTEXTS, whole=True,
)  # fmt: skip
def unknown_context(subject: Subject) -> Iterator[Spot]:
    """Endpoints whose context is in no file."""
    for endpoint in subject.objects.endpoints.values():
        setting = endpoint.setting("context")
        if subject.has_plan and setting.given and setting.value not in subject.plan.contexts:
            near = get_close_matches(setting.value, subject.plan.contexts, 1)
            fix = f"There is [{near[0]}]: write context = {near[0]}" if near else ""
            yield at(endpoint, setting, f"endpoint [{endpoint.id}] has context = {setting.value}; there is none", fix)


@rule(
    "PJ403", "warning", "A DID that is known in one form only",
    why="Providers write +442079460000, 442079460000 or 02079460000; X never matches +, so the other form gets a 404.",
    fix="Add the form with +, such as _+X., or write every DID as your provider sends it.",
    lesson="07", source=_PATTERNS, whole=True,
)  # fmt: skip
def no_plus(subject: Subject) -> Iterator[Spot]:
    """Contexts of trunks that take long numbers only without +."""
    for name in dict.fromkeys(trunk.value("context") for trunk in subject.trunks):
        context = subject.plan.contexts.get(name)
        extensions = context.extensions if context else []
        long = [each for each in extensions if _OWN.fullmatch(each.pattern) and _length(each.pattern) >= 8]
        plus = any(each.pattern.lstrip("_").startswith(("+", ".", "!", "[+")) for each in extensions)
        if long and not plus and not (context and context.includes):
            step = long[0].first
            text = f"[{name}] takes {long[0].pattern}, but no number that begins with +"
            yield Spot(text, step.file, step.line, name, long[0].pattern)


def _length(pattern: str) -> int:
    places = re.sub(r"\[[^\]]*\]", "X", pattern.lstrip("_"))
    return _LONGEST if places.endswith((".", "!")) else len(places)


@rule(
    "PJ404", "warning", "A catch-all where the provider's calls come in",
    why="It takes every number, so a wrong DID is answered as if it were right, and no log line tells.",
    fix="Write the DIDs that you have; let all others get their 404.",
    lesson="07", source=_PATTERNS, whole=True,
)  # fmt: skip
def catch_all(subject: Subject) -> Iterator[Spot]:
    """Patterns that match anything, in contexts of trunks."""
    for name in dict.fromkeys(trunk.value("context") for trunk in subject.trunks):
        for extension in subject.plan.contexts[name].extensions if name in subject.plan.contexts else ():
            if _ALL.fullmatch(extension.pattern):
                step = extension.first
                yield Spot(f"[{name}] has {extension.pattern}", step.file, step.line, name, extension.pattern)


@rule(
    "PJ405", "warning", "The pattern _. or _!",
    why="It also matches h, i and t, so hanging up runs the call's own steps again.",
    fix="Write _X. for numbers, _+X. for those in E.164.",
    lesson="07", source=_PATTERNS,
)  # fmt: skip
def matches_everything(subject: Subject) -> Iterator[Spot]:
    """Patterns that match even the special extensions."""
    for context in subject.plan.contexts.values():
        for extension in context.extensions:
            if extension.pattern in ("_.", "_!"):
                step = extension.first
                yield Spot(f"[{context.name}] has {extension.pattern}", step.file, step.line, context.name)


@rule(
    "PJ406", "warning", "An include of a context that is not there",
    why="What it was to add is missing: its numbers get a 404.",
    fix="Correct the name, or write the context.",
    lesson="07", source=_CONTEXTS, whole=True,
)  # fmt: skip
def broken_include(subject: Subject) -> Iterator[Spot]:
    """Includes of nothing."""
    for context in subject.plan.contexts.values():
        for include in context.includes:
            made_elsewhere = include.context in _MADE or "$" in include.context
            if include.context not in subject.plan.contexts and not made_elsewhere:
                text = f"[{context.name}] includes {include.context!r}, which is not in these files"
                yield Spot(text, include.file, include.line, context.name, "include")


@rule(
    "PJ407", "error", "A call to an endpoint that is not there",
    why="`Unable to create PJSIP channel - endpoint was not found`: the call fails at once.",
    fix="Correct the name; after the @ stands the endpoint.",
    lesson="07", source="docs.asterisk.org, Dialing PJSIP Channels", whole=True,
)  # fmt: skip
def unknown_endpoint(subject: Subject) -> Iterator[Spot]:
    """Dial strings that name no endpoint."""
    known = set(subject.objects.endpoints)
    for context in subject.plan.contexts.values():
        for extension in context.extensions:
            for name, priority in subject.dialled(extension):
                if known and name not in known:
                    step = extension.steps[priority]
                    near = get_close_matches(name, known, 1)
                    fix = f"There is an endpoint {near[0]!r}." if near else ""
                    text = f"{extension.pattern}@{context.name} dials the endpoint {name!r}; there is none"
                    yield Spot(text, step.file, step.line, context.name, extension.pattern, fix)


@rule(
    "PJ408", "warning", "An extension without priority 1",
    why="Asterisk looks for priority 1; an extension without it is as if it were not there.",
    fix="Let the first line have priority 1.",
    lesson="07", source=_CONTEXTS,
)  # fmt: skip
def no_first_priority(subject: Subject) -> Iterator[Spot]:
    """Extensions that begin with another priority."""
    for context in subject.plan.contexts.values():
        for extension in context.extensions:
            numbers = [priority for priority in extension.steps if priority > 0]
            if numbers and 1 < min(numbers) < _JUMPED_TO:
                step = extension.first
                text = f"{extension.pattern}@{context.name} begins with priority {min(numbers)}"
                yield Spot(text, step.file, step.line, context.name, extension.pattern)
