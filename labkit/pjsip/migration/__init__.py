"""From sip.conf to pjsip.conf: the objects that do what chan_sip did, a comment on each decision, and what is lost.

migration = migrate("/etc/asterisk/sip.conf")
print(migration)                 # the new pjsip.conf
migration.lost                   # what could not be carried over
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.errors import ParseError
from labkit.pjsip import config
from labkit.pjsip.config import Option, Section
from labkit.pjsip.migration.draft import Draft, Lost, source
from labkit.pjsip.migration.peers import Peer, peer_drafts
from labkit.pjsip.migration.words import GONE, WORDS
from labkit.pjsip.objects import read_files
from labkit.pjsip.reference import true

__all__ = ["Lost", "Migration", "migrate"]
_REGISTER = re.compile(
    r"(?:[^?/]+\?)?(?:(?P<transport>udp|tcp|tls)://)?(?P<user>[^:@/]+)(?:@(?P<domain>[^:@]+))?"
    r"(?::(?P<secret>[^:]*?)(?::(?P<login>[^@]*))?)?@(?P<host>[^:/~@]+)(?::(?P<port>\d+))?"
    r"(?:/(?P<contact>[^~]*))?(?:~(?P<expiry>\d+))?",
    re.IGNORECASE,
)
"""`register => [peer?][transport://]user[@domain][:secret[:authuser]]@host[:port][/extension][~expiry]`."""
_OWN = {"bindaddr", "bindport", "udpbindaddr", "tcpenable", "tcpbindaddr", "tlsenable", "tlsbindaddr", "tlscertfile",
        "tlsprivatekey", "tlscafile", "externaddr", "externip", "externhost", "localnet", "register", "useragent",
        "realm", "defaultexpiry", "minexpiry", "maxexpiry", "registertimeout", "registerattempts", "timert1", "timerb",
        "type"}  # fmt: skip
"""Options of [general] that are no defaults for peers."""
_TLS = (("tlscertfile", "cert_file"), ("tlsprivatekey", "priv_key_file"), ("tlscafile", "ca_list_file"))


@dataclass(frozen=True, slots=True, repr=False)
class Migration:
    """The new configuration and what is not in it."""

    drafts: tuple[Draft, ...]
    lost: tuple[Lost, ...]

    def __str__(self) -> str:
        """The text of pjsip.conf, what was lost in a comment at its end."""
        head = "; Made of sip.conf by labkit migrate. Each line says where it comes from; read them before you use it."
        advice = "; In the dialplan SIP/name becomes PJSIP/name, and SIP/trunk/number becomes PJSIP/number@trunk."
        tail = ["; Not carried over:", *(f";   {each}" for each in self.lost)] if self.lost else []
        return "\n\n".join([f"{head}\n{advice}", *map(str, self.drafts), *(["\n".join(tail)] if tail else [])]) + "\n"

    __repr__ = __str__


def migrate(source_: str | Path | Mapping[str, str], name: str = "sip.conf") -> Migration:
    """Migrate a sip.conf with what it includes; ParseError where it cannot be read or holds nothing."""
    if isinstance(source_, Mapping):
        files: Mapping[str, str] = source_
    else:
        path = Path(source_)
        files, name = read_files(path), "sip.conf" if path.is_dir() else path.name
    sections = config.read(files, name).objects
    if not sections:
        raise ParseError(f"{name} holds no section; give a sip.conf as chan_sip had it.", file=name)
    general = next((each for each in sections if each.name.lower() == "general"), Section("general", name, 1))
    return _migrated(general, [each for each in sections if each.name.lower() not in ("general", "authentication")])


def _migrated(general: Section, sections: list[Section]) -> Migration:
    lost: list[Lost] = []
    peers = [Peer(section, _defaults(general)) for section in _apart(sections)]
    drafts = [*_singles(general), *_transports(general, peers)]
    for peer in peers:
        drafts += peer_drafts(peer, general, lost)
    for option in general.options:
        if option.name.lower() == "register":
            drafts += _registration(option, general, peers, lost)
        elif option.name.lower() not in _OWN and option.name.lower() not in WORDS:
            reason = GONE.get(option.name.lower(), "there is no such thing in PJSIP, or not one for all endpoints")
            lost.append(Lost("general", option, reason))
    return Migration(tuple(drafts), tuple(lost))


def _apart(sections: list[Section]) -> Iterator[Section]:
    """Sections under names of their own: chan_sip let a peer and a user have the same one, PJSIP does not."""
    seen: Counter[str] = Counter()
    for section in sections:
        seen[section.name.lower()] += 1
        again = seen[section.name.lower()]
        yield section if again == 1 else replace(section, name=f"{section.name}-{again}")


def _defaults(general: Section) -> list[Option]:
    return [option for option in general.options if option.name.lower() in WORDS]


def _option(section: Section, *names: str) -> Option | None:
    found = [option for option in section.options if option.name.lower() in names]
    return found[-1] if found else None


def _singles(general: Section) -> Iterator[Draft]:
    """Sections of type global and system, where anything is said for them."""
    for type_, names in (("global", {"useragent": "user_agent", "realm": "default_realm"}),
                         ("system", {"timert1": "timer_t1", "timerb": "timer_b"})):  # fmt: skip
        draft = Draft(type_, type_)
        for old, new in names.items():
            if option := _option(general, old):
                draft.set(new, option.value, option)
        if draft.lines:
            yield draft


def _transports(general: Section, peers: list[Peer]) -> Iterator[Draft]:
    port = _option(general, "bindport")
    address = _option(general, "udpbindaddr", "bindaddr")
    yield _transport("udp", _bind(address, port.value if port else "5060"), address, general)
    asked = {word.strip().lower() for peer in peers for value in peer.values("transport") for word in value.split(",")}
    for protocol, own in (("tcp", "5060"), ("tls", "5061")):
        enabled = _option(general, f"{protocol}enable")
        if protocol in asked or (enabled and true(enabled.value)):
            bound = _option(general, f"{protocol}bindaddr") or address
            draft = _transport(protocol, _bind(bound, own), enabled, general)
            for old, new in _TLS if protocol == "tls" else ():
                if option := _option(general, old):
                    draft.set(new, option.value, option)
            yield draft


def _bind(option: Option | None, port: str) -> str:
    address = option.value.strip() if option else "0.0.0.0"  # noqa: S104 - chan_sip's own default
    address = {"::": "[::]"}.get(address, address)
    return address if re.search(r"(?<=[\d\]]):\d+$", address) else f"{address}:{port}"


def _transport(protocol: str, bind: str, because: Option | None, general: Section) -> Draft:
    draft = Draft(f"transport-{protocol}", "transport", "Where SIP is spoken.")
    draft.set("protocol", protocol)
    draft.set("bind", bind, because or "chan_sip's default")
    if external := _option(general, "externaddr", "externip", "externhost"):
        host, _, port = external.value.partition(":")
        draft.set("external_signaling_address", host, external)
        draft.set("external_media_address", host, external)
        if port:
            draft.set("external_signaling_port", port, external)
    for option in general.options:
        if option.name.lower() == "localnet":
            draft.set("local_net", option.value, option)
    return draft


def _registration(option: Option, general: Section, peers: list[Peer], lost: list[Lost]) -> Iterator[Draft]:
    match = _REGISTER.fullmatch(option.value.strip())
    if match is None:
        lost.append(Lost("general", option, "the register line is not understood"))
        return
    peer = next((each for each in peers if match["host"] in (each.name, each.host)), None)
    host = peer.host if peer and peer.host else match["host"]
    port = f":{match['port']}" if match["port"] else ""
    name = peer.name if peer else match["host"]
    draft = Draft(name, "registration", "We log in here; calls come to the Contact that we register.")
    draft.set("transport", f"transport-{(match['transport'] or 'udp').lower()}", "as chan_sip chose it")
    draft.set("server_uri", f"sip:{host}{port}", option)
    draft.set("client_uri", f"sip:{match['user']}@{match['domain'] or host}", option)
    extension = "the extension of the register line" if match["contact"] else "chan_sip's, where the line names none"
    draft.set("contact_user", match["contact"] or "s", extension)
    _tries(draft, general)
    expiry = _option(general, "defaultexpiry")
    why = option if match["expiry"] else expiry or "chan_sip's default"
    draft.set("expiration", match["expiry"] or (expiry.value if expiry else "120"), why)
    if match["secret"]:
        login = Draft(f"{name}-login", "auth", f"Our answer to the challenge to REGISTER of {name}.")
        login.set("auth_type", "digest")
        login.set("username", match["login"] or match["user"], source(option))
        login.set("password", match["secret"], source(option))
        draft.set("outbound_auth", login.name)
        yield login
    yield draft


def _tries(draft: Draft, general: Section) -> None:
    """How often and how long it tries: for ever, every 20 s, where sip.conf did not say."""
    pause, attempts = _option(general, "registertimeout"), _option(general, "registerattempts")
    draft.set("retry_interval", pause.value if pause else "20", pause or "chan_sip's default")
    limited = attempts is not None and attempts.value != "0"
    draft.set("max_retries", attempts.value if attempts and limited else "10000", attempts or "chan_sip never gave up")
