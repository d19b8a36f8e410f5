"""The user agent core (RFC 3261 section 8): requests out, requests in, and the calls they belong to."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from labkit.errors import ParseError
from labkit.sip.dialog import DialogId, new_call_id, new_tag
from labkit.sip.digest import DigestClient
from labkit.sip.message import Request, Response, Row, replaced
from labkit.sip.timers import TimerWheel, Timing
from labkit.sip.transaction import ClientTransaction, OnResponse, ServerTransaction
from labkit.sip.transactions import Transactions
from labkit.sip.transport import Flow, Wire
from labkit.sip.uri import Address, Uri, host_port
from labkit.sip.validity import flaw, unsupported

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, REFER, NOTIFY"
"""Methods that calls understand."""
EXTENSIONS = frozenset({"100rel", "timer"})
"""Option tags that every agent understands (RFC 3262, RFC 4028)."""

Handler = Callable[[ServerTransaction], None]


class Usage:
    """What the agent asks of a call: take what belongs to its dialog."""

    def receive_request(self, transaction: ServerTransaction) -> None:
        """Take a request inside the dialog."""

    def receive_ack(self, ack: Request) -> None:
        """Take the ACK of a 2xx."""

    def receive_stray(self, response: Response, flow: Flow) -> None:
        """Take a 2xx whose transaction is gone."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends: what goes into From, Contact and User-Agent."""

    address: Address
    """From without tag."""
    user_agent: str = "labkit"
    """Text of User-Agent and Server."""
    contact_user: str = ""
    """User part of the Contact; the address's own where empty."""
    advertised: tuple[str, int] | None = None
    """Host and port for the Contact, where not those of the channel."""

    def contact(self, flow: Flow) -> str:
        """Write the Contact for messages that leave by a flow."""
        channel = flow.channel
        host, port = self.advertised or channel.local
        transport = "" if channel.protocol == "UDP" else f";transport={channel.protocol.lower()}"
        user = self.contact_user or self.address.uri.user
        return f"<sip:{f'{user}@' if user else ''}{host_port(host, port or None)}{transport}>"


@dataclass(slots=True)
class Exchange:
    """One request until its final answer, through challenges (section 22.2): at most two tries, three when stale."""

    agent: Agent
    """Who sends."""
    request: Request
    """As sent last."""
    flow: Flow
    """Where to."""
    on_response: OnResponse
    """Gets every response but the challenges that were answered."""
    credentials: DigestClient | None = None
    """Answers challenges."""
    challenged: int = 0
    """How many challenges were answered."""
    transaction: ClientTransaction = field(init=False)
    """The transaction that runs now."""

    def start(self) -> None:
        """Send."""
        self.transaction = self.agent.transactions.send(self.request, self.flow, self._listen)

    def _listen(self, response: Response) -> None:
        if not self._answer(response):
            self.on_response(response)

    def _answer(self, response: Response) -> bool:
        if self.credentials is None or response.status not in (401, 407) or self.challenged >= 2:
            return False
        stale = any("stale=true" in value.lower() for name, value in response.rows if name.endswith("-Authenticate"))
        rows = self.credentials.answers(response, self.request)
        if not rows or (self.challenged and not stale):
            return False
        self.challenged += 1
        via = self.agent.transactions.via(self.flow)
        self.request = with_credentials(self.request, via, rows, self.request.cseq.number + 1)
        self.start()
        return True


class Agent:
    """One user agent on one wire."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timing: Timing | None = None) -> None:
        """Make an agent that listens nowhere yet; open channels on `.wire`."""
        self.loop, self.timing = loop, timing or Timing()
        self.timers = TimerWheel(loop)
        self.wire = Wire(loop, self.timers)
        self.transactions = Transactions(self.wire, self.timers, self.timing)
        self.handlers: dict[str, Handler] = {"CANCEL": self._cancel}
        self.usages: dict[DialogId, Usage] = {}
        self.server_name = "labkit"
        self.extensions = EXTENSIONS
        """Option tags that are understood here."""
        self.screen: Callable[[ServerTransaction], bool] = lambda transaction: True
        """Asked before anything else about a request outside a dialog; False when it was dealt with (or ignored)."""
        self.transactions.on_request = self._request
        self.transactions.on_ack = self._ack
        self.transactions.on_stray = self._stray

    def keep_time(self, timing: Timing) -> None:
        """Go by other timer values from now on; what runs already keeps its own."""
        self.timing = self.transactions.timing = timing

    def flow_to(self, uri: Uri, like: Flow | None = None, local_host: str | None = None) -> Flow:
        """Give the flow to a URI; a host that is no address goes where `like` goes (RFC 3263 without DNS)."""
        host, port = uri.address
        if not is_address(host):
            if like is None:
                raise OSError(f"{host!r} is not an IP address and there is no flow to follow")
            return like
        protocol = "TLS" if uri.scheme == "sips" else uri.transport.upper()
        # A connection is used both ways (RFC 5923): who made it may not listen at all.
        if like and like.channel.reliable and (host == like.remote[0] or "transport" not in uri.params):
            return like
        local = local_host or (like.channel.local[0] if like else None)
        return self.wire.flow_to(protocol, (host, port), local)

    def new_request(
        self, method: str, uri: str, flow: Flow, identity: Identity, *, to: Address | None = None,
        rows: Sequence[Row] = (), body: bytes = b"", call_id: str = "", cseq: int = 1,
    ) -> Request:  # fmt: skip
        """Make a request outside a dialog (section 8.1.1)."""
        made: list[Row] = [
            ("Via", self.transactions.via(flow)), ("Max-Forwards", "70"),
            ("From", str(identity.address.tagged(new_tag()))), ("To", str(to or Address(Uri.parse(uri)))),
            ("Call-ID", call_id or new_call_id(flow.channel.local[0])), ("CSeq", f"{cseq} {method}"),
            ("Contact", identity.contact(flow)), ("User-Agent", identity.user_agent), *rows,
        ]  # fmt: skip
        return Request(method, uri, made, body)

    def send(
        self, request: Request, flow: Flow, on_response: OnResponse, credentials: DigestClient | None = None
    ) -> Exchange:
        """Send a request that has its Via; challenges are answered by credentials where given."""
        exchange = Exchange(self, request, flow, on_response, credentials)
        exchange.start()
        return exchange

    async def request(self, request: Request, flow: Flow, credentials: DigestClient | None = None) -> Response:
        """Send a request other than INVITE and wait for its final response (408 made here when none comes)."""
        done: asyncio.Future[Response] = self.loop.create_future()

        def listen(response: Response) -> None:
            if response.status >= 200 and not done.done():
                done.set_result(response)

        self.send(request, flow, listen, credentials)
        return await done

    async def options(self, uri: str, flow: Flow, identity: Identity, within_s: float = 4.0) -> int | None:
        """Ask a peer what it can (RFC 3261 section 11); the final status, None when nothing answered in time."""
        request = self.new_request("OPTIONS", uri, flow, identity, rows=[("Accept", "application/sdp")])
        try:
            async with asyncio.timeout(within_s):
                return (await self.request(request, flow)).status
        except TimeoutError:
            return None

    def _request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        try:
            tag = request.to.tag
        except ParseError:
            tag = None
        if tag is not None and request.method != "CANCEL":
            self._in_dialog(transaction, (request.call_id, tag, _from_tag(request)))
        elif self.screen(transaction) and not self._refused(transaction):
            self.handlers.get(request.method, self._not_allowed)(transaction)

    def _in_dialog(self, transaction: ServerTransaction, dialog: DialogId) -> None:
        usage = self.usages.get(dialog)
        if usage is None:
            transaction.respond(transaction.response(481))
        elif not self._refused(transaction):
            usage.receive_request(transaction)

    def _refused(self, transaction: ServerTransaction) -> bool:
        """Answer what must not be processed (section 8.2)."""
        request = transaction.request
        found = flaw(request)
        if found:
            transaction.respond(transaction.response(found.status, found.what))
            return True
        found_rows = _unwelcome(request, self.extensions)
        if found_rows:
            status, row = found_rows
            transaction.respond(transaction.response(status, rows=[row]))
        return bool(found_rows)

    def _not_allowed(self, transaction: ServerTransaction) -> None:
        known = transaction.request.method in {name.strip() for name in ALLOW.split(",")}
        transaction.respond(transaction.response(405 if known else 501, rows=[("Allow", ALLOW)]))

    def _cancel(self, transaction: ServerTransaction) -> None:
        invite = self.transactions.cancelled(transaction.request)
        if invite is None:
            transaction.respond(transaction.response(481))
            return
        transaction.to_tag = invite.to_tag
        transaction.respond(transaction.response(200))
        if not invite.answered and invite.on_cancel:
            invite.on_cancel(transaction.request)

    def _ack(self, ack: Request, flow: Flow) -> None:
        with contextlib.suppress(ParseError):
            usage = self.usages.get((ack.call_id, ack.to.tag or "", _from_tag(ack)))
            if usage:
                usage.receive_ack(ack)

    def _stray(self, response: Response, flow: Flow) -> None:
        with contextlib.suppress(ParseError):
            usage = self.usages.get((response.call_id, _from_tag(response), response.to.tag or ""))
            if usage:
                usage.receive_stray(response, flow)

    async def close(self) -> None:
        """Drop everything and close every socket."""
        self.transactions.close()
        self.timers.close()
        self.usages.clear()
        await self.wire.close()


def _unwelcome(request: Request, extensions: frozenset[str]) -> tuple[int, Row] | None:
    """Tell what a server cannot do for a request: extensions, body types, answers (sections 8.2.2.3, 8.2.3, 8.2.1)."""
    if request.method in ("CANCEL", "ACK"):
        return None
    unknown = unsupported(request, extensions)
    if unknown:
        return 420, ("Unsupported", ", ".join(unknown))
    if request.method != "INVITE":
        return None
    kind, optional = request.content_type, "handling=optional" in (request.get("Content-Disposition") or "").lower()
    if request.body and not optional and kind != "application/sdp" and not kind.startswith("multipart/"):
        return 415, ("Accept", "application/sdp")
    accepted = {value.partition(";")[0].strip().lower() for value in request.values("Accept")}
    if accepted and not accepted & {"application/sdp", "application/*", "*/*"}:
        return 406, ("Accept", "application/sdp")
    return None


def _from_tag(message: Request | Response) -> str:
    return message.from_.tag or ""


def is_address(host: str) -> bool:
    """Tell an IP address from a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def with_credentials(request: Request, via: str, credentials: Sequence[Row], cseq: int) -> Request:
    """Give a request to send again after a challenge: new branch, higher CSeq, credentials (section 22.2)."""
    kept = [row for row in request.rows if row[0] not in ("Authorization", "Proxy-Authorization")]
    rows = replaced(replaced(kept, "Via", via), "CSeq", f"{cseq} {request.method}")
    return Request(request.method, request.uri, [*rows, *credentials], request.body)
