"""A pjsip.conf in the making: sections whose every line says where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from labkit.pjsip.config import Option, escaped


@dataclass(frozen=True, slots=True)
class Written:
    """One line of a section."""

    name: str
    value: str
    why: str
    """Where it comes from, or why it is so."""


@dataclass(slots=True)
class Draft:
    """One section of the new file."""

    name: str
    type: str
    title: str = ""
    """A sentence above it."""
    lines: list[Written] = field(default_factory=list)

    def set(self, name: str, value: str, why: str | Option = "") -> None:
        """Write an option; one that may stand once takes the place of an earlier one."""
        if name not in _REPEATED:
            self.lines = [line for line in self.lines if line.name != name]
        self.lines.append(Written(name, value, source(why) if isinstance(why, Option) else why))

    def has(self, name: str) -> bool:
        """Whether an option is written already."""
        return any(line.name == name for line in self.lines)

    def __str__(self) -> str:
        """The section as text."""
        head = [f"; {self.title}"] if self.title else []
        body = [_line(line) for line in self.lines]
        return "\n".join([*head, f"[{self.name}]", f"type = {self.type}", *body])


_REPEATED = ("allow", "disallow", "set_var", "local_net", "permit", "deny", "contact_permit", "contact_deny", "match")


def source(option: Option) -> str:
    """What stood where, as a comment says it; no password."""
    value = "..." if "secret" in option.name.lower() or option.name.lower() == "register" else option.value
    return f"{option.name} = {value} ({option.file}:{option.line})"


def _line(line: Written) -> str:
    text = f"{line.name} = {escaped(line.value)}"
    return f"{text:<48} ; {line.why}" if line.why else text


@dataclass(frozen=True, slots=True)
class Lost:
    """An option of sip.conf that has no place in PJSIP, or that somebody must decide on."""

    section: str
    option: Option
    reason: str

    def __str__(self) -> str:
        """Place, what stood there, and why it is gone."""
        return f"{self.option.file}:{self.option.line} [{self.section}] {self.option.name}: {self.reason}"
