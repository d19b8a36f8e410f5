"""How Asterisk matches a number against an extension or pattern, and which of several patterns comes first.

By main/pbx.c of Asterisk (`extension_match_core`, `ext_cmp`) and docs.asterisk.org (Pattern Matching): X is 0 to 9,
Z 1 to 9, N 2 to 9, `[15-7]` a set, `.` one or more of anything, `!` any rest at once; `-` and blanks do not count.
"""

from __future__ import annotations

from functools import cache

_SETS = {"X": frozenset("0123456789"), "Z": frozenset("123456789"), "N": frozenset("23456789")}
_IGNORED = "- "
_WILDCARD, _EARLY, _END = 0x18000, 0x28000, 0x30000


@cache
def _elements(pattern: str) -> tuple[frozenset[str] | str, ...] | None:
    """What a pattern without its `_` asks for, place by place; "." and "!" as they are; None where a `]` is missing."""
    found: list[frozenset[str] | str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "[":
            end = pattern.find("]", at)
            if end < 0:
                return None
            found.append(_members(pattern[at + 1 : end]))
            at = end
        elif sign in ".!":
            found.append(sign)
            break
        elif sign not in _IGNORED:
            found.append(_SETS.get(sign.upper(), frozenset(sign)))
        at += 1
    return tuple(found)


def _members(text: str) -> frozenset[str]:
    members: set[str] = set()
    at = 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            members.update(map(chr, range(ord(text[at]), ord(text[at + 2]) + 1)))
            at += 3
        else:
            members.add(text[at])
            at += 1
    return frozenset(members)


def _bare(text: str) -> str:
    return "".join(sign for sign in text if sign not in _IGNORED)


def matches(pattern: str, number: str) -> bool:
    """Whether a number is this extension, or matches this pattern (`_...`) as a whole."""
    if not pattern.startswith("_"):
        return _bare(pattern) == _bare(number)
    if pattern.lower() == number.lower():
        return True
    elements, digits = _elements(pattern[1:]), _bare(number)
    if elements is None:
        return False
    for at, element in enumerate(elements):
        if element == "!":
            return True
        if at >= len(digits):
            return False
        if element == ".":
            return True
        if digits[at] not in element:
            return False
    return len(digits) == len(elements)


def begins(pattern: str, number: str) -> bool:
    """Whether a number is the beginning of one that matches, or matches itself (overlap dialling, RFC 3578)."""
    if not pattern.startswith("_"):
        return _bare(pattern).startswith(_bare(number))
    elements, digits = _elements(pattern[1:]), _bare(number)
    if elements is None:
        return False
    for digit, element in zip(digits, elements, strict=False):
        if element in (".", "!"):
            return True
        if digit not in element:
            return False
    return len(digits) <= len(elements) or elements[-1:] in ((".",), ("!",))


def rank(pattern: str) -> tuple[object, ...]:
    """A key that sorts extensions as Asterisk tries them: plain numbers, then patterns, the narrowest place first."""
    if not pattern.startswith("_"):
        return (0, _bare(pattern))
    return (1, (*map(_place, _elements(pattern[1:]) or ()), (_END, b"")))


def _place(element: frozenset[str] | str) -> tuple[int, bytes]:
    """How wide one place is; between two of the same width and first member, the one with more low members first."""
    if element == ".":
        return _WILDCARD, b""
    if element == "!":
        return _EARLY, b""
    members = sorted(map(ord, element))
    low = members[0] if members else 0xFF
    bits = bytearray(32)
    for member in members:
        bits[(member & 0xFF) // 8] |= 0x80 >> (member & 7)
    return len(members) << 8 | low, bytes(0xFF - each for each in bits)
