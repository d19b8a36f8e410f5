"""Small dense numbers for 128-bit keys: how flows, addresses and streams are told apart at speed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int32]

_NO_KEY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93))
_PROBES = 8


class Interner:
    """Numbers keys of two 64-bit words 0, 1, 2 ... in order of first appearance; exact, whatever the keys."""

    def __init__(self) -> None:
        """Start without any key."""
        self._numbers: dict[tuple[int, int], int] = {}
        self._keys = np.full((2, 256), _NO_KEY, np.uint64)
        self._slots = np.zeros(1 << 12, np.int32)

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._numbers)

    @property
    def keys(self) -> list[tuple[int, int]]:
        """All keys, in the order of their numbers."""
        return list(self._numbers)

    def keys_from(self, number: int) -> list[tuple[int, int]]:
        """The keys with this number and all later ones."""
        return [self.key(each) for each in range(number, len(self._numbers))]

    def key(self, number: int) -> tuple[int, int]:
        """The key that has a number."""
        return int(self._keys[0, number + 1]), int(self._keys[1, number + 1])

    def ids(self, high: Words, low: Words) -> Ids:
        """The number of each key; keys not seen before get the next ones.

        A hash table of slots answers for known keys without a Python step; the few others go through a dict.
        """
        slot = self._hash(high, low)
        found = self._slots[slot]
        missed = np.flatnonzero((self._keys[0, found] != high) | (self._keys[1, found] != low))
        for step in range(1, _PROBES):
            if not missed.size:
                break
            again = self._slots[(slot[missed] + step) & (len(self._slots) - 1)]
            found[missed] = again
            missed = missed[(self._keys[0, again] != high[missed]) | (self._keys[1, again] != low[missed])]
        if missed.size:
            found[missed] = self._learn(high[missed], low[missed])
        return found - 1

    def _hash(self, high: Words, low: Words) -> npt.NDArray[np.int64]:
        mixed = high * _MIX[0] + low * _MIX[1]
        mixed ^= mixed >> np.uint64(32)
        mixed *= _MIX[2]
        bits = len(self._slots).bit_length() - 1
        return (mixed >> np.uint64(64 - bits)).astype(np.int64)

    def _learn(self, high: Words, low: Words) -> Ids:
        """Entry numbers (1 for the first key) of keys that the slots do not give."""
        pairs = np.ascontiguousarray(np.stack([high, low], 1))
        _, first, back = np.unique(pairs.view("V16").ravel(), return_index=True, return_inverse=True)
        numbers = np.zeros(len(first), np.int32)
        for which in np.argsort(first):
            key = (int(high[first[which]]), int(low[first[which]]))
            if key not in self._numbers:
                self._add(key)
            numbers[which] = self._numbers[key] + 1
        return numbers[back]

    def _add(self, key: tuple[int, int]) -> None:
        number = self._numbers[key] = len(self._numbers)
        if number + 2 > self._keys.shape[1]:
            self._keys = np.concatenate([self._keys, np.full_like(self._keys, _NO_KEY)], 1)
        self._keys[:, number + 1] = key
        if 4 * len(self._numbers) > len(self._slots):
            self._rebuild()
        else:
            self._place(number + 1)

    def _place(self, entry: int) -> None:
        """Put an entry into its slot or one of the next; if all are taken, only the dict knows it."""
        slot = int(self._hash(self._keys[0, entry : entry + 1], self._keys[1, entry : entry + 1])[0])
        for step in range(_PROBES):
            here = (slot + step) & (len(self._slots) - 1)
            if not self._slots[here]:
                self._slots[here] = entry
                return

    def _rebuild(self) -> None:
        self._slots = np.zeros(8 * len(self._slots), np.int32)
        entries = np.arange(1, len(self._numbers) + 1, dtype=np.int32)
        slots = self._hash(self._keys[0, entries], self._keys[1, entries])
        self._slots[slots[::-1]] = entries[::-1]
        for entry in entries[self._slots[slots] != entries]:
            self._place(int(entry))
