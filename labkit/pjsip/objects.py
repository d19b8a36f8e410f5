"""The PJSIP objects that a configuration makes: each option's value in force, where it was set, what links to what.

    objects = read_objects("/etc/asterisk")
    objects["provider"].setting("endpoint.context")     # value, file and line, or that it is the default
    objects.endpoints["provider"].flag("direct_media")
    [link for link in objects.links if link.broken]

As Asterisk loads them (res_sorcery_config): of `type` the first value counts, names of options are compared without
regard to case, one wrong option refuses its object, and two objects of one name and type refuse all of that type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from labkit.errors import LabError, ParseError
from labkit.pjsip import config, reference, wizard
from labkit.pjsip.codecs import allowed
from labkit.pjsip.config import Config, Option, Remark, Section
from labkit.pjsip.loading import complaint, lack

LINKS: Mapping[tuple[str, str], str] = {
    ("endpoint", "transport"): "transport",
    ("endpoint", "aors"): "aor",
    ("endpoint", "auth"): "auth",
    ("endpoint", "outbound_auth"): "auth",
    ("identify", "endpoint"): "endpoint",
    ("registration", "transport"): "transport",
    ("registration", "outbound_auth"): "auth",
    ("registration", "endpoint"): "endpoint",
}
"""Options that name other objects: (type, option) to the type of what they name."""
SECRETS = frozenset({"password", "md5_cred", "password_digest", "oauth_secret", "refresh_token"})
"""Options whose value is not shown."""
_WIZARD = "pjsip_wizard.conf"
ALONE = ("global", "system")
"""Types of which there is one object, with defaults where no file names it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The value in force of one option of one object."""

    object: str
    """Type of the object."""
    id: str
    """Its name."""
    option: str
    value: str
    file: str = ""
    """File that sets it; empty for a default."""
    line: int = 0
    """Line there, counted from 1."""

    @property
    def given(self) -> bool:
        """Whether a file sets it."""
        return bool(self.file)

    @property
    def shown(self) -> str:
        """The value, a secret one hidden."""
        return "********" if self.option in SECRETS and self.value else self.value

    @property
    def place(self) -> str:
        """File and line, or that it is the default."""
        return f"{self.file}:{self.line}" if self.given else "default"

    def __str__(self) -> str:
        """Object, option, value and place in one line."""
        return f"[{self.id}] {self.object}.{self.option} = {self.shown} ({self.place})"


@dataclass(frozen=True, slots=True)
class Object:
    """One PJSIP object."""

    type: str
    id: str
    file: str
    """File of its section; empty where none makes it."""
    line: int
    options: tuple[Option, ...]
    """As given, templates included, in Asterisk's order."""

    def values(self, name: str) -> list[str]:
        """All values that are given of an option, in order."""
        return [option.value for option in self.options if option.name.lower() == name.lower()]

    def setting(self, name: str) -> Setting:
        """The value in force of an option and where it was set; LabError names the nearest option there is."""
        given = [option for option in self.options if option.name.lower() == name.lower()]
        if given:
            last = given[-1]
            return Setting(self.type, self.id, name.lower(), last.value, last.file, last.line)
        known = reference.known(self.type, name)
        if known is None:
            near = reference.nearest(self.type, name)
            hint = f"; did you mean {near}?" if near else "."
            raise LabError(f"A PJSIP {self.type} has no option {name!r}{hint}", object=self.type, option=name)
        return Setting(self.type, self.id, known.name, known.default)

    def value(self, name: str) -> str:
        """The value in force of an option, as it was written or as Asterisk reports its default."""
        return self.setting(name).value

    def flag(self, name: str) -> bool:
        """Whether an option is on."""
        return reference.true(self.value(name))

    def words(self, name: str) -> list[str]:
        """The parts of an option that may hold several, such as `aors`."""
        return [word.strip() for word in self.value(name).split(",") if word.strip()]

    @property
    def codecs(self) -> tuple[str, ...]:
        """The codecs that an endpoint's `allow` and `disallow` leave, best first."""
        return allowed(self.options)

    @property
    def given(self) -> bool:
        """Whether a file makes it; else it is there with its defaults."""
        return bool(self.file)

    def __str__(self) -> str:
        """Its section as text, each option with its place."""
        lines = [
            f"{option.name} = {'********' if option.name.lower() in SECRETS else option.value}    "
            f"; {option.file}:{option.line}"
            for option in self.options
        ]
        return "\n".join([f"[{self.id}]", *lines])


@dataclass(frozen=True, slots=True)
class Link:
    """One object names another."""

    source: Object
    setting: Setting
    """The option that names it."""
    type: str
    """Type of what is named."""
    id: str
    target: Object | None
    """None where there is no such object."""

    @property
    def broken(self) -> bool:
        """Whether it leads to nothing."""
        return self.target is None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that Asterisk does not load."""

    object: Object
    reason: str
    option: Option | None = None
    """The option that it refuses, where it is one."""


@dataclass(frozen=True, slots=True, repr=False)
class Group:
    """All that belongs to one name: its endpoint and what that links to, what identifies it, its registration."""

    name: str
    objects: tuple[Object, ...]

    def of(self, type_: str) -> list[Object]:
        """Its objects of a type."""
        return [each for each in self.objects if each.type == type_]

    def setting(self, name: str) -> Setting:
        """The value in force of an option such as `endpoint.context`; LabError where there is no such object."""
        type_, _, option = name.partition(".")
        found = self.of(type_)
        if not found:
            there = ", ".join(sorted({each.type for each in self.objects}))
            raise LabError(f"{self.name!r} has no {type_}; it has: {there}.", object=type_)
        return found[0].setting(option)

    def value(self, name: str) -> str:
        """The value in force of an option such as `endpoint.context`."""
        return self.setting(name).value

    def __str__(self) -> str:
        """All its objects as text."""
        return "\n\n".join(f"; {each.type}\n{each}" for each in self.objects)

    __repr__ = __str__


@dataclass(frozen=True)
class Objects:
    """All objects of a configuration."""

    all: tuple[Object, ...]
    """Those that Asterisk loads, in the order of the files."""
    refused: tuple[Refusal, ...] = ()
    """Those that it does not load, and why."""
    config: Config = field(default_factory=Config)
    """The sections that they were made of."""

    @property
    def remarks(self) -> list[Remark]:
        """What Asterisk warns of and reads over."""
        return self.config.remarks

    @cached_property
    def _by_type(self) -> dict[str, dict[str, Object]]:
        found: dict[str, dict[str, Object]] = {}
        for each in self.all:
            found.setdefault(each.type, {})[each.id] = each
        return found

    def of(self, type_: str) -> dict[str, Object]:
        """The objects of a type by name."""
        return self._by_type.get(type_, {})

    @property
    def endpoints(self) -> dict[str, Object]:
        """Endpoints by name."""
        return self.of("endpoint")

    @property
    def aors(self) -> dict[str, Object]:
        """AORs by name."""
        return self.of("aor")

    @property
    def auths(self) -> dict[str, Object]:
        """Auths by name."""
        return self.of("auth")

    @property
    def identifies(self) -> dict[str, Object]:
        """Identifies by name."""
        return self.of("identify")

    @property
    def registrations(self) -> dict[str, Object]:
        """Outbound registrations by name."""
        return self.of("registration")

    @property
    def transports(self) -> dict[str, Object]:
        """Transports by name."""
        return self.of("transport")

    def alone(self, type_: str) -> Object:
        """The one object of type global or system; with all defaults where no file makes it."""
        return next((each for each in self.all if each.type == type_), Object(type_, type_, "", 0, ()))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Which object names which."""
        return tuple(self._links())

    def _links(self) -> Iterator[Link]:
        found = {(each.type, each.id): each for each in self.all}
        for source in self.all:
            for (type_, option), target in LINKS.items():
                if source.type == type_:
                    setting = source.setting(option)
                    for name in source.words(option):
                        yield Link(source, setting, target, name, found.get((target, name)))

    def linked(self, target: Object) -> list[Object]:
        """The objects that name this one."""
        return [link.source for link in self.links if link.target == target]

    def __getitem__(self, name: str) -> Group:
        """All that belongs to a name; LabError names the nearest one there is."""
        seeds = [each for each in self.all if each.id == name]
        if not seeds:
            near = get_close_matches(name, {each.id for each in self.all}, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise LabError(f"There is no PJSIP object {name!r}{hint}", object=name)
        endpoints = [each for each in seeds if each.type == "endpoint"]
        around = [each for endpoint in endpoints for each in self.linked(endpoint)]
        beyond = [link.target for link in self.links if link.source in (*seeds, *around) and link.target]
        return Group(name, tuple(dict.fromkeys((*seeds, *around, *beyond))))

    def __contains__(self, name: object) -> bool:
        """Whether any object has this name."""
        return any(each.id == name for each in self.all)

    def __iter__(self) -> Iterator[str]:
        """The names, each once."""
        return iter(dict.fromkeys(each.id for each in self.all))


def read_files(source: str | Path) -> dict[str, str]:
    """The `.conf` files of a folder by their names below it, or one file and those beside it; ParseError where none is.

    Hidden files are left out. Bytes that are no UTF-8 stay as they are, as surrogates.
    """
    path = Path(source)
    folder = path if path.is_dir() else path.parent
    paths = sorted(each for each in folder.rglob("*") if each.is_file() and _wanted(each.relative_to(folder)))
    if not path.is_dir() and path.is_file() and path not in paths:
        paths.append(path)
    if not paths or not path.exists():
        raise ParseError(f"There is no configuration at {path}; give a folder with pjsip.conf or one file.", file=path)
    return {str(each.relative_to(folder)): each.read_bytes().decode(errors="surrogateescape") for each in paths}


def _wanted(path: Path) -> bool:
    return path.suffix == ".conf" and not any(part.startswith(".") for part in path.parts)


def read_objects(source: str | Path | Mapping[str, str], name: str = "pjsip.conf") -> Objects:
    """The objects of a folder such as /etc/asterisk, of one file, or of files by name.

    ParseError names file and line where Asterisk refuses the whole file, or that there is no such file.
    """
    if isinstance(source, Mapping):
        files = source
    else:
        files, name = read_files(source), name if Path(source).is_dir() else Path(source).name
    return made(config.read(files, name), config.read(files, _WIZARD) if _WIZARD in files else Config())


def made(read: Config, wizards: Config | None = None) -> Objects:
    """The objects that the sections of pjsip.conf make, and those that the wizard's make beside them."""
    candidates = [_object(section) for section in read.objects if section.type in reference.types()]
    there = {(each.type, each.id) for each in candidates}
    beside = map(_object, wizard.expanded(wizards or Config()))
    candidates += [each for each in beside if (each.type, each.id) not in there]
    refused = [*_duplicates(candidates)]
    lost = {id(refusal.object) for refusal in refused}
    refused += [refusal for each in candidates if id(each) not in lost for refusal in _refusals(each)]
    lost = {id(refusal.object) for refusal in refused}
    return Objects(tuple(each for each in candidates if id(each) not in lost), tuple(refused), read)


def _object(section: Section) -> Object:
    options = tuple(option for option in section.options if option.name.lower() != "type")
    return Object(str(section.type), section.name, section.file, section.line, options)


def _duplicates(candidates: Iterable[Object]) -> Iterator[Refusal]:
    by_name: dict[tuple[str, str], list[Object]] = {}
    for each in candidates:
        by_name.setdefault((each.type, each.id), []).append(each)
    twice = {type_: name for (type_, name), group in by_name.items() if len(group) > 1}
    for (type_, _), group in by_name.items():
        if type_ in twice:
            for each in group:
                yield Refusal(
                    each, f"there are two objects {twice[type_]!r} of type {type_}: all of this type are lost"
                )


def _refusals(each: Object) -> Iterator[Refusal]:
    for option in each.options:
        if reason := complaint(each.type, option.name, option.value):
            yield Refusal(each, reason, option)
            return
    if missing := lack(each.type, {option.name.lower(): option.value for option in each.options}):
        yield Refusal(each, missing)
