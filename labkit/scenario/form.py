"""TOML tables into values by their types; what does not fit is named by file, line, key and the nearest right one."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from labkit.errors import ScenarioError
from labkit.scenario.model import Evidence, Range, Scenario

Place = tuple[str | int, ...]
"""Where a value stands in a table: ("call", 0, "good", "status")."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w-]+)\s*(?:\.[\w.-]+\s*)?=")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)?(\.\.)?(\d+(?:\.\d+)?)?")
_WRITTEN = {Scenario: {"broken": "break"}, Evidence: {"source": "from"}}
"""Fields whose name in the file is a word of Python's."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as a table, with the lines of its keys."""

    name: str
    table: Mapping[str, Any]
    lines: Mapping[Place, int]

    @classmethod
    def read(cls, path: Path, name: str) -> Source:
        """Read a file; ScenarioError where it is no TOML."""
        try:
            text = path.read_text("utf-8")
            return cls(name, tomllib.loads(text), _lines(text))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
            raise ScenarioError(f"{name} cannot be read: {why}", file=name) from why

    def error(self, place: Place, message: str) -> ScenarioError:
        """An error about a place in the file."""
        line = next((self.lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in self.lines), 1)
        return ScenarioError(f"{self.name}, line {line}: {message}", file=self.name, line=line, place=place)


def _lines(text: str) -> dict[Place, int]:
    """The line of every key that begins a line, and of every table's head."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    base: Place = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        if head := _HEADER.match(line):
            base = _base(head[2].split("."), head[1] == "[[", counts)
            found.setdefault(base, number)
        elif key := _KEY.match(line):
            found.setdefault((*base, key[1]), number)
        quote = next((mark for mark in ('"""', "'''") if line.count(mark) == 1), "")
    return found


def _base(words: list[str], array: bool, counts: dict[Place, int]) -> Place:
    """The place of a table whose head was read; an array's last member stands for the array."""
    place: Place = ()
    for word in words[:-1]:
        place = (*place, word.strip('"'))
        if place in counts:
            place = (*place, counts[place])
    place = (*place, words[-1].strip('"'))
    if array:
        counts[place] = counts.get(place, -1) + 1
        place = (*place, counts[place])
    return place


def read(kind: Any, value: Any, place: Place, source: Source) -> Any:
    """Make a value of a type (a dataclass, tuple, Literal, mapping, Range, text or number) of a TOML value."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return tuple(value) if isinstance(value, list) else value
    if kind is Range:
        return _range(value, place, source)
    if is_dataclass(kind):
        return _read_table(kind, value, place, source)
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        return tuple(read(arguments[0], item, (*place, at), source) for at, item in enumerate(items))
    if origin is Literal:
        return _one_of(arguments, value, place, source)
    if origin in (types.UnionType, typing.Union):
        return read(next(item for item in arguments if item is not type(None)), value, place, source)
    if origin in (Mapping, dict) or origin is not None:
        if not isinstance(value, Mapping):
            raise source.error(place, f"{place[-1]!r} is {value!r}; expected a table")
        return {str(key): read(arguments[1], item, (*place, key), source) for key, item in value.items()}
    return _plain(kind, value, place, source)


def _plain(kind: Any, value: Any, place: Place, source: Source) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise source.error(place, f"{_word(place)} is {value!r}; expected {names[kind]}")
    return value


def _one_of(known: tuple[Any, ...], value: Any, place: Place, source: Source) -> Any:
    if value not in known:
        raise source.error(place, f"{_word(place)} is {value!r}{nearest(str(value), map(str, known))}")
    return value


def _range(value: Any, place: Place, source: Source) -> Range:
    found = _RANGE.fullmatch(str(value)) if not isinstance(value, bool) else None
    if not found or not str(value):
        raise source.error(place, f"{_word(place)} is {value!r}; expected a figure such as 0, 1.., ..2 or 1..2")
    least, dots, most = found.groups()
    if not dots:
        return Range(float(value), float(value))
    return Range(float(least or 0), float(most) if most else float("inf"))


def _read_table(kind: Any, value: Any, place: Place, source: Source) -> Any:
    if not isinstance(value, Mapping):
        raise source.error(place, f"{_word(place)} is {value!r}; expected a table")
    hints = typing.get_type_hints(kind)
    names = {written(kind, item.name): item.name for item in fields(kind)}
    for key in value:
        if key not in names:
            raise source.error((*place, key), f"{_word(place)} has no {key!r}{nearest(key, names)}")
    given = {names[key]: read(hints[names[key]], item, (*place, key), source) for key, item in value.items()}
    try:
        return kind(**given)
    except TypeError as why:
        missing = re.findall(r"'(\w+)'", str(why))
        raise source.error(place, f"{_word(place)} lacks {', '.join(missing)}") from None


def written(kind: type, name: str) -> str:
    """A field's name as files have it."""
    return _WRITTEN.get(kind, {}).get(name, name)


def _word(place: Place) -> str:
    """A place in words: `call.good.status`; the file as a whole is the scenario."""
    return ".".join(str(part) for part in place if isinstance(part, str)) or "the scenario"


def nearest(word: str, known: Any) -> str:
    """`; did you mean x?`, or all that there are."""
    known = [str(each) for each in known]
    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(known)}"
