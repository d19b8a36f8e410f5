"""What an option means, what it is by default, what it is now and where that was set."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import resources

from labkit.errors import LabError
from labkit.pjsip import reference
from labkit.pjsip.documentation import Documentation
from labkit.pjsip.objects import Objects, Setting
from labkit.pjsip.reference import Known

_PAGE = "https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Module_Configuration/"
_MODULES = {"acl": "res_pjsip_acl", "identify": "res_pjsip_endpoint_identifier_ip", "resource_list": "res_pjsip_pubsub",
            "outbound-publish": "res_pjsip_outbound_publish",
            "registration": "res_pjsip_outbound_registration"}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """One option explained."""

    known: Known
    meaning: str
    """In one sentence; of rare options only where Asterisk's package is at hand."""
    description: str
    """Asterisk's own words, where its package is at hand."""
    lessons: tuple[str, ...]
    """Numbers of the lessons that use it."""
    settings: tuple[Setting, ...] = field(default=())
    """The value in force in each object, where there are objects."""

    @property
    def page(self) -> str:
        """Address of Asterisk's page on it."""
        return f"{_PAGE}{_MODULES.get(self.known.object, 'res_pjsip')}/"

    def __str__(self) -> str:
        """All of it as text."""
        known = self.known
        lines = [f"{known.object}.{known.name}: {self.meaning or 'see its page'}"]
        lines.append(f"  takes    {', '.join(known.choices) or _TAKES.get(known.kind, known.kind)}")
        lines.append(f"  default  {known.default or '(empty)'}")
        lines += [f"  in force {each.shown or '(empty)'}  [{each.id}] {each.place}" for each in self.settings]
        lines += [f"  lessons  {' '.join(self.lessons)}"] if self.lessons else []
        lines += [f"  since    {' '.join(known.since)}", f"  page     {self.page}"]
        return "\n".join(lines) + (f"\n\n{self.description}" if self.description else "")

    __repr__ = __str__


_TAKES = {
    "flag": "yes or no", "switch": "yes or no", "number": "a whole number", "integer": "a whole number",
    "decimal": "a number", "codecs": "codecs, comma between, such as !all,alaw,ulaw", "acl": "a network",
    "addresses": "addresses, networks or names", "uri": "a SIP URI", "uris": "SIP URIs", "variables": "name=value",
}  # fmt: skip


@cache
def _meanings() -> dict[str, tuple[tuple[str, ...], str]]:
    text = resources.files("labkit.pjsip").joinpath("meanings.tsv").read_text()
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {option: (tuple(lessons.split()), meaning) for option, lessons, meaning in rows}


def explain(name: str, objects: Objects | None = None, documentation: Documentation | None = None) -> Explanation:
    """Explain an option such as `endpoint.rtp_symmetric`; LabError names the nearest one there is.

    With objects the values in force are told, with Asterisk's documentation its own words.
    """
    type_, _, option = name.strip().partition(".")
    known = reference.known(type_, option)
    if known is None:
        raise LabError(f"There is no option {name!r}{_hint(type_, option)}", option=name)
    lessons, meaning = _meanings().get(f"{type_}.{known.name}", ((), ""))
    page = documentation.page(type_, known.name) if documentation else None
    return Explanation(
        known,
        meaning or (page.synopsis if page else ""),
        page.description if page else "",
        lessons,
        tuple(_settings(objects, known)) if objects else (),
    )


def _settings(objects: Objects, known: Known) -> list[Setting]:
    found = list(objects.of(known.object).values())
    if not found and known.object in ("global", "system"):
        found = [objects.alone(known.object)]
    return [each.setting(known.name) for each in found]


def _hint(type_: str, option: str) -> str:
    owners = [each for each in reference.types() if reference.known(each, option or type_)]
    if owners:
        return f"; did you mean {' or '.join(f'{owner}.{option or type_}' for owner in owners)}?"
    near = reference.nearest(type_, option)
    if near:
        return f"; did you mean {type_}.{near}?"
    types = get_close_matches(type_, reference.types(), 1)
    return f"; did you mean {types[0]}.{option}?" if types else f"; objects are: {', '.join(reference.types())}."
