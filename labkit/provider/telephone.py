"""Telephones behind the provider as data: they answer, ring out, are busy, play an IVR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to an answered call."""

    after_s: float
    """Seconds after the answer."""
    kind: Literal["hold", "resume", "reinvite", "update", "t38", "codec"] = "reinvite"
    """re-INVITE with sendonly, with sendrecv, unchanged, UPDATE, with m=image, with another codec list."""
    codecs: tuple[str, ...] = ()
    """The list of `codec`."""


@dataclass(frozen=True, slots=True)
class Telephone:
    """A telephone behind the provider."""

    number: str
    """In +E.164."""
    provisional: tuple[int, ...] = (180,)
    """Provisional responses in order, before anything else."""
    early: str = ""
    """What plays before the answer, in a 183 with SDP; empty for no early media."""
    early_direction: Literal["sendrecv", "sendonly"] = "sendrecv"
    """Direction of early media in the SDP."""
    early_s: float = 0.0
    """Wait this long between provisional responses."""
    reliable: bool = False
    """Send provisional responses reliably (RFC 3262) where the caller can."""
    ring_s: float = 0.2
    """Ringing time before the final response."""
    status: int = 200
    """Final response; 0 rings until the caller gives up."""
    reason: str = ""
    """Its reason phrase; the usual one where empty."""
    cause: int = 0
    """Q.850 cause in a Reason header (RFC 3326); 0 sends none."""
    retry_after_s: int = 0
    """Retry-After of a refusal; 0 sends none."""
    plays: str = "tone:440@-10"
    """What is heard after the answer (`labkit.rtp.source.read_source`)."""
    media: Literal["rtp", "none"] = "rtp"
    """none answers with a port nobody listens on: for load tests."""
    hangs_up_after_s: float = 0.0
    """BYE so long after the answer; 0 waits for the caller."""
    bye_reason: str = ""
    """Reason header of that BYE."""
    digits: str = ""
    """An IVR: wait for these keys, then play `then`; empty for no IVR."""
    then: str = "tone:1000@-10"
    """What the IVR plays when the keys were right."""
    sends: str = ""
    """Keys that it presses half a second after the answer."""
    changes: tuple[Change, ...] = ()
    """What it does to the session after the answer."""
    second_answer: bool = False
    """Send a second 200 with another tag, as a forking proxy does."""
    media_timeout_s: float = 0.0
    """BYE when no RTP came for so long; 0 never."""
