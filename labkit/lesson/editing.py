"""`%%pbx FILE` and `%%dialplan CONTEXT`: the lab's real configuration, written and loaded from a notebook cell."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from labkit.errors import ConfigRejected, LabError
from labkit.lab.lab import Lab

DIALPLAN = "extensions.conf"
_SECTION = r"^\[{name}\][^\n]*\n.*?(?=^\[|\Z)"


@dataclass(frozen=True, slots=True, repr=False)
class Edit:
    """What an edit changed and what Asterisk said to it."""

    file: str
    """Its name below the PBX's folder of configuration."""
    diff: str
    """Unified diff against the text before; empty where nothing changed."""
    way: str = ""
    """How Asterisk was made to read it: reload, restart or nothing."""
    errors: tuple[str, ...] = ()
    """What Asterisk, or the lab, refused."""

    @property
    def headline(self) -> str:
        """What happened, in a line."""
        if self.errors:
            return f"{self.file}: not accepted."
        return f"{self.file}: {f'written, {self.way}, no errors.' if self.diff else 'nothing changed.'}"

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"  {each}" for each in self.errors), *self.diff.splitlines()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        errors = "".join(f"<br><b>✕</b> {escape(each)}" for each in self.errors)
        folded = (
            f"<details><summary>what changed</summary><pre>{escape(self.diff)}</pre></details>" if self.diff else ""
        )
        return f"<p>{escape(self.headline)}{errors}</p>{folded}"


def pbx_magic(lab: Lab) -> Callable[[str, str], Edit]:
    """The cell magic that writes a whole file and makes it count."""

    def pbx(line: str, cell: str) -> Edit:
        """Write a configuration file and load it: %%pbx pjsip.d/trunk-provider.conf."""
        return written(lab, line.strip(), lambda before: cell)

    return pbx


def dialplan_magic(lab: Lab) -> Callable[[str, str], Edit]:
    """The cell magic that writes one context of the dialplan and makes it count."""

    def dialplan(line: str, cell: str) -> Edit:
        """Write a context of extensions.conf and load it: %%dialplan from-provider."""
        name = line.strip().strip("[]")
        if not name:
            return Edit(DIALPLAN, "", errors=("Name a context after %%dialplan, such as: %%dialplan from-provider",))
        return written(lab, DIALPLAN, lambda before: with_context(before, name, cell))

    return dialplan


def with_context(text: str, name: str, body: str) -> str:
    """A dialplan with this body for a context, in the place where the context was, or at the end."""
    section = f"[{name}]\n{body.strip()}\n\n"
    found = re.compile(_SECTION.format(name=re.escape(name)), re.MULTILINE | re.DOTALL)
    if found.search(text):
        return found.sub(lambda _: section, text, count=1).rstrip("\n") + "\n"
    return f"{text.rstrip()}\n\n{section}".rstrip("\n") + "\n"


def written(lab: Lab, file: str, change: Callable[[str], str]) -> Edit:
    """Change a file of the lab and make it count; what goes wrong is told, not raised."""
    if not file:
        return Edit("%%pbx", "", errors=("Name a file after %%pbx, such as: %%pbx pjsip.d/trunk-provider.conf",))
    before = dict(lab.config).get(file, "")
    diff = ""
    try:
        lab.config[file] = change(before)
        diff = difference(before, lab.config[file], file)
        return Edit(file, diff, lab.apply().way)
    except ConfigRejected as why:
        return Edit(file, diff, errors=tuple(map(str, why.facts.get("errors") or (why,))))  # type: ignore[call-overload]
    except LabError as why:
        return Edit(file, diff, errors=(str(why),))


def difference(before: str, after: str, file: str) -> str:
    """What changed, as a unified diff with a line of context."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{file} before", f"{file} now", "", "", 1, ""
    )
    return "\n".join(lines)
