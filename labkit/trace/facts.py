"""What the tables need to know of each message, read once, and never refused: capture files hold broken messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from labkit.errors import ParseError
from labkit.sip.grammar import canonical, split_list
from labkit.sip.message import Request
from labkit.sip.uri import Address
from labkit.sip.via import MAGIC_COOKIE, Via
from labkit.trace.announced import Announcement, announcements
from labkit.trace.sipscan import Message

_DIGITS = re.compile(r"\+?[0-9][0-9+\-.()]*")
_NOBODY = ("", "anonymous", "unknown", "asterisk")
_SESSION = canonical("Session-ID")
_CHARGING = "P-Charging-Vector"
OTHER_LEG = tuple(map(canonical, ("X-Call-ID", "X-CID", "X-Parent-Call-ID", "X-Original-Call-ID", "X-Leg-Call-ID")))
"""Headers in which B2BUAs name the Call-ID of the leg they came from."""
_ASSERTED = "P-Asserted-Identity"
_RARE = frozenset((_SESSION, _CHARGING, *OTHER_LEG, _ASSERTED))


class Facts(NamedTuple):  # made for every message: twice as fast as a frozen dataclass
    """Header values of one message; empty text where the message has none or a broken one."""

    message: Message
    """The message itself."""
    branch: str
    """Branch of the topmost Via."""
    sent_by: str
    """Host of the topmost Via."""
    uri: str
    """Request-URI of a request."""
    from_user: str
    """User part of From."""
    from_tag: str
    """Tag of From."""
    to_user: str
    """User part of To."""
    to_tag: str
    """Tag of To."""
    contact: str
    """Contact as written."""
    user_agent: str
    """User-Agent or Server."""
    session_ids: frozenset[str]
    """Both halves of Session-ID (RFC 7989), without the nil UUID."""
    charging_id: str
    """icid-value of P-Charging-Vector (RFC 7315)."""
    named_call_ids: frozenset[str]
    """Call-IDs of other legs that a B2BUA wrote into a header."""
    asserted_user: str
    """User part of P-Asserted-Identity."""
    media: tuple[Announcement, ...]
    """Media sections of its session description."""
    damage: str
    """Why the message could not be read in full."""

    @property
    def callers(self) -> frozenset[str]:
        """Who calls: users of From and P-Asserted-Identity; of numbers the digits only."""
        return _known(self.from_user, self.asserted_user)

    @property
    def called(self) -> frozenset[str]:
        """Who is called: users of To and Request-URI; of numbers the digits only."""
        return _known(self.to_user, self.uri.partition(":")[2].partition("@")[0].partition(";")[0])

    @property
    def sdp(self) -> str:
        """The session description in short, such as "audio 10.10.0.10:10000 PCMA, PCMU, telephone-event sendrecv"."""
        return "; ".join(_short(each) for each in self.media)


def facts(messages: Sequence[Message]) -> list[Facts]:
    """Read all messages."""
    return [_facts(message) for message in messages]


def _facts(message: Message) -> Facts:
    try:
        sip = message.sip
    except ParseError as why:
        nobody = ("",) * 9
        return Facts(message, *nobody, *_PLAIN, (), str(why))
    first = sip.first
    get = first.get
    branch, sent_by, damage = _hop(get("Via", ""))
    uri = sip.uri if isinstance(sip, Request) else ""
    from_, to = _party(get("From", "")), _party(get("To", ""))
    agent = get("User-Agent") or get("Server", "")
    rare = _PLAIN if _RARE.isdisjoint(first) else _rare(first)
    media = tuple(announcements((message,)))
    return Facts(message, branch, sent_by, uri, *from_, *to, get("Contact", ""), agent, *rare, media, damage)


Rare = tuple[frozenset[str], str, frozenset[str], str]
"""session_ids, charging_id, named_call_ids, asserted_user."""

_PLAIN: Rare = (frozenset(), "", frozenset(), "")
"""What most messages have of these: nothing."""


def _rare(first: Mapping[str, str]) -> Rare:
    named = frozenset(filter(None, map(first.get, OTHER_LEG)))
    charging = _parameter(first.get(_CHARGING, ""), "icid-value")
    return _session_ids(first.get(_SESSION, "")), charging, named, _party(first.get(_ASSERTED, ""))[0]


@lru_cache(maxsize=2048)
def _hop(vias: str) -> tuple[str, str, str]:
    """Branch and host of the topmost Via, and what is wrong with it."""
    try:
        via = Via.parse(next(iter(split_list(vias)), ""))
    except ParseError as why:
        return "", "", str(why)
    return via.branch, via.host, ""


@lru_cache(maxsize=2048)
def _party(value: str) -> tuple[str, str]:
    """User and tag of an address; empty where it is broken."""
    try:
        address = Address.parse(value)
    except ParseError:
        return "", ""
    return address.uri.number, address.tag or ""


@lru_cache(maxsize=256)
def _session_ids(value: str) -> frozenset[str]:
    halves = (value.partition(";")[0].strip(), _parameter(value, "remote"))
    return frozenset(half.lower() for half in halves if half.strip("0-"))


def _parameter(value: str, name: str) -> str:
    for part in value.split(";"):
        key, _, text = part.partition("=")
        if key.strip().lower() == name:
            return text.strip().strip('"')
    return ""


def _known(*users: str) -> frozenset[str]:
    return frozenset(_plain(user) for user in users if user.lower() not in _NOBODY)


@lru_cache(maxsize=2048)
def _plain(user: str) -> str:
    return "".join(filter(str.isdigit, user)) if _DIGITS.fullmatch(user) else user.lower()


def _short(announcement: Announcement) -> str:
    session, media = announcement.session, announcement.media
    names = ", ".join(each.name for each in media.rtp_formats) or media.protocol
    address, port = announcement.endpoint
    if not port:
        return f"{media.kind} refused"
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{media.kind} {where} {names} {session.direction(media)}"


def is_cookie(branch: str) -> bool:
    """Whether a branch identifies a transaction by itself (RFC 3261 section 8.1.1.7)."""
    return branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE)
