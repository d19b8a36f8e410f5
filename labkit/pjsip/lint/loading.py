"""What Asterisk refuses or reads over as it loads the files."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from labkit.pjsip import reference
from labkit.pjsip.lint.legacy import PEER_OPTIONS
from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.objects import Refusal

_OTHER_TYPES = ("contact", "subscription_persistence", "asterisk-publication", "inbound-publication", "phoneprov",
                "wizard")  # fmt: skip
_LOG = "Asterisk 22's log: Could not create an object of type"


@rule(
    "PJ001", "error", "A file that Asterisk refuses as a whole",
    why="Nothing of the file counts; on a reload everything in it keeps its old state.",
    fix="Mend the line; `labkit lint` again until the file is read.",
    lesson="02", source="docs.asterisk.org, Asterisk Configuration Files",
)  # fmt: skip
def refused_file(subject: Subject) -> Iterator[Spot]:
    """Files that cannot be read."""
    _ = subject.objects, subject.plan
    for why in subject.refused:
        yield Spot(str(why).rstrip("."), str(why.facts.get("file", "")), int(str(why.facts.get("line", 0))))


@rule(
    "PJ002", "warning", "A line that Asterisk reads over",
    why="The line has no effect; Asterisk says so only in its log.",
    fix="Write it as `name = value`, or remove it.",
    lesson="02", source="docs.asterisk.org, Asterisk Configuration Files",
)  # fmt: skip
def line_read_over(subject: Subject) -> Iterator[Spot]:
    """Lines without effect in the objects or in the dialplan."""
    for remark in dict.fromkeys((*subject.objects.remarks, *subject.plan.remarks)):
        yield Spot(remark.text, remark.file, remark.line)


def _spot(refusal: Refusal) -> Spot:
    at = refusal.option or refusal.object
    return Spot(
        f"{refusal.object.type} [{refusal.object.id}] is not loaded: {refusal.reason}",
        at.file,
        at.line,
        f"{refusal.object.type} {refusal.object.id}",
        refusal.option.name if refusal.option else "",
    )


def _is_known(refusal: Refusal) -> bool:
    return refusal.option is not None and reference.known(refusal.object.type, refusal.option.name) is not None


@rule(
    "PJ003", "error", "An option that the object does not have",
    why="One unknown option costs the whole object: it is missing, or a reload keeps the old one.",
    fix="Correct the spelling, or move the option to the object that has it.",
    lesson="02", source=_LOG,
)  # fmt: skip
def unknown_option(subject: Subject) -> Iterator[Spot]:
    """Misspelt options, and options of another type."""
    for refusal in subject.objects.refused:
        option = refusal.option
        if option is None or _is_known(refusal) or option.name.lower() in PEER_OPTIONS:
            continue
        owners = [type_ for type_ in reference.types() if reference.known(type_, option.name)]
        fix = f"{option.name} is an option of {' and '.join(owners)}: set it there." if owners else ""
        spot = _spot(refusal)
        yield Spot(spot.text, spot.file, spot.line, spot.object, spot.option, fix)


@rule(
    "PJ004", "error", "A value that the option cannot have",
    why="One refused value costs the whole object: it is missing, or a reload keeps the old one.",
    fix="Write a value of the kind that the option takes.",
    lesson="02", source=_LOG,
)  # fmt: skip
def refused_value(subject: Subject) -> Iterator[Spot]:
    """Values that Asterisk does not take."""
    return (_spot(refusal) for refusal in subject.objects.refused if _is_known(refusal))


@rule(
    "PJ005", "error", "An object that lacks what it must have",
    why="Asterisk does not load it.",
    fix="Add the option.",
    lesson="02", source=_LOG,
)  # fmt: skip
def lacking_object(subject: Subject) -> Iterator[Spot]:
    """Objects without an option that they must have."""
    lacks = (each for each in subject.objects.refused if each.option is None and " must have " in each.reason)
    return (_spot(each) for each in lacks if "line" not in each.reason.split())


@rule(
    "PJ006", "error", "Two objects of one type and name",
    why="Asterisk then loads no object of that type at all.",
    fix="Give each its own name, or make one section of the two.",
    lesson="02", source="Asterisk 22's log: configuration contains a duplicate object",
)  # fmt: skip
def twice(subject: Subject) -> Iterator[Spot]:
    """The second of two objects."""
    seen: set[tuple[str, str]] = set()
    for refusal in subject.objects.refused:
        key = (refusal.object.type, refusal.object.id)
        if "there are two" in refusal.reason and key in seen:
            yield _spot(refusal)
        seen.add(key)


@rule(
    "PJ007", "warning", "A section whose type PJSIP does not know",
    why="Asterisk reads over it without a word; what it was meant to make is missing.",
    fix="Set type to one of the kinds of objects, first in the section.",
    lesson="02", source="docs.asterisk.org, PJSIP Configuration Sections and Relationships",
)  # fmt: skip
def unknown_type(subject: Subject) -> Iterator[Spot]:
    """Sections without a type or with a wrong one."""
    known = (*reference.types(), *_OTHER_TYPES)
    for section in subject.objects.config.objects:
        if section.type in known or section.type in ("peer", "friend", "user"):
            continue
        near = get_close_matches((section.type or "").lower(), known, 1)
        fix = f"Write type = {near[0]}" if near else ""
        what = f"type {section.type!r} is none" if section.type else "there is no type"
        yield Spot(f"[{section.name}]: {what}", section.file, section.line, option="type", fix=fix)


@rule(
    "PJ008", "error", "A link to nothing",
    why="The object that is named does not exist, so what the link is for does not work.",
    fix="Make the object, or correct its name.",
    lesson="02", source="docs.asterisk.org, PJSIP Configuration Sections and Relationships", whole=True,
)  # fmt: skip
def broken_link(subject: Subject) -> Iterator[Spot]:
    """Options that name an object that is not there."""
    lost = {(refusal.object.type, refusal.object.id) for refusal in subject.objects.refused}
    for link in subject.objects.links:
        if link.broken and (link.type, link.id) not in lost:
            source, setting = link.source, link.setting
            names = {each.id for each in subject.objects.all if each.type == link.type}
            near = get_close_matches(link.id, names, 1)
            fix = f"There is {link.type} {near[0]!r}: write {setting.option} = {near[0]}" if near else ""
            text = f"{source.type} [{source.id}] names {link.type} {link.id!r} in {setting.option}; there is none"
            yield Spot(text, setting.file, setting.line, f"{source.type} {source.id}", setting.option, fix)
