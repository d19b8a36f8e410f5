"""`%asterisk`: Asterisk's command line from a notebook cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from labkit.errors import LabError

_RESTLESS = (
    re.compile(r"(?<=Avail    )\s*\d+\.\d+"),
    re.compile(r"(?<=\(exp\. )\d+(?=s\))"),
)
"""What Asterisk measures anew each time: a contact's round trip (ms), seconds until a registration expires."""


@dataclass(frozen=True, slots=True, repr=False)
class Printout:
    """What Asterisk's command line printed; where a notebook shows it, `~` stands for figures that never repeat."""

    command: str
    """The command, as given."""
    text: str
    """All of it, word for word."""

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    def __str__(self) -> str:
        steady = self.text
        for restless in _RESTLESS:
            steady = restless.sub(lambda found: "~".rjust(len(found[0])), steady)
        return "\n".join(line.rstrip() for line in steady.strip("\n").splitlines())

    __repr__ = __str__


def asterisk_magic(command: Callable[[str], str]) -> Callable[[str], Printout]:
    """The line magic over a function that gives a command to Asterisk, word for word and past every shell."""

    def asterisk(line: str) -> Printout:
        """Give a command to the lab's Asterisk: %asterisk pjsip show endpoints."""
        words = line.strip()
        if not words:
            return Printout("", "Write a command after %asterisk, such as: %asterisk pjsip show endpoints")
        try:
            return Printout(words, command(words))
        except LabError as why:
            return Printout(words, str(why))

    return asterisk
