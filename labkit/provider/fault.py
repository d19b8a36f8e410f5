"""Faults on the wire as data: which messages, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Match:
    """Which messages a fault is about; every field that is given must fit."""

    direction: Literal["", "in", "out"] = ""
    """As the provider sees it."""
    method: str = ""
    """A request of this method (ACK), or a response to it when `status` is given."""
    status: int = 0
    """A response of this status."""
    contains: str = ""
    """A regular expression found somewhere in the message."""
    remote: str = ""
    """Peer's address or name."""


@dataclass(frozen=True, slots=True)
class WireFault:
    """What happens to the messages that match."""

    do: Literal["drop", "delay", "alter", "duplicate", "corrupt"] = "drop"
    """alter applies `replace`; corrupt cuts the message in half."""
    match: Match = field(default_factory=Match)
    """Which messages."""
    skip: int = 0
    """Let so many matching messages pass first."""
    times: int = 0
    """Stop after so many; 0 never stops."""
    probability: float = 1.0
    """Chance for each matching message, from a seeded generator."""
    delay_s: float = 0.0
    """Of `delay` and of the copy of `duplicate`."""
    replace: tuple[tuple[str, str], ...] = ()
    """Regular expressions and what replaces them; Content-Length is set right afterwards."""
    keep_length: bool = False
    """True leaves Content-Length as it was."""
