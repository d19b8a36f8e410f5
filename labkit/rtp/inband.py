"""DTMF heard as tones in the audio, for a far side that sends no events (ITU-T Q.23, Q.24)."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from labkit.rtp.dtmf import COLUMNS_HZ, KEYPAD, ROWS_HZ
from labkit.rtp.report import Digit
from labkit.rtp.tone import goertzel

BLOCK_MS = 12.75
"""One look at the audio: long enough to tell the rows apart, short enough for tones 1.5 % off."""

QUIETEST_DBM0 = -35.0
"""Softer audio is not looked at."""

LEAST_SHARE = 0.6
"""Row and column together hold at least this share of the power."""

LARGEST_TWIST = 10 ** (10 / 10)
"""Row and column differ by no more than 10 dB (ITU-T Q.24 gives the least to be accepted: 5 dB and more)."""

LEAST_BLOCKS = 2
"""A digit is seen in two looks in a row, and over after as many without it."""


class InbandDetector:
    """Finds digits in one stream of audio; `feed` it in order."""

    def __init__(self, sample_rate_hz: int, zero_dbm0_peak: float) -> None:
        """Listen to audio of this rate and scale."""
        self.digits: list[Digit] = []
        self._rate_hz = sample_rate_hz
        self._size = int(sample_rate_hz * BLOCK_MS / 1000)
        self._least_power = (zero_dbm0_peak**2 / 2) * 10 ** (QUIETEST_DBM0 / 10)
        self._rest = array("h")
        self._sounding: str | None = None
        self._seen = self._missed = 0
        self._begin_s = 0.0

    def feed(self, samples: array[int], arrival_s: float) -> list[Digit]:
        """Take the audio of a packet; the digits that ended in it."""
        before = len(self.digits)
        self._rest += samples
        while len(self._rest) >= self._size:
            self._look(self._digit(self._rest[: self._size]), arrival_s)
            self._rest = self._rest[self._size :]
        return self.digits[before:]

    def _look(self, digit: str | None, arrival_s: float) -> None:
        """Follow one look: a digit begins, goes on, or ends."""
        if digit is not None and digit == self._sounding:
            self._seen += 1 + self._missed
            self._missed = 0
            return
        self._missed += 1
        if self._sounding is None or self._missed >= LEAST_BLOCKS or self._seen < LEAST_BLOCKS:
            self._end()
            self._sounding, self._seen, self._missed, self._begin_s = digit, 1, 0, arrival_s

    def _end(self) -> None:
        if self._sounding is not None and self._seen >= LEAST_BLOCKS:
            self.digits.append(Digit(self._sounding, round(self._seen * BLOCK_MS, 1), self._begin_s, inband=True))

    def _digit(self, block: Sequence[int]) -> str | None:
        """The digit that a block is made of."""
        power = sum(sample * sample for sample in block) / len(block)
        if power < self._least_power:
            return None
        rows = [goertzel(block, hz, self._rate_hz) for hz in ROWS_HZ]
        columns = [goertzel(block, hz, self._rate_hz) for hz in COLUMNS_HZ]
        row, column = max(rows), max(columns)
        share = 2 * (row + column) / (len(block) ** 2 * power)
        if share < LEAST_SHARE or not 1 / LARGEST_TWIST < row / max(column, math.ulp(1)) < LARGEST_TWIST:
            return None
        return KEYPAD[rows.index(row)][columns.index(column)]
