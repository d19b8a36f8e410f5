"""Triage: six lamps, ranked findings, and what to look at next."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from labkit.diagnosis.case import Case
from labkit.diagnosis.finding import LAYERS, Finding
from labkit.diagnosis.gates import Passage, passages
from labkit.diagnosis.proof import healthy
from labkit.diagnosis.rules import all_rules

_SURE = 0.5
"""From this confidence on a finding lights its layer's lamp."""
_LIKELY = 0.4
"""From this confidence on a finding is named where there is no better one."""
_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class Lamp:
    """The state of one layer."""

    layer: str
    """One of LAYERS."""
    state: str
    """green, red or unknown."""
    says: str
    """Why, in a sentence; for unknown, what to look at."""

    @property
    def sign(self) -> str:
        """The state as a sign that needs no colour."""
        return {"green": "ok", "red": "FAULT", "unknown": "?"}[self.state]


@dataclass(frozen=True, slots=True)
class Triage:
    """What a case looks like."""

    lamps: tuple[Lamp, ...]
    """One for each of LAYERS, in that order."""
    findings: tuple[Finding, ...]
    """The likeliest first."""
    passages: tuple[Passage, ...]
    """What each INVITE passed and where it stopped."""
    notes: tuple[str, ...] = ()
    """What is wrong with the files themselves, or missing."""

    @property
    def first(self) -> Finding | None:
        """The likeliest explanation; None where nothing is wrong, or nothing can be told."""
        return self.findings[0] if self.findings and self.findings[0].confidence >= _LIKELY else None

    def as_dict(self) -> dict[str, Any]:
        """The documented form: layer, object, option, lamps, findings, passages, notes; nulls where it cannot tell."""
        first = self.first
        findings = [
            {**{key: value for key, value in asdict(each).items() if key != "says"}, "text": each.says}
            for each in self.findings
        ]
        return {
            "layer": first and first.layer,
            "object": first and first.object,
            "option": first and first.option,
            "lamps": [asdict(each) for each in self.lamps],
            "findings": findings,
            "passages": [each.as_dict() for each in self.passages],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        lines = [f"{each.sign:>6}  {LAYERS[each.layer]}: {each.says}" for each in self.lamps]
        lines += ["", *(str(each) for each in self.findings)] if self.findings else ["", "Nothing wrong was found."]
        return "\n".join([*lines, *self.notes])


def triage(case: Case) -> Triage:
    """Look at a case with every rule; time and order of rules do not matter."""
    with _undisturbed():
        return _looked_at(case)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off the search for cycles: very many small values are made that all stay, and it would take a quarter."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()  # now all of them count as old, and the next search does not walk them
            gc.enable()


def _looked_at(case: Case) -> Triage:
    findings = _ranked(found for rule in all_rules() for found in rule.findings(case))
    notes = list(case.trace.notes)
    if not case.pbx:
        notes.append("Which address is the PBX's cannot be told from this: name it (--pbx ADDRESS).")
    proofs = healthy(case)
    lamps = tuple(_lamp(layer, findings, proofs) for layer in LAYERS)
    return Triage(lamps, findings, tuple(passages(case)), tuple(notes))


def _ranked(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The likeliest first, each place once."""
    best: dict[tuple[str, str, str], Finding] = {}
    for each in found:
        key = (each.layer, each.object, each.option)
        if key not in best or best[key].confidence < each.confidence:
            best[key] = each
    return tuple(sorted(best.values(), key=lambda each: -each.confidence)[:_AT_MOST])


def _lamp(layer: str, findings: Iterable[Finding], proofs: Mapping[str, str]) -> Lamp:
    wrong = [each for each in findings if each.layer == layer and each.confidence >= _SURE]
    if wrong:
        return Lamp(layer, "red", wrong[0].says)
    if layer in proofs:
        return Lamp(layer, "green", proofs[layer])
    return Lamp(layer, "unknown", _LOOK_AT[layer])


_LOOK_AT = {
    "signalling": "Cannot tell from this; look at a capture with a whole call or a REGISTER in it.",
    "sdp": "Cannot tell from this; look at a call that is answered.",
    "rtp": "Cannot tell from this; capture on the PBX while a call is up, RTP ports included.",
    "dialplan": "Cannot tell from this; look at Asterisk's log and at a call from the provider.",
    "nat": "Cannot tell from this; capture on both sides of the NAT at the same time.",
    "provider": "Cannot tell from this; look at the provider's portal.",
}

_MASKS = (
    (
        re.compile(r"(?<![\d.])\+?\d{7,15}(?![\d.])"),
        lambda found: found[0][:3] + "x" * (len(found[0]) - 5) + found[0][-2:],
    ),
)


def masked(plain: Any) -> Any:
    """The same JSON value with telephone numbers and credentials made unreadable."""
    if isinstance(plain, dict):
        return {key: masked(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [masked(value) for value in plain]
    if not isinstance(plain, str):
        return plain
    for pattern, mask in _MASKS:
        plain = pattern.sub(mask, plain)
    return re.sub(r"((?:password|secret|response|cnonce|username)\s*=\s*)(\"[^\"]*\"|\S+)", r"\1***", plain)
