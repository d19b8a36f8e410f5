"""Tables into values by their types; what does not fit is named by its place in the file."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal

from labkit.errors import ScenarioError


def read(kind: Any, value: Any, where: str) -> Any:
    """Make a value of a type (a dataclass, tuple, Literal, dict, str, int, float, bool) from a TOML value."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _read_table(kind, value, where)
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if origin is Literal:
        return _expect(value in arguments, value, where, " or ".join(map(repr, arguments)))
    if origin in (types.UnionType, typing.Union):
        return read(next(item for item in arguments if item is not type(None)), value, where)
    if origin is dict:
        _expect(isinstance(value, dict), value, where, "a table")
        return {str(key): read(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is float:
        return float(_expect(isinstance(value, int | float) and not isinstance(value, bool), value, where, "a number"))
    exact = isinstance(value, kind) and isinstance(value, bool) is (kind is bool)
    return _expect(exact, value, where, {str: "a text", int: "a whole number", bool: "true or false"}[kind])


def _expect(right: bool, value: Any, where: str, what: str) -> Any:
    if not right:
        raise ScenarioError(f"{where} is {value!r}; expected {what}", where=where, value=value)
    return value


def _read_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list | tuple), value, where, "a list")
    if len(arguments) == 2 and arguments[1] is ...:
        return tuple(read(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(value))
    _expect(len(value) == len(arguments), value, where, f"a list of {len(arguments)}")
    return tuple(read(kind, item, where) for kind, item in zip(arguments, value, strict=True))


def _read_table(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, Mapping), value, where, "a table")
    hints = typing.get_type_hints(kind)
    names = [item.name for item in fields(kind)]
    for name in value:
        if name not in names:
            raise ScenarioError(
                f"{where} has no setting {name!r}; there are {', '.join(names)}", where=where, name=name
            )
    given = {name: read(hints[name], item, f"{where}.{name}") for name, item in value.items()}
    try:
        return kind(**given)
    except TypeError as why:
        raise ScenarioError(f"{where}: {why}", where=where) from why
