"""Dialogs (RFC 3261 section 12): what two user agents remember of each other between requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex

from labkit.sip.message import Message, Request, Response, Row
from labkit.sip.uri import Address, Uri

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag (section 12)."""


@dataclass(slots=True)
class Dialog:
    """One dialog, seen from this side."""

    call_id: str
    """Shared by all its requests."""
    local: Address
    """Our URI with our tag."""
    remote: Address
    """Their URI with their tag."""
    target: Uri
    """Remote target: the Contact they gave last."""
    routes: tuple[str, ...] = ()
    """Route set in the order of use."""
    local_seq: int = 0
    """CSeq of our last request; 0 before the first."""
    remote_seq: int | None = None
    """CSeq of their last request."""

    @classmethod
    def of_uac(cls, invite: Request, response: Response) -> Dialog:
        """Make the caller's dialog from its request and the response that creates it (section 12.1.2)."""
        routes = tuple(reversed(response.values("Record-Route")))
        contact = response.contact
        target = contact.uri if contact else invite.target
        return cls(invite.call_id, invite.from_, response.to, target, routes, invite.cseq.number)

    @classmethod
    def of_uas(cls, request: Request, local_tag: str) -> Dialog:
        """Make the callee's dialog from a request and the tag of its responses (section 12.1.1)."""
        contact = request.contact
        target = contact.uri if contact else request.from_.uri
        routes = tuple(request.values("Record-Route"))
        return cls(
            request.call_id, request.to.tagged(local_tag), request.from_, target, routes, remote_seq=request.cseq.number
        )

    @property
    def id(self) -> DialogId:
        """What identifies the dialog here."""
        return self.call_id, self.local.tag or "", self.remote.tag or ""

    @property
    def next_hop(self) -> Uri:
        """Where requests are sent: the first route, else the target (section 8.1.2)."""
        return Address.parse(self.routes[0]).uri if self.routes else self.target

    def in_order(self, request: Request) -> bool:
        """Take a request's CSeq; False for one that must be answered by 500 (section 12.2.2)."""
        number = request.cseq.number
        if self.remote_seq is not None and number <= self.remote_seq and request.method not in ("ACK", "CANCEL"):
            return False
        self.remote_seq = max(number, self.remote_seq or 0)
        return True

    def refresh_target(self, message: Message) -> None:
        """Take the Contact of a target refresh: re-INVITE, UPDATE or their 2xx (section 12.2)."""
        contact = message.contact
        if contact:
            self.target = contact.uri

    def request(
        self, method: str, via: str, rows: Sequence[Row] = (), body: bytes = b"", *, cseq: int | None = None
    ) -> Request:
        """Make a request inside the dialog (section 12.2.1.1); `cseq` is given for ACK and CANCEL only."""
        if cseq is None:
            self.local_seq += 1
            cseq = self.local_seq
        uri, routes = self._routed()
        made: list[Row] = [("Via", via)]
        made += [("Route", route) for route in routes]
        made += [("Max-Forwards", "70"), ("From", str(self.local)), ("To", str(self.remote))]
        made += [("Call-ID", self.call_id), ("CSeq", f"{cseq} {method}"), *rows]
        return Request(method, uri, made, body)

    def _routed(self) -> tuple[str, tuple[str, ...]]:
        """Give Request-URI and Route, also for a first hop that routes strictly."""
        if not self.routes or "lr" in Address.parse(self.routes[0]).uri.params:
            return str(self.target), self.routes
        strict = Address.parse(self.routes[0]).uri
        return str(strict), (*self.routes[1:], f"<{self.target}>")


def new_tag() -> str:
    """Make a tag (section 19.3)."""
    return token_hex(6)


def new_call_id(host: str) -> str:
    """Make a Call-ID (section 8.1.1.4)."""
    return f"{token_hex(8)}@{host}"
