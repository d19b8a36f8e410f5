"""Lint of an Asterisk configuration: what will not work, what will hurt, why, and what to write instead.

report = lint("/etc/asterisk")
report.findings, report.errors
print(report)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.pjsip import reference
from labkit.pjsip.lint import habits, legacy, loading, media, numbers, security, trunks
from labkit.pjsip.lint.rule import RULES, SEVERITIES, Finding, Rule, finding
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.objects import read_files

__all__ = ["RULES", "Finding", "Report", "Rule", "lint", "lint_files"]
_PLAN = re.compile(r"^extensions.*\.conf$")
_LOOKS = re.compile(
    r"^\s*(type\s*=\s*(endpoint|aor|auth|identify|registration|transport)|(exten|same)\s*=)", re.MULTILINE
)
"""What tells a file that cannot be read at all as one of ours."""
_ROOMS = (loading, trunks, habits, media, legacy, numbers, security)
"""The modules whose rules are declared as they load."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What lint found, errors first."""

    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(each for each in self.findings if each.severity == "error")

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"findings": [each.as_dict() for each in self.findings]}

    def __str__(self) -> str:
        """All findings, and how many there are of each severity."""
        counts = {name: sum(each.severity == name for each in self.findings) for name in SEVERITIES}
        said = ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in counts.items() if count)
        return "\n".join([*map(str, self.findings), said or "No findings."])

    __repr__ = __str__


def lint(source: str | Path, firewall: str = "") -> Report:
    """Lint a folder such as /etc/asterisk, or one file; ParseError where there is none.

    One file is taken for a piece: what it names may be elsewhere, so no link in it is called broken. `firewall` are the
    rules in front (nft or iptables-save), to be compared with the RTP ports.
    """
    path = Path(source)
    files = read_files(path)
    return lint_files(files if path.is_dir() else {path.name: files[path.name]}, firewall, whole=path.is_dir())


def lint_files(files: Mapping[str, str], firewall: str = "", whole: bool = True) -> Report:
    """Lint texts by their names; pieces of a configuration where it is not the whole of it."""
    if whole:
        return _report(Subject(files, firewall=firewall))
    pieces = [_report(_piece({name: text}, name, firewall)) for name, text in files.items()]
    return Report(tuple(found for piece in pieces for found in piece.findings))


def _piece(files: Mapping[str, str], name: str, firewall: str) -> Subject:
    """One file as what it looks like: objects, a dialplan or neither."""
    subject = Subject(files, firewall=firewall, whole=False, pjsip="", extensions="")
    sections = subject.config(name).objects
    options = [option for section in sections for option in section.options]
    if any(option.name.lower() == "exten" and option.value.count(",") > 1 for option in options) or _PLAN.search(name):
        return replace(subject, extensions=name)
    if name == "pjsip.conf" or any(section.type in reference.types() for section in sections):
        return replace(subject, pjsip=name)
    return subject if _LOOKS.search(files[name]) else replace(subject, refused=[])


def _report(subject: Subject) -> Report:
    rules = (each for each in RULES.values() if subject.whole or not each.whole)
    found = [finding(each, spot) for each in rules for spot in each.check(subject)]
    found.sort(key=lambda each: (SEVERITIES.index(each.severity), each.file, each.line, each.id))
    return Report(tuple(dict.fromkeys(found)))
