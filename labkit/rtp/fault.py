"""Wrong media on purpose, as data: what a provider's policy says and what it does to the packets that leave.

A fault never touches what is received. All times count from the moment the session began to send.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields

from labkit.errors import LabError
from labkit.rtp.packet import HEADER, MARKER

COMFORT_NOISE = 13
"""The payload type of comfort noise (RFC 3389, section 4)."""

COMFORT_NOISE_LEVEL = bytes([60])
"""Noise of -60 dBov, no spectrum (RFC 3389, section 3)."""


@dataclass(frozen=True, slots=True)
class MediaFaults:
    """What is wrong with the media that leaves; every field at its default does nothing."""

    start_after_s: float = 0.0
    """Send nothing until then."""
    stop_after_s: float | None = None
    """Send nothing from then on; 0 makes one-way audio."""
    silence_after_s: float | None = None
    """Send silence from then on."""
    comfort_noise_after_s: float | None = None
    """Send comfort noise (RFC 3389) instead of audio from then on."""
    pattern: str = ""
    """What happens to one packet after the other, over and over: `.` sent, `x` lost, `d` sent twice, `r` sent after
    the next one."""
    loss: float = 0.0
    """The probability that a packet is lost, 0 to 1."""
    jitter_ms: float = 0.0
    """Each packet is late by a random time up to this; packets may overtake each other."""
    seed: int = 1
    """What `loss` and `jitter_ms` are drawn from."""
    payload_type: int | None = None
    """Written into audio packets instead of the agreed one."""
    ptime_ms: int | None = None
    """Audio per packet instead of the agreed."""
    ssrc_after_s: float | None = None
    """A new SSRC from then on."""
    jump_after_s: float | None = None
    """Sequence numbers leap by `sequence_jump`, timestamps by `timestamp_jump`, from then on."""
    sequence_jump: int = 20000
    """How far, modulo 2^16."""
    timestamp_jump: int = 0
    """How far, modulo 2^32."""
    move_after_s: float | None = None
    """Send from another socket from then on; 0 from the first packet on."""
    move_host: str | None = None
    """The address of that socket; None: the same host, another port."""
    dtmf_payload_type: int | None = None
    """Send RFC 4733 events under this payload type instead of the agreed one."""
    dtmf_clock_rate_hz: int | None = None
    """Count the durations of events by this clock instead of the agreed one."""
    dtmf_inband: bool = False
    """Send digits as tones in the audio."""

    @classmethod
    def parse(cls, table: Mapping[str, object]) -> MediaFaults:
        """The faults of a policy's table; LabError names a field that does not exist or a pattern that cannot be."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(table) - known):
            raise LabError(
                f"no media fault {', '.join(unknown)}; there are {', '.join(sorted(known))}", unknown=unknown
            )
        faults = cls(**table)  # type: ignore[arg-type]  # TOML's types are checked by what uses them
        if set(faults.pattern) - set(".xdr"):
            raise LabError(f"media fault pattern {faults.pattern!r}: only . x d r", pattern=faults.pattern)
        return faults


class Disturber:
    """Applies faults to one session's packets, one after the other."""

    def __init__(self, faults: MediaFaults, payload_type: int, silence: bytes) -> None:
        """Disturb audio sent under `payload_type`; `silence` is a silent payload."""
        self.faults = faults
        self._payload_type = payload_type
        self._silence = silence
        self._random = random.Random(faults.seed)
        self._count = 0
        self._held: list[bytes] = []
        self._new_ssrc = self._random.getrandbits(32)

    def sends(self, elapsed_s: float) -> bool:
        """Whether packets are made at all at that time."""
        return self.faults.start_after_s <= elapsed_s and not _over(self.faults.stop_after_s, elapsed_s)

    def moved(self, elapsed_s: float) -> bool:
        """Whether packets leave from the other socket at that time."""
        return _over(self.faults.move_after_s, elapsed_s)

    def disturb(self, packet: bytes, elapsed_s: float) -> list[tuple[float, bytes]]:
        """What leaves in place of a packet: (delay in seconds, packet), in this order."""
        packet = self._rewritten(packet, elapsed_s)
        out = self._ordered(packet)
        if self.faults.loss:
            out = [each for each in out if self._random.random() >= self.faults.loss]
        return [(self._random.uniform(0, self.faults.jitter_ms / 1000), each) for each in out]

    def _ordered(self, packet: bytes) -> list[bytes]:
        """What the pattern makes of the packet, with what it held back before."""
        pattern = self.faults.pattern or "."
        what = pattern[self._count % len(pattern)]
        self._count += 1
        if what == "r":
            self._held.append(packet)
            return []
        held, self._held = self._held, []
        return {".": [packet], "x": [], "d": [packet, packet]}[what] + held

    def _rewritten(self, packet: bytes, elapsed_s: float) -> bytes:
        """The packet with the payload and the numbers that the faults want."""
        faults = self.faults
        flags, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        payload = packet[HEADER.size :]
        if second & 0x7F == self._payload_type:
            second, payload = self._audio(second, payload, elapsed_s)
        if _over(faults.jump_after_s, elapsed_s):
            sequence = sequence + faults.sequence_jump & 0xFFFF
            timestamp = timestamp + faults.timestamp_jump & 0xFFFFFFFF
        if _over(faults.ssrc_after_s, elapsed_s):
            ssrc = self._new_ssrc
        return HEADER.pack(flags, second, sequence, timestamp, ssrc) + payload

    def _audio(self, second: int, payload: bytes, elapsed_s: float) -> tuple[int, bytes]:
        """Second octet and payload of an audio packet."""
        faults = self.faults
        if _over(faults.comfort_noise_after_s, elapsed_s):
            return second & MARKER | COMFORT_NOISE, COMFORT_NOISE_LEVEL
        if _over(faults.silence_after_s, elapsed_s):
            payload = self._silence
        if faults.payload_type is not None:
            second = second & MARKER | faults.payload_type
        return second, payload


def _over(limit_s: float | None, elapsed_s: float) -> bool:
    return limit_s is not None and elapsed_s >= limit_s
