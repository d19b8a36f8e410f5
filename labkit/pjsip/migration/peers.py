"""One peer, friend or user of sip.conf as PJSIP objects: endpoint, AOR, auth and identify."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labkit.pjsip.config import Option, Section
from labkit.pjsip.migration.draft import Draft, Lost
from labkit.pjsip.migration.words import GONE, WORDS

_HERE = ("type", "host", "port", "secret", "remotesecret", "md5secret", "defaultuser", "username", "insecure")
"""Options that are looked at as a whole, not one by one."""
_LOST = {
    "callbackextension": "write a registration with contact_user and line = yes",
    "regexten": "write aor and dialplan hints; PJSIP has global.regcontext",
    "defaultip": "PJSIP calls a phone only where it registered",
    "auth": "write an auth for each realm and name it in outbound_auth",
    "fullname": "PJSIP has no such option; callerid holds the name",
}
_PROVIDER = "chan_sip challenged its calls; a provider does not log in: then remove it"
_CODECS = ("ulaw", "alaw", "gsm", "h263")
"""What chan_sip allowed where sip.conf said nothing."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A section of sip.conf and the defaults of [general]."""

    section: Section
    defaults: list[Option]

    @property
    def name(self) -> str:
        """Its name."""
        return self.section.name

    @property
    def options(self) -> list[Option]:
        """Its options, those of [general] first; its own codecs take the place of the general ones."""
        own = {option.name.lower() for option in self.section.options}
        coded = own & {"allow", "disallow"}
        kept = [each for each in self.defaults if not (coded and each.name.lower() in ("allow", "disallow"))]
        return [*kept, *self.section.options]

    def values(self, name: str) -> list[str]:
        """All values of one of its own options."""
        return self.section.values(name)

    def option(self, *names: str) -> Option | None:
        """The last option of these names."""
        found = [option for option in self.section.options if option.name.lower() in names]
        return found[-1] if found else None

    @property
    def host(self) -> str:
        """The fixed address that it is at, empty where it registers."""
        option = self.option("host")
        return option.value.strip() if option and option.value.strip().lower() != "dynamic" else ""

    @property
    def user(self) -> str:
        """The user that it logs in as."""
        option = self.option("defaultuser", "username")
        return option.value if option else self.name

    @property
    def unchallenged(self) -> bool:
        """Whether chan_sip took its calls without a password (`insecure=invite` or `very`)."""
        return any(word.strip() in ("invite", "very") for value in self.values("insecure") for word in value.split(","))


def peer_drafts(peer: Peer, general: Section, lost: list[Lost]) -> Iterator[Draft]:
    """The objects of a peer; what has no place is added to `lost`."""
    kind = (peer.section.get("type") or "friend").lower()
    endpoint = Draft(peer.name, "endpoint", f"{kind} {peer.name}, {'at ' + peer.host if peer.host else 'registers'}.")
    aor = Draft(peer.name, "aor")
    _reached(peer, aor, general)
    for option in peer.options:
        _carried(peer, option, endpoint, aor, lost)
    if not endpoint.has("transport"):
        endpoint.set("transport", "transport-udp", "chan_sip's default")
    if not endpoint.has("context"):
        endpoint.set("context", "default", "chan_sip's default; give it a context of its own")
    if not endpoint.has("allow"):
        endpoint.set("allow", "!all," + ",".join(_CODECS), "chan_sip's default; PJSIP allows none by itself")
    if peer.host and kind != "user":
        endpoint.set("ignore_183_without_sdp", "yes", "chan_sip took a 183 without SDP for ringing, PJSIP passes it on")
    auths = list(_auths(peer, endpoint))
    if kind != "user":
        endpoint.set("aors", peer.name)
    yield endpoint
    if kind != "user":
        yield aor
    yield from auths
    if peer.host:
        identify = Draft(peer.name, "identify", "chan_sip knew a peer by its address; PJSIP does so by an identify.")
        identify.set("endpoint", peer.name)
        identify.set("match", peer.host, peer.option("host") or "")
        yield identify


def _carried(peer: Peer, option: Option, endpoint: Draft, aor: Draft, lost: list[Lost]) -> None:
    name = option.name.lower()
    if word := WORDS.get(name):
        word(endpoint, aor, option)
    elif name not in _HERE:
        reason = _LOST.get(name) or GONE.get(name, "there is no such thing in PJSIP")
        lost.append(Lost(peer.name, option, reason))


def _reached(peer: Peer, aor: Draft, general: Section) -> None:
    """Fixed contact or place for a registration."""
    if peer.host:
        port = peer.option("port")
        host = f"[{peer.host}]" if peer.host.count(":") > 1 else peer.host
        aor.set("contact", f"sip:{host}:{port.value if port else '5060'}", peer.option("host") or "")
        return
    aor.set("max_contacts", "1", peer.option("host") or "chan_sip kept one place for each peer")
    aor.set("remove_existing", "yes", "as chan_sip did: the newest registration counts")
    for old, new in (("defaultexpiry", "default_expiration"), ("minexpiry", "minimum_expiration"),
                     ("maxexpiry", "maximum_expiration")):  # fmt: skip
        for option in general.options:
            if option.name.lower() == old:
                aor.set(new, option.value, option)


def _auths(peer: Peer, endpoint: Draft) -> Iterator[Draft]:
    """Who proves what to whom."""
    secret, remote = peer.option("secret", "md5secret"), peer.option("remotesecret")
    if secret is None and remote is None:
        return
    if secret is not None and not (peer.host and peer.unchallenged):
        endpoint.set("auth", peer.name, _PROVIDER if peer.host else "it logs in at us")
    if peer.host:
        endpoint.set("outbound_auth", f"{peer.name}-out" if remote else peer.name, "our answer to its challenges")
    if secret is not None:
        yield _auth(peer.name, peer, secret)
    if remote is not None:
        yield _auth(f"{peer.name}-out", peer, remote)


def _auth(name: str, peer: Peer, secret: Option) -> Draft:
    auth = Draft(name, "auth")
    auth.set("auth_type", "digest")
    auth.set("username", peer.user, peer.option("defaultuser", "username") or "the peer's name, as in chan_sip")
    if secret.name.lower() == "md5secret":
        auth.set("realm", "asterisk", "the hash was made for this realm; chan_sip's default")
        auth.set("password_digest", f"MD5:{secret.value}", secret)
    else:
        auth.set("password", secret.value, secret)
    return auth
