"""Client and server transactions (RFC 3261 section 17 as corrected by RFC 6026)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from labkit.errors import ParseError
from labkit.sip.message import Request, Response, Row, reason_phrase
from labkit.sip.timers import Timer, Timing
from labkit.sip.transport import Flow
from labkit.sip.uri import Address

if TYPE_CHECKING:
    from labkit.sip.transactions import Transactions

State = Literal["calling", "trying", "proceeding", "accepted", "completed", "confirmed", "terminated"]
Key = tuple[str, ...]

OnResponse = Callable[[Response], None]
_TRYING_DELAY_S = 0.2


@dataclass(slots=True)
class ClientTransaction:
    """One request sent and its responses (sections 17.1.1, 17.1.2)."""

    request: Request
    """As sent, with its Via."""
    flow: Flow
    """Where it went."""
    on_response: OnResponse
    """Gets each provisional response, the final one once, and every 2xx to an INVITE."""
    _layer: Transactions = field(repr=False)
    state: State = "trying"
    """By figures 5 and 6 and RFC 6026 figure 5."""
    _again: Timer | None = None
    _end: Timer | None = None
    _ack: Request | None = None

    @property
    def key(self) -> Key:
        """Branch and method (section 17.1.3)."""
        return self.request.via.branch, self.request.method

    @property
    def invite(self) -> bool:
        """Whether this is an INVITE transaction."""
        return self.request.method == "INVITE"

    def start(self) -> None:
        """Send, and start timers A and B or E and F."""
        layer = self._layer
        self.state = "calling" if self.invite else "trying"
        layer.wire.send(self.request.raw, self.flow)
        if not self.flow.channel.reliable:
            self._again = layer.timers.after(layer.timing.t1_s, self._retransmit, layer.timing.t1_s)
        self._end = layer.timers.after(layer.timing.timeout_s, self._time_out)

    def _retransmit(self, interval_s: float) -> None:
        layer = self._layer
        layer.wire.send(self.request.raw, self.flow)
        layer.retransmissions[self.request.method] = layer.retransmissions.get(self.request.method, 0) + 1
        longer_s = 2 * interval_s if self.invite else min(2 * interval_s, layer.timing.t2_s)
        if self.state == "proceeding":
            longer_s = layer.timing.t2_s
        self._again = layer.timers.after(longer_s, self._retransmit, longer_s)

    def _time_out(self) -> None:
        if self.state in ("calling", "trying", "proceeding"):
            self.fail(408, "Request Timeout")

    def fail(self, status: int, reason: str) -> None:
        """End without an answer: the user gets a response made here (sections 8.1.3.1, 17.1.4)."""
        if self.state not in ("calling", "trying", "proceeding"):
            return
        self.terminate()
        kept = [row for row in self.request.rows if row[0] in ("From", "To", "Call-ID", "CSeq")]
        self.on_response(Response(status, reason, [*kept, ("X-Made-Locally", "yes")]))

    def receive(self, response: Response) -> None:
        """Take a response that matched."""
        if response.status < 200:
            self._provisional(response)
        elif self.invite:
            self._invite_final(response)
        elif self.state in ("trying", "proceeding"):
            self._finish("completed", self._layer.timing.t4_s)
            self.on_response(response)

    def _provisional(self, response: Response) -> None:
        if self.state not in ("calling", "trying", "proceeding"):
            return
        if self.invite:
            _cancel(self._again)
            _cancel(self._end)
        self.state = "proceeding"
        self.on_response(response)

    def _invite_final(self, response: Response) -> None:
        if response.status < 300:
            if self.state in ("calling", "proceeding"):
                self._finish("accepted", self._layer.timing.timeout_s)
            if self.state == "accepted":
                self.on_response(response)
        elif self.state in ("calling", "proceeding"):
            self._ack = ack_of_failure(self.request, response)
            self._layer.wire.send(self._ack.raw, self.flow)
            self._finish("completed", self._layer.timing.timeout_s)
            self.on_response(response)
        elif self.state == "completed" and self._ack:
            self._layer.wire.send(self._ack.raw, self.flow)

    def _finish(self, state: State, linger_s: float) -> None:
        """Wait for copies: timers D, K or M, none over a reliable transport (M always)."""
        _cancel(self._again)
        _cancel(self._end)
        self.state = state
        if self.flow.channel.reliable and state == "completed":
            self.terminate()
        else:
            self._end = self._layer.timers.after(linger_s, self.terminate)

    def terminate(self) -> None:
        """Forget this transaction."""
        _cancel(self._again)
        _cancel(self._end)
        self.state = "terminated"
        self._layer.clients.pop(self.key, None)


@dataclass(slots=True)
class ServerTransaction:
    """One request received and the responses to it (sections 17.2.1, 17.2.2)."""

    request: Request
    """As received, its top Via stamped."""
    flow: Flow
    """Where it came from."""
    key: Key
    """By section 17.2.3."""
    _layer: Transactions = field(repr=False)
    state: State = "trying"
    """By figures 7 and 8 and RFC 6026 figure 7."""
    last: Response | None = None
    """The response sent last."""
    to_tag: str = ""
    """The tag that responses put into a To without one; made when first needed."""
    on_failure: Callable[[], None] | None = None
    """Called when no ACK came for a final response (timer H)."""
    on_cancel: Callable[[Request], None] | None = None
    """Called when a CANCEL for this INVITE came (section 9.2)."""
    _again: Timer | None = None
    _end: Timer | None = None

    @property
    def invite(self) -> bool:
        """Whether this is an INVITE transaction."""
        return self.request.method == "INVITE"

    @property
    def answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state not in ("trying", "proceeding")

    def start(self) -> None:
        """Enter: an INVITE not answered in 200 ms gets its 100 (section 17.2.1)."""
        if self.invite:
            self.state = "proceeding"
            self._again = self._layer.timers.after(_TRYING_DELAY_S, self._trying)

    def _trying(self) -> None:
        if self.last is None and self.state == "proceeding":
            self.respond(self.response(100))

    def response(
        self, status: int, reason: str | None = None, rows: list[Row] | None = None, body: bytes = b""
    ) -> Response:
        """Make a response with the headers that must be copied (section 8.2.6.2)."""
        copied = [
            ("To", self._tagged(value)) if name == "To" and status > 100 else (name, value)
            for name, value in self.request.rows
            if name in _COPIED
        ]
        return Response(status, reason or reason_phrase(status), [*copied, *(rows or ())], body)

    def _tagged(self, to: str) -> str:
        try:
            address = Address.parse(to)
        except ParseError:
            return to
        if address.tag is not None:
            return to
        self.to_tag = self.to_tag or token_hex(6)
        return f"{to};tag={self.to_tag}"

    def respond(self, response: Response) -> None:
        """Send a response; nothing happens after a final one."""
        if self.answered:
            return
        self.last = response
        self._send(response)
        if response.status < 200:
            self.state = "proceeding"
            return
        _cancel(self._again)
        layer = self._layer
        if not self.invite:
            self._linger("completed", layer.timing.timeout_s)
        elif response.status < 300:
            self.state = "accepted"
            self._end = layer.timers.after(layer.timing.timeout_s, self.terminate)
        else:
            self._fail_invite(layer.timing)

    def _fail_invite(self, timing: Timing) -> None:
        self.state = "completed"
        if not self.flow.channel.reliable:
            self._again = self._layer.timers.after(timing.t1_s, self._retransmit, timing.t1_s)
        self._end = self._layer.timers.after(timing.timeout_s, self._unacknowledged)

    def _linger(self, state: State, wait_s: float) -> None:
        self.state = state
        if self.flow.channel.reliable:
            self.terminate()
        else:
            self._end = self._layer.timers.after(wait_s, self.terminate)

    def _send(self, response: Response) -> None:
        self._layer.wire.send(response.raw, self._layer.reply_flow(self))

    def _retransmit(self, interval_s: float) -> None:
        if self.last:
            self._send(self.last)
        longer_s = min(2 * interval_s, self._layer.timing.t2_s)
        self._again = self._layer.timers.after(longer_s, self._retransmit, longer_s)

    def _unacknowledged(self) -> None:
        self.terminate()
        if self.on_failure:
            self.on_failure()

    def receive_copy(self) -> None:
        """Answer a retransmitted request: by the last response, except after a 2xx to INVITE (RFC 6026 section 7.1)."""
        if self.last and self.state in ("proceeding", "completed"):
            self._send(self.last)

    def receive_ack(self) -> None:
        """Take the ACK of a final response other than 2xx."""
        if self.state == "completed":
            _cancel(self._again)
            _cancel(self._end)
            self._linger("confirmed", self._layer.timing.t4_s)

    def terminate(self) -> None:
        """Forget this transaction."""
        _cancel(self._again)
        _cancel(self._end)
        self.state = "terminated"
        self._layer.servers.pop(self.key, None)


_COPIED = {"Via", "From", "To", "Call-ID", "CSeq", "Timestamp"}


def _cancel(timer: Timer | None) -> None:
    if timer:
        timer.cancel()


def ack_of_failure(invite: Request, response: Response) -> Request:
    """Make the ACK that ends a failed INVITE transaction (section 17.1.1.3): same branch, Route and target."""
    rows: list[Row] = [("Via", str(invite.via))]
    rows += [row for row in invite.rows if row[0] in ("From", "Call-ID", "Max-Forwards", "Route")]
    rows.append(("To", response.get("To") or ""))
    rows.append(("CSeq", f"{invite.cseq.number} ACK"))
    return Request("ACK", invite.uri, rows)
