"""Findings: what is wrong, where, how sure that is, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.diagnosis.signals import Signal

LAYERS = {
    "signalling": "SIP signalling",
    "sdp": "SDP",
    "rtp": "RTP media",
    "dialplan": "dialplan",
    "nat": "NAT and firewall",
    "provider": "provider policy",
}
"""The layers of a call by their short names; the first five are lamps, the last is the carrier's own business."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that anyone can look up."""

    kind: str
    """message, sdp, rtp, log, config or absence."""
    text: str
    """What is there, in one line."""
    point: str = ""
    """Point of capture, for what was captured."""
    frame: int | None = None
    """Frame at that point."""

    def __str__(self) -> str:
        where = f" ({self.point + ' ' if self.point else ''}frame {self.frame})" if self.frame is not None else ""
        return f"{self.text}{where}"


def of(signal: Signal, remark: str = "", kind: str = "message") -> Evidence:
    """A message as evidence."""
    message = signal.message
    text = f"{message.start}, {message.src} to {message.dst}, at {message.time_s:.3f} s"
    return Evidence(kind, f"{text}: {remark}" if remark else text, message.point, message.frame)


@dataclass(frozen=True, slots=True)
class Clue:
    """What a rule saw; together with the rule's own name, layer and place it is a finding."""

    confidence: float
    """From 0 to 1."""
    says: str
    """The reasoning in one or two sentences."""
    evidence: tuple[Evidence, ...]
    """What it rests on, the strongest first."""
    option: str = ""
    """`object.option` where the rule leaves it open."""
    next: str = ""
    """What to measure or try to be sure."""
    layer: str = ""
    """The layer where the rule leaves it open."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One explanation of what was seen."""

    id: str
    """Name of the rule."""
    layer: str
    """One of LAYERS."""
    object: str
    """Object at fault: endpoint, identify, registration, transport, extensions, router, provider, ..."""
    option: str
    """Its option."""
    confidence: float
    """From 0 to 1."""
    says: str
    """The reasoning."""
    evidence: tuple[Evidence, ...]
    """What it rests on."""
    next: str
    """What to measure or try to be sure."""
    faults: tuple[str, ...]
    """Faults of the catalogue that fit."""

    @property
    def place(self) -> str:
        """Object and option in one word."""
        return f"{self.object}.{self.option}"

    def __str__(self) -> str:
        lines = [f"{self.place} ({LAYERS[self.layer]}, {self.confidence:.0%}): {self.says}"]
        lines += [f"    {each}" for each in self.evidence]
        return "\n".join([*lines, f"    next: {self.next}"] if self.next else lines)
