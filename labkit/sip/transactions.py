"""The transaction layer: every message finds its transaction here (RFC 3261 sections 17.1.3, 17.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from secrets import token_hex

from labkit.errors import ParseError
from labkit.sip.message import Message, Request, Response, Row, parse
from labkit.sip.timers import TimerWheel, Timing
from labkit.sip.transaction import ClientTransaction, Key, OnResponse, ServerTransaction
from labkit.sip.transport import Flow, Wire
from labkit.sip.uri import host_port
from labkit.sip.via import MAGIC_COOKIE


class Transactions:
    """The transaction layer of one user agent: every message passes here once."""

    def __init__(self, wire: Wire, timers: TimerWheel, timing: Timing) -> None:
        """Take over a wire's messages."""
        self.wire, self.timers, self.timing = wire, timers, timing
        self.clients: dict[Key, ClientTransaction] = {}
        self.servers: dict[Key, ServerTransaction] = {}
        self.retransmissions: dict[str, int] = {}
        """How many requests were sent again, by method."""
        self.on_request: Callable[[ServerTransaction], None] = lambda transaction: None
        self.on_ack: Callable[[Request, Flow], None] = lambda ack, flow: None
        self.on_stray: Callable[[Response, Flow], None] = lambda response, flow: None
        self._branches = count()
        self._branch_salt = token_hex(6)
        wire.on_message = self.receive
        wire.on_broken = self._broken

    def branch(self) -> str:
        """Make a new branch (section 8.1.1.7)."""
        return f"{MAGIC_COOKIE}{self._branch_salt}{next(self._branches):x}"

    def via(self, flow: Flow) -> str:
        """Make the Via of a request that leaves by a flow, asking for rport (RFC 3581)."""
        host, port = flow.channel.local
        return f"SIP/2.0/{flow.channel.protocol} {host_port(host, port or None)};rport;branch={self.branch()}"

    def send(self, request: Request, flow: Flow, on_response: OnResponse) -> ClientTransaction:
        """Send a request that has its Via; ACK is not for here."""
        transaction = ClientTransaction(request, flow, on_response, self)
        self.clients[transaction.key] = transaction
        transaction.start()
        return transaction

    def receive(self, data: bytes, flow: Flow) -> None:
        """Take one message from the wire; what is no SIP is dropped."""
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._receive_request(message, flow)
            elif isinstance(message, Response):
                self._receive_response(message, flow)
        except ParseError:
            return

    def _receive_response(self, response: Response, flow: Flow) -> None:
        transaction = self.clients.get((response.via.branch, response.cseq.method))
        if transaction:
            transaction.receive(response)
        else:
            self.on_stray(response, flow)

    def _receive_request(self, request: Request, flow: Flow) -> None:
        key = server_key(request)
        known = self.servers.get(key)
        if request.method == "ACK":
            if known and known.state not in ("accepted", "terminated"):
                known.receive_ack()
            else:
                self.on_ack(request, flow)
        elif known:
            known.receive_copy()
        else:
            transaction = ServerTransaction(_stamped(request, flow), flow, key, self)
            self.servers[key] = transaction
            transaction.start()
            self.on_request(transaction)

    def cancelled(self, cancel: Request) -> ServerTransaction | None:
        """Find the INVITE transaction that a CANCEL means (section 9.2)."""
        return self.servers.get((*server_key(cancel)[:-1], "INVITE"))

    def reply_flow(self, transaction: ServerTransaction) -> Flow:
        """Where responses go: back over the connection, or by the top Via (sections 18.2.2, RFC 3581 4)."""
        flow = transaction.flow
        return flow if flow.channel.reliable else Flow(flow.channel, transaction.request.via.reply_address)

    def _broken(self, flow: Flow) -> None:
        for transaction in [item for item in self.clients.values() if item.flow == flow]:
            transaction.fail(503, "Transport Error")

    def close(self) -> None:
        """Forget every transaction."""
        for client in list(self.clients.values()):
            client.terminate()
        for server in list(self.servers.values()):
            server.terminate()


def server_key(request: Request) -> Key:
    """Make the key by which copies, ACK and CANCEL find their transaction (section 17.2.3)."""
    via = request.via
    method = "INVITE" if request.method == "ACK" else request.method
    branch, sent_by = via.branch, f"{via.host}:{via.port}"
    if branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE):
        return branch, sent_by, method
    return (
        branch,
        sent_by,
        request.call_id,
        str(request.cseq.number),
        request.from_.tag or "",
        method,
    )


def _stamped(request: Request, flow: Flow) -> Request:
    """Write `received` and `rport` into the top Via where the source asks for it (section 18.2.1)."""
    via = request.via
    stamped = via.stamped(*flow.remote)
    if stamped is via:
        return request
    rows = list(request.rows)
    index = next(number for number, (name, _) in enumerate(rows) if name == "Via")
    rest = rows[index][1].partition(",")
    rows[index] = ("Via", str(stamped) + (f",{rest[2]}" if rest[1] else ""))
    return _restamped(request, rows)


def _restamped(request: Request, rows: list[Row]) -> Request:
    """Give the request with other rows, its bytes as they were received."""
    copy = Request.__new__(Request)
    Message._read(copy, request.raw, request.version, "", request.body)
    copy.method, copy.uri = request.method, request.uri
    copy._rows = tuple(rows)
    return copy
