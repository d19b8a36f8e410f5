"""The dialplan of extensions.conf: contexts, extensions, includes; which extension a number reaches, and by what way.

    plan = read_dialplan("/etc/asterisk")
    plan.find("+442079460000", "from-provider")       # the extension that takes it, or None: 404
    plan.partial("+4420794600", "from-provider")      # whether Asterisk would wait for more digits: 484

As Asterisk searches (main/pbx.c, `pbx_find_extension`): a context's own extensions in their order, then its includes
one after another. So a wide pattern of its own takes a number before the plain extension of an included context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labkit.pjsip import config, patterns
from labkit.pjsip.config import Config, Option, Remark
from labkit.pjsip.objects import read_files

HINT = -1
"""The priority of a hint."""
_SPECIAL = ("general", "globals")
_PRIORITY = re.compile(r"(?P<base>n|s|hint|\d+)(?:\+(?P<plus>\d+))?(?:\((?P<label>[^)]*)\))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One priority of an extension."""

    priority: int
    application: str
    """Its name, such as Dial; of a hint the devices."""
    arguments: str
    label: str
    file: str
    line: int

    def __str__(self) -> str:
        """Application and arguments as they are written."""
        return f"{self.application}({self.arguments})"


@dataclass(slots=True)
class Extension:
    """One extension of a context with its steps by priority."""

    pattern: str
    """A plain number or name, or a pattern that begins with `_`."""
    callerid: str
    """Pattern of the caller's number that it is for; empty for all."""
    context: str
    steps: dict[int, Step] = field(default_factory=dict)

    @property
    def first(self) -> Step:
        """Its first step; where priority 1 is missing, the lowest one."""
        return self.steps[min(self.steps, key=lambda priority: (priority < 1, priority))]

    def applications(self, name: str) -> list[Step]:
        """Its steps that run an application, the name without regard to case."""
        return [step for step in self.steps.values() if step.application.lower() == name.lower()]

    def __str__(self) -> str:
        """Where it stands and what it does first."""
        return f"{self.pattern}@{self.context}: {self.first} ({self.first.file}:{self.first.line})"


@dataclass(frozen=True, slots=True)
class Include:
    """A context that another one searches after its own extensions."""

    context: str
    times: str
    """When it counts, as written, such as 09:00-17:00,mon-fri,*,*; empty for always."""
    file: str
    line: int


@dataclass(slots=True)
class Context:
    """One context; sections of the same name are one."""

    name: str
    file: str
    line: int
    extensions: list[Extension] = field(default_factory=list)
    """In the order in which Asterisk tries them."""
    includes: list[Include] = field(default_factory=list)
    switches: list[Option] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """The extension that takes a number."""

    extension: Extension
    way: tuple[str, ...]
    """The contexts gone through, from the one asked to the extension's own."""


@dataclass(slots=True)
class Dialplan:
    """All contexts of a dialplan by name."""

    contexts: dict[str, Context] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """The global variables."""
    remarks: list[Remark] = field(default_factory=list)
    """What Asterisk warns of and reads over."""

    def find(self, number: str, context: str, caller: str = "") -> Found | None:
        """The extension that takes a call to this number, None where there is none: a 404.

        Includes that count only at some times are taken to count.
        """
        return next(self.all(number, context, caller), None)

    def all(self, number: str, context: str, caller: str = "") -> Iterator[Found]:
        """Every extension that matches, in the order in which Asterisk tries them."""
        for extension, way in self._walk(context):
            if 1 in extension.steps and patterns.matches(extension.pattern, number) and _for(extension, caller):
                yield Found(extension, way)

    def partial(self, number: str, context: str, caller: str = "") -> bool:
        """Whether Asterisk would wait for more digits: the number begins one that there is (`allow_overlap`, 484)."""
        return any(
            patterns.begins(extension.pattern, number) and _for(extension, caller)
            for extension, _ in self._walk(context)
        )

    def _walk(self, name: str, before: tuple[str, ...] = ()) -> Iterator[tuple[Extension, tuple[str, ...]]]:
        context = self.contexts.get(name)
        if context is None or name in before:
            return
        way = (*before, name)
        for extension in context.extensions:
            yield extension, way
        for include in context.includes:
            yield from self._walk(include.context, way)


def _for(extension: Extension, caller: str) -> bool:
    return not extension.callerid or patterns.matches(extension.callerid, caller)


def read_dialplan(source: str | Path | Mapping[str, str], name: str = "extensions.conf") -> Dialplan:
    """The dialplan of a folder such as /etc/asterisk, of one file, or of files by name."""
    if isinstance(source, Mapping):
        return made(config.read(source, name))
    return made(config.read(read_files(source), name if Path(source).is_dir() else Path(source).name))


def made(read: Config) -> Dialplan:
    """The dialplan that a configuration's sections make."""
    plan = Dialplan(remarks=list(read.remarks))
    for section in read.objects:
        if section.name == "globals":
            plan.variables |= {option.name: option.value for option in section.options}
    for section in read.objects:
        if section.name not in _SPECIAL:
            context = plan.contexts.setdefault(section.name, Context(section.name, section.file, section.line))
            _Reader(plan, context).read(section.options)
    for context in plan.contexts.values():
        context.extensions.sort(key=lambda each: (*patterns.rank(each.pattern), not each.callerid))
    return plan


class _Reader:
    """Reads the lines of one context."""

    def __init__(self, plan: Dialplan, context: Context) -> None:
        self._plan = plan
        self._context = context
        self._current: Extension | None = None
        self._priority = 0

    def read(self, options: list[Option]) -> None:
        for option in options:
            read = _LINES.get(option.name.lower())
            if read is None:
                self._remark(option, f"there is no {option.name!r} in a dialplan")
            else:
                read(self, option)

    def _remark(self, option: Option, text: str) -> None:
        self._plan.remarks.append(Remark(option.file, option.line, text))

    def exten(self, option: Option) -> None:
        name, _, rest = _unquoted(option.value)
        name = _VARIABLE.sub(lambda match: self._plan.variables.get(match[1], ""), name.strip())
        number, _, callerid = _without_sets(name)
        self._current = self._extension(number, callerid)
        self._step(option, rest)

    def same(self, option: Option) -> None:
        if self._current is None:
            self._remark(option, "there is no extension before it")
        else:
            self._step(option, option.value)

    def include(self, option: Option) -> None:
        context, _, times = option.value.replace("|", ",").partition(",")
        self._context.includes.append(Include(context.strip(), times.strip(), option.file, option.line))

    def switch(self, option: Option) -> None:
        self._context.switches.append(option)

    def ignore(self, option: Option) -> None:
        """`ignorepat` only keeps the dial tone of analogue phones."""

    def _extension(self, pattern: str, callerid: str) -> Extension:
        for extension in self._context.extensions:
            if (extension.pattern, extension.callerid) == (pattern, callerid):
                return extension
        return Extension(pattern, callerid, self._context.name)

    def _step(self, option: Option, text: str) -> None:
        written, _, action = text.partition(",")
        priority = _PRIORITY.fullmatch(written.strip())
        if priority is None or self._current is None:
            self._remark(option, f"{written.strip()!r} is no priority")
            return
        number = self._number(priority)
        if number in self._current.steps:
            self._remark(option, f"{self._current.pattern} has priority {written.strip()} already; this line is lost")
            return
        application, arguments = _application(action.strip())
        step = Step(number, application, arguments, priority["label"] or "", option.file, option.line)
        if not self._current.steps:
            self._context.extensions.append(self._current)
        self._current.steps[number] = step

    def _number(self, priority: re.Match[str]) -> int:
        base, plus = priority["base"].lower(), int(priority["plus"] or 0)
        if base == "hint":
            return HINT
        known = {"n": self._priority + 1, "s": self._priority}
        self._priority = (known[base] if base in known else int(base)) + plus
        return self._priority


_LINES = {
    "exten": _Reader.exten,
    "same": _Reader.same,
    "include": _Reader.include,
    "switch": _Reader.switch,
    "lswitch": _Reader.switch,
    "eswitch": _Reader.switch,
    "ignorepat": _Reader.ignore,
    "autohints": _Reader.ignore,
}


def _unquoted(text: str) -> tuple[str, str, str]:
    """The first field and the rest; a field in quotes may hold commas."""
    if text.startswith('"'):
        name, _, rest = text[1:].partition('"')
        return name, ",", rest.partition(",")[2]
    return text.partition(",")


def _without_sets(name: str) -> tuple[str, str, str]:
    """Extension and pattern of the caller; a `/` within a set is no separator."""
    depth = 0
    for at, sign in enumerate(name):
        depth += (sign == "[") - (sign == "]")
        if sign == "/" and depth <= 0:
            return name[:at], "/", name[at + 1 :]
    return name, "", ""


def _application(text: str) -> tuple[str, str]:
    name, opened, rest = text.partition("(")
    if not opened or "," in name:
        name, _, rest = text.partition(",")
        return name.strip(), rest.strip()
    return name.strip(), rest[: rest.rfind(")")] if ")" in rest else rest
