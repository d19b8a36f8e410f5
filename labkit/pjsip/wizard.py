"""pjsip_wizard.conf: one section for a whole trunk or phone, expanded to the objects that Asterisk makes of it.

By docs.asterisk.org (PJSIP Configuration Wizard) and by what Asterisk 22 reports of the objects over ARI.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labkit.pjsip.config import Config, Option, Section
from labkit.pjsip.reference import true


def expanded(config: Config) -> list[Section]:
    """The sections that pjsip.conf would hold, had they been written one by one."""
    wizards = (section for section in config.objects if section.type == "wizard")
    return [made for wizard in wizards for made in _Wizard(wizard).sections()]


class _Wizard:
    """One section of type wizard."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._hosts = [host.strip() for host in self._value("remote_hosts").split(",") if host.strip()]

    def sections(self) -> Iterator[Section]:
        yield self._aor()
        for direction, asked in (("inbound", "accepts_auth"), ("outbound", "sends_auth")):
            own = self._own(f"{direction}_auth")
            if self._is(asked) and any(option.name == "username" for option in own):
                yield self._object("auth", f"-{direction[0]}auth", own)
        yield self._endpoint()
        line = self._is("sends_line_with_registrations")
        if not line and not self._is("accepts_registrations"):
            yield from self._identify()
        if self._is("sends_registrations"):
            yield from (self._registration(number, host, line) for number, host in enumerate(self._hosts))

    def _aor(self) -> Section:
        own = self._own("aor")
        if not any(option.name == "contact" for option in own):
            own = [self._filled("contact", "contact_pattern", "sip:${REMOTE_HOST}", host) for host in self._hosts] + own
        return self._object("aor", "", own + self._shared("outbound_proxy"))

    def _endpoint(self) -> Section:
        made = [self._given("aors", self._section.name)]
        if self._is("accepts_auth"):
            made.append(self._given("auth", f"{self._section.name}-iauth", "accepts_auth"))
        if self._is("sends_auth"):
            made.append(self._given("outbound_auth", f"{self._section.name}-oauth", "sends_auth"))
        return self._object("endpoint", "", self._own("endpoint") + self._shared("transport", "outbound_proxy") + made)

    def _identify(self) -> Iterator[Section]:
        own = self._own("identify")
        if not any(option.name == "match" for option in own):
            own += [self._given("match", host, "remote_hosts") for host in self._hosts]
        if any(option.name == "match" for option in own):
            yield self._object("identify", "-identify", [*own, self._given("endpoint", self._section.name)])

    def _registration(self, number: int, host: str, line: bool) -> Section:
        made = [
            self._filled("server_uri", "server_uri_pattern", "sip:${REMOTE_HOST}", host),
            self._filled("client_uri", "client_uri_pattern", "sip:${USERNAME}@${REMOTE_HOST}", host),
        ]
        if self._is("sends_auth"):
            made.append(self._given("outbound_auth", f"{self._section.name}-oauth", "sends_auth"))
        own = self._own("registration") + self._shared("transport", "outbound_proxy")
        if line:
            asked = "sends_line_with_registrations"
            made += [self._given("line", "yes", asked), self._given("endpoint", self._section.name, asked)]
        return self._object("registration", f"-reg-{number}", own + made)

    def _value(self, name: str, default: str = "") -> str:
        return self._section.get(name, default) or default

    def _is(self, name: str) -> bool:
        return true(self._value(name))

    def _own(self, prefix: str) -> list[Option]:
        """The options that are meant for one object, such as endpoint/context."""
        options = self._section.options
        split = ((option, option.name.partition("/")) for option in options)
        return [replace(option, name=name) for option, (type_, _, name) in split if type_.lower() == prefix and name]

    def _shared(self, *names: str) -> list[Option]:
        """The options that are meant for several objects."""
        return [option for option in self._section.options if option.name.lower() in names]

    def _given(self, name: str, value: str, because: str = "type") -> Option:
        """An option that the wizard writes, with the place of the one it comes from."""
        source = next(option for option in reversed(self._section.options) if option.name.lower() == because)
        return Option(name, value, source.file, source.line)

    def _filled(self, name: str, pattern: str, default: str, host: str) -> Option:
        user = next((option.value for option in self._own("outbound_auth") if option.name == "username"), "")
        known = {"${REMOTE_HOST}": host, "${USERNAME}": user or self._section.name}
        value = self._value(pattern, default)
        for placeholder, text in known.items():
            value = value.replace(placeholder, text)
        return self._given(name, value, pattern if self._section.get(pattern) else "remote_hosts")

    def _object(self, type_: str, suffix: str, options: list[Option]) -> Section:
        kind = Option("type", type_, self._section.file, self._section.line)
        name = f"{self._section.name}{suffix}"
        return Section(name, self._section.file, self._section.line, options=[kind, *options])
