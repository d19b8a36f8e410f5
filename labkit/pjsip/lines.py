r"""The lines of an Asterisk configuration file: what is comment and what is not, and where each word stands.

Asterisk's rules (main/config.c; each was tried on Asterisk 22 over AMI's `GetConfig`): `;` begins a comment, `\;` is a
semicolon, `;--` begins a block that `--;` ends and that may hold others, `;---` is an ordinary comment. There is no
continuation of lines. A line of 8191 bytes or more is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST_BYTES = 8189
_DEEPEST = 128
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Line:
    """What is left of one line without its comments."""

    number: int
    """Counted from 1."""
    text: str
    """Without comments, escapes resolved, white space at both ends removed."""
    offsets: tuple[int, ...]
    """For each character of `text`, where it stands in the file's text."""
    too_long: bool = False
    """Whether Asterisk leaves the line out for its length."""

    def part(self, begin: int, end: int | None = None) -> Line:
        """A part of the line, white space at both ends removed."""
        return _stripped(self.number, self.text[begin:end], self.offsets[begin:end])


def lines(text: str) -> Iterator[Line]:
    """Every line of a file that is not empty without its comments, in order."""
    depth, begin = 0, 0
    text = text.replace(_MARK, " ", text.startswith(_MARK))
    for number, raw in enumerate(text.split("\n"), 1):
        if len(raw.encode(errors="replace")) > _LONGEST_BYTES:
            yield Line(number, "", (), too_long=True)
        else:
            kept, depth = _without_comments(raw, depth)
            line = _stripped(number, "".join(raw[at] for at in kept), tuple(begin + at for at in kept))
            if line.text:
                yield line
        begin += len(raw) + 1


def _stripped(number: int, text: str, offsets: tuple[int, ...]) -> Line:
    begin = len(text) - len(text.lstrip(_BLANK))
    end = max(begin, len(text.rstrip(_BLANK)))
    return Line(number, text[begin:end], offsets[begin:end])


_BLANK = "".join(map(chr, range(33)))


def _without_comments(raw: str, depth: int) -> tuple[list[int], int]:
    """Positions of the characters that are no comment, and how deep in block comments the line ends.

    A stray `--;` counts as the end of a block that never began, as it does in Asterisk: what follows is then comment.
    """
    kept: list[int] = []
    fresh = at = 0
    while at < len(raw):
        if raw[at] != ";":
            if depth == 0:
                kept.append(at)
        elif at > fresh and raw[at - 1] == "\\":
            if depth == 0:
                kept[-1] = at
        elif raw.startswith(";--", at) and raw[at + 3 : at + 4] != "-":
            depth, fresh = depth + (depth < _DEEPEST), at + 3
            at += 2
        elif at >= fresh + 2 and raw[at - 2 : at] == "--":
            depth, fresh = depth - 1, at + 1
            if depth == -1:
                return [*kept, *range(at, len(raw))], depth
        elif depth == 0:
            break
        at += 1
    return kept, depth
