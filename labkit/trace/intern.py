"""Small dense numbers for long keys: how flows, addresses and streams are told apart at speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int32]

_NO_KEY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9),
        np.uint64(0xD6E8FEB86659FD93))  # fmt: skip


class Interner:
    """Numbers keys of several 64-bit words 0, 1, 2 ... in order of first appearance; exact, whatever the keys."""

    def __init__(self, words: int) -> None:
        """Start without any key; each will have so many words, three at most."""
        self._numbers: dict[tuple[int, ...], int] = {}
        self._keys = np.full((words, 256), _NO_KEY, np.uint64)
        self._slots = np.zeros(1 << 12, np.int32)

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._numbers)

    def keys_from(self, number: int) -> list[tuple[int, ...]]:
        """The keys with this number and all later ones."""
        return [self.key(each) for each in range(number, len(self._numbers))]

    def key(self, number: int) -> tuple[int, ...]:
        """The key that has a number."""
        return tuple(self._keys[:, number + 1].tolist())

    def ids(self, *words: Words) -> Ids:
        """The number of each key, given by word; keys not seen before get the next ones.

        A hash table of slots answers for known keys without a Python step; those it misses are learnt, once each.
        """
        mixed = _mixed(words)
        found = self._found(mixed, words)
        while (missed := np.flatnonzero(found == 0)).size:
            rest = [word[missed] for word in words]
            self._learn(mixed[missed], rest)
            found[missed] = self._found(mixed[missed], rest)
        found -= 1
        return found

    def _found(self, mixed: Words, words: Sequence[Words]) -> Ids:
        """Entry of each key, from 1; 0 if no slot has it."""
        slot = self._slot(mixed)
        found: Ids = self._slots[slot]
        missed = self._wrong(found, words)
        step = 0
        while missed.size:
            step += 1
            again = self._slots[(slot[missed] + step) & (len(self._slots) - 1)]
            found[missed] = again
            missed = missed[self._wrong(again, [word[missed] for word in words])]
            missed = missed[found[missed] != 0]
        return found

    def _wrong(self, entry: Ids, words: Sequence[Words]) -> npt.NDArray[np.intp]:
        """Which of some entries do not have the key asked for."""
        differ = self._keys[0, entry] != words[0]
        for keys, word in zip(self._keys[1:], words[1:], strict=True):
            differ |= keys[entry] != word
        return np.flatnonzero(differ)

    def _slot(self, mixed: Words) -> npt.NDArray[np.int64]:
        bits = len(self._slots).bit_length() - 1
        return (mixed >> np.uint64(64 - bits)).astype(np.int64)

    def _learn(self, mixed: Words, words: Sequence[Words]) -> None:
        """Add the first key of each hash; should two keys share one, the second waits for the next round."""
        _, first = np.unique(mixed, return_index=True)
        for which in np.sort(first).tolist():
            self._add(tuple(int(word[which]) for word in words), int(mixed[which]))

    def _add(self, key: tuple[int, ...], mixed: int) -> None:
        self._numbers[key] = len(self._numbers)
        entry = len(self._numbers)
        if entry >= self._keys.shape[1]:
            self._keys = np.concatenate([self._keys, np.full_like(self._keys, _NO_KEY)], 1)
        self._keys[:, entry] = key
        if 4 * entry > len(self._slots):
            self._rebuild()
        else:
            self._place(entry, mixed)

    def _place(self, entry: int, mixed: int) -> None:
        """Put an entry into its slot, or the next free one."""
        slot = mixed >> (65 - len(self._slots).bit_length())
        while self._slots[slot]:
            slot = (slot + 1) & (len(self._slots) - 1)
        self._slots[slot] = entry

    def _rebuild(self) -> None:
        """Make the table eight times as large."""
        self._slots = np.zeros(8 * len(self._slots), np.int32)
        count = len(self._numbers)
        mixed = _mixed(self._keys[:, 1 : count + 1])
        for entry, value in enumerate(mixed.tolist(), 1):
            self._place(entry, value)


def _mixed(words: Sequence[Words] | Words) -> Words:
    """A hash of each key."""
    mixed: Words = words[0] * _MIX[0]
    for word, factor in zip(words[1:], _MIX[1:], strict=False):
        mixed += word * factor
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX[-1]
    return mixed
