"""What is known of every option of every PJSIP object: its kind, default, choices and since when it is there.

Recorded from Asterisk's documentation and from a running Asterisk by tools/record_options.py, so no lab is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

TRUE = frozenset({"yes", "true", "y", "t", "1", "on"})
"""Words that Asterisk takes for yes (`ast_true`), without regard to case; all others mean no."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one option."""

    object: str
    """Type of the object, such as endpoint."""
    name: str
    kind: str
    """flag and switch (yes or no), number, choice, text, codecs, acl, address, addresses, uri, uris, variables."""
    default: str
    """As Asterisk reports it; empty where there is none."""
    choices: tuple[str, ...]
    """The words that a choice may be."""
    since: tuple[str, ...]
    """Asterisk versions that brought it, one a branch."""


@cache
def _table() -> Mapping[str, Mapping[str, Known]]:
    text = resources.files("labkit.pjsip").joinpath("options.tsv").read_text()
    table: dict[str, dict[str, Known]] = {}
    for line in text.splitlines()[2:]:
        type_, name, kind, default, choices, since = line.split("\t")
        known = Known(type_, name, kind, default, tuple(choices.split()), tuple(since.split()))
        table.setdefault(type_, {})[name.lower()] = known
    return table


def types() -> tuple[str, ...]:
    """All types of objects."""
    return tuple(_table())


def options(type_: str) -> Mapping[str, Known]:
    """The options of a type by their names; empty for a type that there is not."""
    return _table().get(type_, {})


def known(type_: str, name: str) -> Known | None:
    """One option, its name without regard to case."""
    return options(type_).get(name.lower())


def nearest(type_: str, name: str) -> str | None:
    """The option of a type that a misspelt name most likely means."""
    near = get_close_matches(name.lower().replace("-", "_"), options(type_), 1, cutoff=0.6)
    return near[0] if near else None


def true(value: str) -> bool:
    """Whether Asterisk takes a value for yes."""
    return value.strip().lower() in TRUE


def whole(value: str) -> int:
    """The number that a value says, as C reads one: 0x before hexadecimal, 0 before octal digits; 0 for none."""
    text = value.strip().lstrip("+")
    digits = text.removeprefix("-")
    base = 16 if digits[:2].lower() == "0x" else 8 if digits.startswith("0") else 10
    try:
        return int(text, base)
    except ValueError:
        return 0
