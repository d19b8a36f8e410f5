"""Asterisk's configuration files as sections and options, each with its file and line.

By docs.asterisk.org (Asterisk Configuration Files) and by what Asterisk 22 itself does with odd input: templates `(!)`,
inheritance `(name,...)`, additions `(+)` with their filters, `#include` and `#tryinclude` with globs, `=`, `=>`, `+=`.
`#exec` is never run. Reading loses nothing: a file is edited in place, all other text stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from labkit.errors import ParseError
from labkit.pjsip.lines import Line, lines

_FOLDER = "/etc/asterisk/"
"""Where files are that `#include` names from the root on."""
_DIRECTIVE = re.compile(r"#(\S*)\s*(.*)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a section."""

    name: str
    value: str
    file: str
    """File that it stands in."""
    line: int
    """Line there, counted from 1."""
    span: tuple[int, int] = (0, 0)
    """Where the value stands in the file's text."""
    inherited: bool = False
    """Whether it came from a template or another section."""


@dataclass(slots=True)
class Section:
    """One section with all options that count for it, in Asterisk's order."""

    name: str
    file: str
    line: int
    template: bool = False
    """Whether it is marked `(!)` and only others use it."""
    bases: tuple[str, ...] = ()
    """Sections that it inherits from, in order."""
    options: list[Option] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """All values of an option; names are compared without regard to case."""
        return [option.value for option in self.options if option.name.lower() == name.lower()]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value that counts of an option that may stand once: the last one."""
        return next(reversed(self.values(name)), default)

    @property
    def type(self) -> str | None:
        """The first value of `type`, which says what a PJSIP section is."""
        return next(iter(self.values("type")), None)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that Asterisk warns of and reads over."""

    file: str
    line: int
    text: str


@dataclass(slots=True)
class Config:
    """A configuration file with all that it includes."""

    sections: list[Section] = field(default_factory=list)
    """In the order in which Asterisk keeps them, templates among them."""
    remarks: list[Remark] = field(default_factory=list)

    @property
    def objects(self) -> list[Section]:
        """The sections that are no templates."""
        return [section for section in self.sections if not section.template]

    def find(self, name: str, type_: str | None = None) -> Section | None:
        """The first section of a name, and of a type where one is given."""
        matching = (section for section in self.objects if section.name.lower() == name.lower())
        return next((section for section in matching if type_ in (None, section.type)), None)


def read(files: Mapping[str, str], name: str) -> Config:
    """Read a file and what it includes out of `files` (name to text).

    ParseError names file and line where Asterisk refuses the whole file.
    """
    if name not in files:
        raise ParseError(f"There is no file {name!r}; there are: {', '.join(sorted(files)) or 'none'}.", file=name)
    reader = _Reader(files)
    reader.read(name)
    return reader.config


def edited(text: str, option: Option, value: str) -> str:
    """The text of an option's file with another value for this option; everything else stays as it was."""
    if value == option.value:
        return text
    begin, end = option.span
    return text[:begin] + escaped(value) + text[end:]


def escaped(value: str) -> str:
    """A value as it is written in a file."""
    return value.replace(";", "\\;")


class _Reader:
    """Reads files one into another, as Asterisk does."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.config = Config()
        self._files = files
        self._open: list[str] = []

    def read(self, name: str) -> None:
        if len(self._open) >= 10:
            raise ParseError(f"{name} includes itself: {' > '.join(self._open)}.", file=name)
        self._open.append(name)
        current: Section | None = None
        for line in lines(self._files[name]):
            if line.too_long:
                self._remark(line, "the line is too long and left out")
            elif line.text[0] == "[":
                current = self._section(line)
            elif line.text[0] == "#":
                self._directive(line)
            elif current is None:
                raise self._refused(line, "no section begins before it")
            else:
                self._option(line, current)
        self._open.pop()

    def _refused(self, line: Line, why: str) -> ParseError:
        file = self._open[-1]
        return ParseError(f"{file}, line {line.number}: {why}: {line.text[:80]}", file=file, line=line.number)

    def _remark(self, line: Line, text: str) -> None:
        self.config.remarks.append(Remark(self._open[-1], line.number, text))

    def _section(self, line: Line) -> Section:
        name, closed, rest = line.text[1:].partition("]")
        if not closed:
            raise self._refused(line, "the section's ] is missing")
        words: list[str] = []
        if rest.startswith("("):
            inner, closed, _ = rest[1:].partition(")")
            if not closed:
                raise self._refused(line, "the ) is missing")
            words = inner.split(",")
        added = next((word for word in words if word.startswith("+")), None)
        if added is not None:
            return self._added(line, name, added[1:])
        section = Section(name.strip(), self._open[-1], line.number, "!" in words)
        for word in words:
            if word != "!":
                self._inherit(line, section, word)
        self.config.sections.append(section)
        return section

    def _added(self, line: Line, name: str, condition: str) -> Section:
        wanted = _filter(condition)
        for section in self.config.sections:
            if section.name.lower() == name.strip().lower() and wanted(section):
                return section
        raise self._refused(line, f"there is no section {name.strip()!r} before it to add to")

    def _inherit(self, line: Line, section: Section, word: str) -> None:
        base = next((each for each in self.config.sections if each.name.lower() == word.strip().lower()), None)
        if base is None:
            raise self._refused(line, f"there is no section {word.strip()!r} before it to inherit from")
        section.bases = (base.name, *section.bases)
        section.options += [replace(option, inherited=True) for option in base.options]

    def _directive(self, line: Line) -> None:
        match = _DIRECTIVE.match(line.text)
        name, argument = match.groups() if match else ("", "")
        if name.lower() == "exec":
            self._remark(line, "#exec is not run")
        elif name.lower() not in ("include", "tryinclude"):
            self._remark(line, f"there is no directive #{name}")
        elif not argument:
            self._remark(line, f"#{name} needs a file's name")
        else:
            self._include(line, argument.strip('"<>'), needed=name.lower() == "include")

    def _include(self, line: Line, pattern: str, needed: bool) -> None:
        found = sorted(_matching(self._files, pattern))
        if needed and not found:
            raise self._refused(line, "the file to include does not exist")
        for name in found:
            self.read(name)

    def _option(self, line: Line, section: Section) -> None:
        at = line.text.find("=")
        if at < 0:
            self._remark(line, "there is no = in the line, so it is left out")
            return
        appends = line.text[at - 1 : at] == "+"
        name = line.part(0, at - appends)
        arrow = line.text[at + 1 : at + 2] == ">"
        if not name.text:
            self._remark(line, "there is no name before the =")
            return
        value = line.part(at + 1 + arrow)
        option = Option(name.text, value.text, self._open[-1], line.number, _span(line, value))
        if appends:
            _append(section, option, line.text[at + 1 + arrow :])
        else:
            section.options.append(option)


def _append(section: Section, option: Option, raw: str) -> None:
    """`+=`: lengthen the last option of that name, blanks after the sign included; begin one where there is none."""
    for at in reversed(range(len(section.options))):
        before = section.options[at]
        if before.name.lower() == option.name.lower():
            section.options[at] = replace(option, value=before.value + raw)
            return
    section.options.append(option)


def _span(line: Line, value: Line) -> tuple[int, int]:
    if value.offsets:
        return value.offsets[0], value.offsets[-1] + 1
    end = line.offsets[-1] + 1
    return end, end


def _matching(names: Iterable[str], pattern: str) -> Iterator[str]:
    """Names that a pattern of `#include` means; as in glob(7), `*` stays within one folder."""
    parts = pattern.removeprefix(_FOLDER).split("/")
    for name in names:
        own = name.split("/")
        if len(own) == len(parts) and all(map(fnmatchcase, own, parts)):
            yield name


def _filter(condition: str) -> Callable[[Section], bool]:
    """What `(+name=regex&...)` asks of a section; without `TEMPLATES=` it must be no template."""
    templates, wanted = "", []
    for part in filter(None, condition.split("&")):
        name, _, value = part.partition("=")
        if name == "TEMPLATES":
            templates = value
        else:
            wanted.append((name, re.compile(value)))

    def matches(section: Section) -> bool:
        if templates != "include" and section.template is not (templates == "restrict"):
            return False
        return all(any(regex.search(value) for value in section.values(name)) for name, regex in wanted)

    return matches
