"""Payload formats: name and clock rate of a payload type (RFC 3551 section 6, IANA RTP parameters)."""

from __future__ import annotations

STATIC = {
    0: ("PCMU", 8000), 1: ("1016", 8000), 2: ("G721", 8000), 3: ("GSM", 8000), 4: ("G723", 8000),
    5: ("DVI4", 8000), 6: ("DVI4", 16000), 7: ("LPC", 8000),
    8: ("PCMA", 8000), 9: ("G722", 8000), 10: ("L16", 44100), 11: ("L16", 44100), 12: ("QCELP", 8000),
    13: ("CN", 8000), 14: ("MPA", 90000), 15: ("G728", 8000), 16: ("DVI4", 11025), 17: ("DVI4", 22050),
    18: ("G729", 8000), 19: ("CN", 8000), 25: ("CelB", 90000), 26: ("JPEG", 90000), 28: ("nv", 90000),
    31: ("H261", 90000), 32: ("MPV", 90000), 33: ("MP2T", 90000), 34: ("H263", 90000),
}  # fmt: skip
"""Payload type to encoding name and RTP clock rate in Hz. G.722 samples at 16 kHz but counts 8000 (RFC 3551 4.5.2)."""

EVENT = "telephone-event"
COMFORT_NOISE = (13, 19)
"""Payload types of comfort noise (RFC 3389), 19 in old equipment."""
