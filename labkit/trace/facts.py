"""What the tables need to know of each message, read once, and never refused: capture files hold broken messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.errors import ParseError
from labkit.sip.grammar import canonical
from labkit.sip.message import Request, Response
from labkit.sip.uri import Address
from labkit.sip.via import MAGIC_COOKIE, Via
from labkit.trace.announced import Announcement, announcements
from labkit.trace.sipscan import Message

_DIGITS = re.compile(r"\+?[0-9][0-9+\-.()]*")
_NOBODY = ("", "anonymous", "unknown", "asterisk")
_SESSION = canonical("Session-ID")
_CHARGING = "P-Charging-Vector"
OTHER_LEG = ("X-Call-ID", "X-CID", "X-Parent-Call-ID", "X-Original-Call-ID", "X-Leg-Call-ID")
"""Headers in which B2BUAs name the Call-ID of the leg they came from."""


@dataclass(frozen=True, slots=True)
class Facts:
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
    user_agent: str
    """User-Agent or Server."""
    session_ids: frozenset[str]
    """Both halves of Session-ID (RFC 7989), without the nil UUID."""
    charging_id: str
    """icid-value of P-Charging-Vector (RFC 7315)."""
    named_call_ids: frozenset[str]
    """Call-IDs of other legs that a B2BUA wrote into a header."""
    identities: tuple[str, ...]
    """Whom the message is about: users of From, P-Asserted-Identity, To, Request-URI; of numbers the digits only."""
    media: tuple[Announcement, ...]
    """Media sections of its session description."""
    damage: str
    """Why the message could not be read in full."""

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
        return Facts(
            message, "", "", "", "", "", "", "", "", frozenset(), "", frozenset(), (), (), str(why)
        )  # fmt: skip
    via, damage = _via(sip)
    origin, target = _address(sip, "From"), _address(sip, "To")
    uri = sip.uri if isinstance(sip, Request) else ""
    return Facts(
        message=message, branch=via.branch if via else "", sent_by=via.host if via else "", uri=uri,
        from_user=_user(origin), from_tag=_tag(origin), to_user=_user(target), to_tag=_tag(target),
        user_agent=sip.get("User-Agent") or sip.get("Server") or "",
        session_ids=_session_ids(sip.get(_SESSION) or ""),
        charging_id=_parameter(sip.get(_CHARGING) or "", "icid-value"),
        named_call_ids=frozenset(value for name in OTHER_LEG if (value := sip.get(canonical(name)))),
        identities=_identities(sip, origin, target, uri), media=tuple(announcements([message])), damage=damage,
    )  # fmt: skip


def _via(sip: Request | Response) -> tuple[Via | None, str]:
    try:
        return sip.via, ""
    except ParseError as why:
        return None, str(why)


def _address(sip: Request | Response, name: str) -> Address | None:
    try:
        return Address.parse(sip.get(name) or "")
    except ParseError:
        return None


def _user(address: Address | None) -> str:
    return address.uri.number if address else ""


def _tag(address: Address | None) -> str:
    return (address.tag if address else None) or ""


def _session_ids(value: str) -> frozenset[str]:
    halves = (value.partition(";")[0].strip(), _parameter(value, "remote"))
    return frozenset(half.lower() for half in halves if half.strip("0-"))


def _parameter(value: str, name: str) -> str:
    for part in value.split(";"):
        key, _, text = part.partition("=")
        if key.strip().lower() == name:
            return text.strip().strip('"')
    return ""


def _identities(sip: Request | Response, origin: Address | None, target: Address | None, uri: str) -> tuple[str, ...]:
    asserted = _address(sip, "P-Asserted-Identity")
    request = uri.partition(":")[2].partition("@")[0].partition(";")[0]
    users = (_user(origin), _user(asserted), _user(target), request)
    return tuple(dict.fromkeys(_plain(user) for user in users if user.lower() not in _NOBODY))


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
