"""Asterisk's configuration as the rules ask for it: objects by type, who a peer is, which context a number is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path

from labkit.diagnosis.finding import Evidence
from labkit.diagnosis.memory import Memory
from labkit.errors import LabError, ParseError
from labkit.pjsip import dialplan, objects
from labkit.pjsip.config import Config, Option, Section, read
from labkit.pjsip.objects import Object, Objects, read_files

_HOST = re.compile(r"(?:sips?:)?(?:[^@;>]*@)?\[?(?P<host>[\w.:-]+?)\]?(?::\d+)?(?:;.*)?>?$")
_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - read, never bound
_LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """The files of a configuration, read when first asked for; empty where there are none."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Name below the folder to text."""

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read a folder such as /etc/asterisk, or one file with PJSIP objects; LabError says what is not there."""
        if path.is_dir():
            return cls(read_files(path))
        if path.is_file():
            return cls({"pjsip.conf": _text(path)})
        raise LabError(f"There is no configuration at {path}; give a folder such as /etc/asterisk.", path=str(path))

    def __bool__(self) -> bool:
        return bool(self.files)

    def config(self, name: str) -> Config:
        """A file with all that it includes; empty where it is missing or Asterisk would refuse it."""
        return self._configs[name]

    @cached_property
    def _configs(self) -> Memory[str, Config]:
        return Memory(self._config)

    def _config(self, name: str) -> Config:
        try:
            return read(self.files, name)
        except ParseError:
            return Config()

    @cached_property
    def _pjsip(self) -> Objects:
        return objects.made(self.config("pjsip.conf"), self.config("pjsip_wizard.conf"))

    def objects(self, kind: str) -> Iterator[Section]:
        """PJSIP objects of a type, in order; those that a wizard makes are among them."""
        return iter(self._objects[kind])

    @cached_property
    def _objects(self) -> Memory[str, list[Section]]:
        return Memory(lambda kind: [_section(each) for each in self._pjsip.of(kind).values() if each.given])

    @property
    def refused(self) -> Iterator[tuple[Section, str, str]]:
        """What Asterisk does not load: the object, the option it refuses or an empty text, and why."""
        for each in self._pjsip.refused:
            yield _section(each.object), each.option.name if each.option else "", each.reason

    def object(self, kind: str, name: str) -> Section | None:
        """A PJSIP object by type and name."""
        return next((each for each in self.objects(kind) if each.name == name), None)

    def general(self, name: str) -> Section:
        """The section [general] of a file; an empty one where there is none."""
        return self.config(name).find("general") or Section("general", name, 0)

    @cached_property
    def own_addresses(self) -> tuple[str, ...]:
        """Addresses that transports bind or present as their own."""
        options = ("bind", "external_signaling_address", "external_media_address")
        found = (host_of(each.get(name) or "") for each in self.objects("transport") for name in options)
        return tuple(each for each in found if each not in _ANYWHERE)

    @cached_property
    def trunk_hosts(self) -> frozenset[str]:
        """Addresses of providers: those identified, registered at, or reached by a fixed contact."""
        found = [match for each in self.objects("identify") for match in matches(each)]
        found += [each.get("server_uri") or "" for each in self.objects("registration")]
        found += [contact for each in self.objects("aor") for contact in each.values("contact")]
        return frozenset(host_of(each) for each in found if each)

    def identifies(self, address: str) -> list[Section]:
        """The identify objects that match an address."""
        return self._identified[address]

    @cached_property
    def _identified(self) -> Memory[str, list[Section]]:
        return Memory(self._identifies)

    def _identifies(self, address: str) -> list[Section]:
        return [each for each in self.objects("identify") if any(_covers(one, address) for one in matches(each))]

    def endpoint_at(self, address: str) -> Section | None:
        """The endpoint meant for a provider's address: by its identify, or by its AOR's contact."""
        return self._endpoints[address]

    @cached_property
    def _endpoints(self) -> Memory[str, Section | None]:
        return Memory(self._endpoint_at)

    def _endpoint_at(self, address: str) -> Section | None:
        named = [each.get("endpoint") or "" for each in self.identifies(address)]
        aors = {each.name for each in self.objects("aor") if address in map(host_of, each.values("contact"))}
        for each in self.objects("endpoint"):
            if each.name in named or aors & set(_list(each.get("aors") or "")):
                return each
        return None

    def contexts_of(self, number: str) -> list[str]:
        """The contexts of the dialplan that have an extension for a number, in the order of the file."""
        return self._contexts[number]

    @cached_property
    def _contexts(self) -> Memory[str, list[str]]:
        plan = dialplan.made(self.config("extensions.conf"))
        return Memory(lambda number: [name for name in plan.contexts if plan.find(number, name)])

    def dialled(self, technology: str) -> list[str]:
        """Where the dialplan dials by a channel technology such as `SIP/`, as file, line and text."""
        return [
            f"{option.file}, line {option.line}: {option.value}"
            for section in self.config("extensions.conf").objects
            for option in section.options
            if re.search(rf"Dial\({technology}", option.value)
        ]

    @property
    def trunk_endpoints(self) -> list[Section]:
        """Endpoints whose AOR has a fixed contact, or to which an identify points."""
        named = {each.get("endpoint") for each in self.objects("identify")}
        fixed = {each.name for each in self.objects("aor") if each.get("contact")}
        found = self.objects("endpoint")
        return [each for each in found if each.name in named or fixed & set(_list(each.get("aors") or ""))]


def _section(each: Object) -> Section:
    kind = Option("type", each.type, each.file, each.line)
    return Section(each.id, each.file, each.line, options=[kind, *each.options])


def matches(identify: Section) -> list[str]:
    """The addresses, networks and names of an identify."""
    return [part for value in identify.values("match") for part in _list(value)]


def host_of(text: str) -> str:
    """The host of a URI or of an address with a port; a network stays as it is."""
    text = text.strip()
    found = _HOST.match(text)
    return text if "/" in text and "@" not in text else found["host"] if found else text


def cited(section: Section, name: str) -> Evidence:
    """An option, or that it is not there, as evidence."""
    option = next((each for each in reversed(section.options) if each.name.lower() == name.lower()), None)
    if option is None:
        text = f"{section.file}, line {section.line}: [{section.name}] type={section.type} has no {name}"
    else:
        text = f"{option.file}, line {option.line}: [{section.name}] {option.name} = {option.value}"
    return Evidence("config", text)


def yes(section: Section | None, name: str, default: bool = False) -> bool:
    """Whether an option is on, as Asterisk reads it."""
    value = section.get(name) if section else None
    return default if value is None else value.strip().lower() in ("yes", "true", "y", "t", "1", "on")


def _list(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _covers(match: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(
            match.partition(":")[0] if match.count(":") == 1 else match, strict=False
        )
    except ValueError:
        return False


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE).decode("utf-8", "replace")
