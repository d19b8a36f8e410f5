"""Where in the lab's files an error of Asterisk's or of nft's is, and which option stands on a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from labkit.errors import LabError, ParseError
from labkit.lab.config import ROUTER
from labkit.pjsip import config, reference
from labkit.pjsip.config import Section
from labkit.pjsip.explaining import explain
from labkit.pjsip.objects import Objects, read_objects

_ROOT = "pjsip.conf"
Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """An error at its place."""

    text: str
    file: str = ""
    """Empty where the error names no place."""
    line: int = 0
    """Counted from 1; 0 for a file as a whole."""

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.text}" if self.line else self.text


def marks(errors: Iterable[str], files: Files, above: int = 0) -> tuple[Mark, ...]:
    """Each error at its line where one can be found; `above` lines of definitions stand before the router's rules.

    What makes a file unreadable is told as well, for Asterisk then only warns.
    """
    found = [_mark(error, files, above) for error in errors]
    return tuple(dict.fromkeys([*found, *_unreadable(files)]))


def _mark(error: str, files: Files, above: int) -> Mark:
    for pattern, place in _PLACES:
        if (match := pattern.search(error)) and (at := place(match, files, above)):
            return Mark(error, *at)
    return Mark(error)


Place = tuple[str, int]


def _named(match: re.Match[str], files: Files, above: int) -> Place | None:
    return (match["file"], int(match["line"])) if match["file"] in files else None


def _given(match: re.Match[str], files: Files, above: int) -> Place | None:
    """Asterisk counts the lines of all included files as one, so the option itself is looked for."""
    wanted = re.compile(rf"\s*{re.escape(match['option'])}\s*\+?=>?\s*{re.escape(match['value'])}\s*(;|$)")
    lines = files.get(match["file"], "").splitlines()
    at = next((at for at, line in enumerate(lines, 1) if wanted.match(line)), None)
    return (match["file"], at) if at else None


def _object(match: re.Match[str], files: Files, above: int) -> Place | None:
    with suppress(ParseError):
        named = [each for each in config.read(files, _ROOT).objects if each.name == match["id"]]
        if section := next((each for each in reversed(named) if each.type == match["type"]), None):
            return section.file, section.line
    return None


def _rule(match: re.Match[str], files: Files, above: int) -> Place | None:
    return ROUTER, max(1, int(match["line"]) - above)


_PLACES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Files, int], Place | None]], ...] = (
    (re.compile(r"in (?P<file>\S+), line (?P<line>\d+)"), _named),
    (re.compile(r"parsing (?P<option>\w+)=(?P<value>.*?) at line \d+ of \S*/pbx/etc/(?P<file>\S+)"), _given),
    (re.compile(r"type '(?P<type>[\w-]+)' with id '(?P<id>[^']*)'"), _object),
    (re.compile(r"duplicate object: '(?P<id>[^']*)' of type '(?P<type>[\w-]+)'"), _object),
    (re.compile(r"/dev/stdin:(?P<line>\d+):"), _rule),
    (re.compile(r"at line (?P<line>\d+) of \S*/pbx/etc/(?P<file>\S+)"), _named),
)


def _unreadable(files: Files) -> Iterator[Mark]:
    for root in (_ROOT, "extensions.conf"):
        if root in files:
            try:
                config.read(files, root)
            except ParseError as why:
                yield Mark(str(why), str(why.file), int(str(why.line)) if "line" in why.facts else 0)


def option_at(files: Files, file: str, line: int) -> str:
    """The option on a line as `endpoint.context`, or its object's type; empty where there is none."""
    try:
        sections = config.read({file: files[file]}, file).sections
    except (ParseError, KeyError):
        return ""
    section = next((each for each in reversed(sections) if each.file == file and each.line <= line), None)
    if section is None or section.type not in reference.types():
        return ""
    return _option(section, line)


def _option(section: Section, line: int) -> str:
    if line == section.line:
        return str(section.type)
    option = next((each for each in section.options if each.line == line), None)
    return f"{section.type}.{option.name}" if option and option.name.lower() != "type" else ""


def help_at(files: Files, file: str, line: int) -> str:
    """What is known of the option on a line, in a few lines of text; empty where no option stands."""
    name = option_at(files, file, line)
    if not name:
        return ""
    if "." not in name:
        return f"{name}: an object with {len(reference.options(name))} options, such as {_some(name)}"
    try:
        return str(explain(name, _objects(files)))
    except LabError as why:
        return str(why)


def _objects(files: Files) -> Objects | None:
    with suppress(LabError):
        return read_objects(files)
    return None


def _some(type_: str, most: int = 8) -> str:
    return ", ".join(sorted(reference.options(type_))[:most])
