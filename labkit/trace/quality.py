"""How a stream may have sounded: the E-model of ITU-T G.107, with codec values of ITU-T G.113 appendix I.

What a capture cannot tell (echo, noise, delay behind the point of capture) has the default values of G.107 table 2, so
the result is an estimate that compares streams, not a measurement of what anybody heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log10, sqrt

BUFFER_MS = 60.0
"""Assumed one-way delay of packetisation, jitter buffer and playing out."""
_SLR, _RLR, _STMR, _D_RECEIVE, _D_SEND = 8.0, 2.0, 15.0, 3.0, 3.0
_TELR, _WEPL, _QDU = 65.0, 110.0, 1.0
_NC, _NFOR, _ROOM = -70.0, -64.0, 35.0


@dataclass(frozen=True, slots=True)
class Codec:
    """What a codec costs by itself, and how it stands loss."""

    ie: float
    """Equipment impairment factor."""
    bpl: float
    """Packet-loss robustness factor."""
    note: str
    """Which form of the codec the values are for."""


CODECS = {
    "PCMU": Codec(0, 25.1, "G.711 with loss concealment"), "PCMA": Codec(0, 25.1, "G.711 with loss concealment"),
    "G729": Codec(11, 19.0, "G.729A with VAD"), "G723": Codec(15, 16.1, "G.723.1 at 6.3 kbit/s with VAD"),
    "GSM-EFR": Codec(5, 10.0, "GSM-EFR"), "GSM": Codec(20, 4.3, "GSM full rate, no concealment"),
    "AMR": Codec(5, 10.0, "AMR at 12.2 kbit/s, as GSM-EFR"),
}  # fmt: skip
"""Encoding name to values of G.113 table I.1 to I.4. Wideband codecs are not on the scale of G.107."""


@dataclass(frozen=True, slots=True)
class Quality:
    """An estimate and what it rests on."""

    r_factor: float | None
    """Transmission rating factor R, 0 to about 93; None where the model has no values for the codec."""
    mos: float | None
    """Mean opinion score estimated from R (MOS-CQE), 1 to 4.5."""
    assumes: str
    """The assumptions, or why there is no estimate."""


@lru_cache(maxsize=1024)
def estimate(codec: str, loss: float, burst_ratio: float = 1.0, delay_ms: float = 0.0) -> Quality:
    """Estimate a stream by codec, share of packets lost (0 to 1), burst ratio and one-way network delay."""
    values = CODECS.get(codec.upper())
    if values is None:
        return Quality(None, None, f"no G.113 values for {codec or 'an unknown codec'}")
    total_ms = delay_ms + BUFFER_MS
    rating = r_factor(total_ms, effective_impairment(values.ie, values.bpl, loss * 100, burst_ratio))
    network = f"{delay_ms:.0f} ms network delay by RTCP" if delay_ms else "no network delay known"
    assumes = f"{values.note}, {network}, {BUFFER_MS:.0f} ms of buffers, else G.107 defaults"
    return Quality(rating, mos(rating), assumes)


def effective_impairment(ie: float, bpl: float, loss_percent: float, burst_ratio: float = 1.0) -> float:
    """Ie,eff of G.107 section 7.5; the burst ratio is 1 for random loss, above 1 for loss in bursts."""
    if loss_percent <= 0:
        return ie
    return ie + (95 - ie) * loss_percent / (loss_percent / max(burst_ratio, 1.0) + bpl)


def mos(rating: float) -> float:
    """Mean opinion score for a rating (G.107 annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def r_factor(delay_ms: float = 0.0, impairment: float = 0.0, advantage: float = 0.0) -> float:
    """R of G.107 section 7.1 with the default values of table 2 for all that is not given."""
    noise = _noise()
    basic = 15 - 1.5 * (_SLR + noise)
    rating = basic - _simultaneous(basic, noise, delay_ms) - _delay(basic, noise, delay_ms) - impairment + advantage
    return max(rating, 0.0)


def _noise() -> float:
    """No: all noise sources, at the 0 dBr point (section 7.2)."""
    overall = _SLR + _RLR
    sending = _ROOM - _SLR - _D_SEND - 100 + 0.004 * (_ROOM - overall - _D_SEND - 14) ** 2
    sidetone = _STMR + _D_RECEIVE
    room = _ROOM + 10 * log10(1 + _power(10 - sidetone))
    receiving = _RLR - 121 + room + 0.008 * (room - 35) ** 2
    floor = _NFOR + _RLR
    return 10 * log10(sum(_power(level) for level in (_NC, sending, receiving, floor)))


def _simultaneous(basic: float, noise: float, delay_ms: float) -> float:
    """Is: what happens together with the voice (section 7.3)."""
    loudness = _SLR + _RLR + 0.2 * (64 + noise - _RLR)
    too_loud: float = 20 * ((1 + (loudness / 8) ** 8) ** (1 / 8) - loudness / 8)
    tone = -10 * log10(_power(-_STMR) + exp(-delay_ms / 4) * _power(-_TELR))
    sidetone: float = (
        12 * (1 + ((tone - 13) / 6) ** 8) ** (1 / 8) - 28 * (1 + ((tone + 1) / 19.4) ** 35) ** (1 / 35)
        - 13 * (1 + ((tone - 3) / 33) ** 13) ** (1 / 13) + 29
    )  # fmt: skip
    ratio = 37 - 15 * log10(_QDU)
    quality = 1.07 + 0.258 * ratio + 0.0602 * ratio**2
    steps = (basic - 100) / 15 + 46 / 8.4 - quality / 9, 46 / 30 - quality / 40
    quantising = 15 * log10(1 + _power(10 * steps[0]) + _power(10 * steps[1]))
    return too_loud + sidetone + quantising


def _delay(basic: float, noise: float, delay_ms: float) -> float:
    """Id: talker echo, listener echo, and delay by itself (section 7.4)."""
    echo = _TELR - 40 * log10((1 + delay_ms / 10) / (1 + delay_ms / 150)) + 6 * exp(-0.3 * delay_ms**2)
    gap = -1.5 * (noise - _RLR) - (80 + 2.5 * (echo - 14))
    talker = (gap / 2 + sqrt(gap**2 / 4 + 100) - 1) * (1 - exp(-delay_ms))
    echo_of_self: float = basic - 10.5 * (_WEPL + 7) * (2 * delay_ms + 1) ** -0.25
    listener = echo_of_self / 2 + sqrt(echo_of_self**2 / 4 + 169)
    return talker + listener + _pure_delay(delay_ms)


def _pure_delay(delay_ms: float) -> float:
    """Idd: none up to 100 ms."""
    if delay_ms <= 100:
        return 0.0
    doublings = log10(delay_ms / 100) / log10(2)
    impairment: float = 25 * ((1 + doublings**6) ** (1 / 6) - 3 * (1 + (doublings / 3) ** 6) ** (1 / 6) + 2)
    return impairment


def _power(level_db: float) -> float:
    """Power of a level."""
    return float(10 ** (level_db / 10))
