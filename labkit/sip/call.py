"""What both ends of a call share: dialog, media, requests inside it, its end (RFC 3261 sections 12 to 15)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from labkit.errors import LabError, ParseError
from labkit.sip.acceptance import Acceptance
from labkit.sip.agent import ALLOW, Agent, Exchange, Identity, Usage
from labkit.sip.dialog import Dialog
from labkit.sip.digest import DigestClient
from labkit.sip.media import Negotiation, description_of
from labkit.sip.message import Message, Request, Response, Row
from labkit.sip.offer import Direction, Refused
from labkit.sip.session_timer import Interval, Refresher, SessionTimer, TimerWish, answered, concluded
from labkit.sip.transaction import OnResponse, ServerTransaction
from labkit.sip.transport import Flow

CallState = Literal["new", "calling", "ringing", "answered", "confirmed", "ended"]
Event = str
"""trying, ringing, progress, answered, confirmed, modified, dtmf, referred, notified, ended."""

SDP: Row = ("Content-Type", "application/sdp")

_PENDING_S = 0.1
"""How long a re-INVITE waits that must not overtake the one before."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    by: Literal["local", "remote"]
    """Who ended it."""
    status: int
    """Final status of the INVITE: 200 for a call that was up."""
    reason: str
    """Reason phrase, or what made the call end: BYE, CANCEL, no ACK, session expired."""
    cause: str = ""
    """Value of the Reason header (RFC 3326) of the message that ended it."""


class Call(Usage):
    """One call, either side of it. Made by `OutgoingCall` or `IncomingCall`."""

    role: Refresher = "uac"

    def __init__(self, agent: Agent, identity: Identity, negotiation: Negotiation, flow: Flow) -> None:
        """Be a call that has done nothing yet."""
        self.agent, self.identity, self.negotiation, self.flow = agent, identity, negotiation, flow
        self.dialog: Dialog | None = None
        self.state: CallState = "new"
        self.ending: Ending | None = None
        self.invite: Request | None = None
        self.provisional: list[tuple[float, int, str]] = []
        """Provisional responses sent or received: seconds since the INVITE, status, reason."""
        self.times: dict[str, float] = {}
        """First occurrence of each event, in seconds since the INVITE."""
        self.digits_by_info = ""
        """DTMF received as INFO (application/dtmf-relay)."""
        self.credentials: DigestClient | None = None
        self.timer_wish = TimerWish()
        self.session_timer = SessionTimer(agent.timers, self._refresh, self._expire)
        self.on_event: Callable[[Call, Event], None] = _unheard
        self.on_refer: Callable[[Call, ServerTransaction], None] | None = None
        self.more_rows: tuple[Row, ...] = ()
        """Further headers of our INVITEs and of responses to theirs."""
        self.on_notify: Callable[[Call, Request], None] = lambda call, request: None
        self.acceptance: Acceptance | None = None
        self._began_s = agent.loop.time()
        self._inviting: Exchange | None = None
        self._acks: dict[int, tuple[Request, Flow]] = {}

    # --- events and state

    def note(self, event: Event, state: CallState | None = None) -> None:
        """Record an event and tell who listens."""
        if state:
            self.state = state
        self.times.setdefault(event, self.agent.loop.time() - self._began_s)
        self.on_event(self, event)

    def note_provisional(self, response: Response) -> None:
        """Record a provisional response."""
        self.provisional.append((self.agent.loop.time() - self._began_s, response.status, response.reason))

    def end(self, ending: Ending) -> None:
        """End: stop media and timers, leave the dialog."""
        if self.state == "ended":
            return
        self.ending = ending
        self.session_timer.close()
        if self.acceptance:
            self.acceptance.stop()
            self.acceptance = None
        self.negotiation.media.stop()
        if self.dialog:
            self.agent.usages.pop(self.dialog.id, None)
        self.note("ended", "ended")
        # Nothing may point back to a call that is over: it dies without the garbage collector.
        self.on_event = _unheard

    def join(self, dialog: Dialog) -> None:
        """Be the usage of a dialog."""
        self.dialog = dialog
        self.agent.usages[dialog.id] = self

    # --- requests of ours inside the dialog

    def rows(self) -> list[Row]:
        """Headers of every target refresh: Contact, Allow, Supported, User-Agent."""
        return [
            ("Contact", self.identity.contact(self.flow)), ("Allow", ALLOW), ("Supported", self.supported()),
            ("User-Agent", self.identity.user_agent), *self.more_rows,
        ]  # fmt: skip

    def supported(self) -> str:
        """Option tags to offer."""
        tags = ("timer" if self.timer_wish.enabled else "", "replaces" if "replaces" in self.agent.extensions else "")
        return ", ".join(filter(None, tags))

    def send_request(
        self, method: str, rows: Sequence[Row] = (), body: bytes = b"", on_response: OnResponse = lambda response: None
    ) -> Exchange:
        """Send a request inside the dialog; LabError when there is none."""
        dialog = self._standing()
        flow = self.agent.flow_to(dialog.next_hop, like=self.flow)
        request = dialog.request(method, self.agent.transactions.via(flow), rows, body)
        exchange = self.agent.send(request, flow, on_response, self.credentials)
        return exchange

    def _standing(self) -> Dialog:
        if self.dialog is None:
            raise LabError(f"the call is {self.state}: it has no dialog yet", state=self.state)
        return self.dialog

    def send_ack(self, exchange: Exchange, body: bytes = b"") -> None:
        """Acknowledge a 2xx to our INVITE (section 13.2.2.4) and remember the ACK for its copies."""
        dialog = self._standing()
        dialog.local_seq = max(dialog.local_seq, exchange.request.cseq.number)
        cseq = exchange.request.cseq.number
        flow = self.agent.flow_to(dialog.next_hop, like=exchange.flow)
        auth = [row for row in exchange.request.rows if row[0] in ("Authorization", "Proxy-Authorization")]
        rows = [*auth, *([SDP] if body else [])]
        ack = dialog.request("ACK", self.agent.transactions.via(flow), rows, body, cseq=cseq)
        self._acks[cseq] = (ack, flow)
        self.agent.wire.send(ack.raw, flow)

    def repeat_ack(self, cseq: int) -> bool:
        """Answer a copy of a 2xx; False when it is none."""
        if cseq not in self._acks:
            return False
        ack, flow = self._acks[cseq]
        self.agent.wire.send(ack.raw, flow)
        return True

    def bye(self, reason: str = "BYE", rows: Sequence[Row] = ()) -> None:
        """End a call that is up (section 15.1.1)."""
        if self.state == "ended" or self.dialog is None:
            return
        self.send_request("BYE", [("User-Agent", self.identity.user_agent), *rows])
        self.end(Ending("local", 200, reason))

    # --- changing the session: re-INVITE (section 14) and UPDATE (RFC 3311)

    def hold(self, direction: Direction = "sendonly") -> None:
        """Offer another direction by re-INVITE (RFC 3264 section 8.4)."""
        self.negotiation.direction = direction
        self._offer_when_free()

    def _offer_when_free(self) -> None:
        """Send a re-INVITE, after the one that is still to be answered (section 14.1)."""
        if self._inviting and self.state == "confirmed":
            self.agent.timers.after(_PENDING_S, self._offer_when_free)
        else:
            self.reinvite()

    def resume(self) -> None:
        """Offer sendrecv again."""
        self.hold("sendrecv")

    def reinvite(
        self, done: Callable[[int], None] = lambda status: None, *, with_offer: bool = True, body: bytes = b""
    ) -> None:
        """Send a re-INVITE, with another body than our offer where given; on a 491 again (section 14.1)."""
        if self.state != "confirmed" or self._inviting:
            done(491)
            return
        foreign = bool(body)
        body = body or (self.negotiation.offer() if with_offer else b"")
        rows = [*self.rows(), *self.timer_wish.rows(), *([SDP] if body else [])]

        def listen(response: Response) -> None:
            if response.status >= 200:
                self._reinvited(response, done, foreign=foreign)

        self._inviting = self.send_request("INVITE", rows, body, listen)

    def _reinvited(self, response: Response, done: Callable[[int], None], *, foreign: bool) -> None:
        if self.repeat_ack(response.cseq.number):
            return
        exchange, self._inviting = self._inviting, None
        if response.status < 300 and exchange:
            self._standing().refresh_target(response)
            agreed = self.settle(exchange, description_of(response), foreign=foreign)
            self.session_timer.start(concluded(response), "uac")
            self.note("modified")
            if not agreed:
                self.bye_unusable()
            done(response.status)
            return
        self.negotiation.forget_offer()
        self._reinvite_failed(response, done)

    def settle(self, exchange: Exchange, body: bytes, *, foreign: bool = False) -> bool:
        """Acknowledge a 2xx and take its SDP, as the answer or as the offer; False when that is not usable."""
        if self.negotiation.pending:
            agreed = self.negotiation.conclude(body)
            self.send_ack(exchange)
            return agreed
        try:
            self.send_ack(exchange, self.negotiation.answer(body) if body and not foreign else b"")
        except (Refused, ParseError):
            self.send_ack(exchange)
            return False
        return True

    def bye_unusable(self) -> None:
        """End a call whose answer says what we cannot do (RFC 3261 section 13.2.2.4)."""
        self.bye("unusable answer", [("Reason", 'SIP;cause=488;text="Not Acceptable Here"')])

    def _reinvite_failed(self, response: Response, done: Callable[[int], None]) -> None:
        if self._standing():
            self._standing().local_seq = max(self._standing().local_seq, response.cseq.number)
        if response.status == 491:
            wait_s = random.uniform(2.1, 4.0) if self.role == "uac" else random.uniform(0.0, 2.0)
            self.agent.timers.after(wait_s, self.reinvite, done)
            return
        if response.status in (408, 481):
            self.bye(f"re-INVITE answered by {response.status}")
        done(response.status)

    def _refresh(self) -> None:
        """Refresh the session: by UPDATE where the peer allows it, else by re-INVITE (RFC 4028 section 7.4)."""
        interval = self.session_timer.interval
        if interval is None:
            return
        if not self._peer_updates:
            self.reinvite()
            return
        row = ("Session-Expires", f"{interval.expires_s};refresher=uac")

        def listen(response: Response) -> None:
            if 200 <= response.status < 300:
                self.session_timer.start(concluded(response), "uac")
                self.note("refreshed")
            elif response.status in (408, 481):
                self.bye(f"refresh answered by {response.status}")

        self.send_request("UPDATE", [*self.rows(), row, ("Min-SE", str(self.timer_wish.min_se_s))], b"", listen)

    _peer_updates = False

    def learn_peer(self, message: Message) -> None:
        """Take what a message tells of the peer's abilities."""
        allowed = message.values("Allow")
        if allowed:
            self._peer_updates = "UPDATE" in allowed

    def _expire(self) -> None:
        self.bye("session expired", [("Reason", 'SIP;cause=408;text="Session expired"')])

    # --- requests of theirs inside the dialog

    def receive_request(self, transaction: ServerTransaction) -> None:
        """Take a request inside the dialog (section 12.2.2)."""
        dialog = self._standing()
        if not dialog.in_order(transaction.request):
            transaction.respond(transaction.response(500))
            return
        if self.state == "ended":
            transaction.respond(transaction.response(481))
            return
        known = {
            "BYE": self._receive_bye, "INVITE": self._receive_reinvite, "UPDATE": self._receive_update,
            "INFO": self._receive_info, "PRACK": self.receive_prack, "REFER": self._receive_refer,
            "NOTIFY": self._receive_notify, "OPTIONS": self._receive_options,
        }  # fmt: skip
        known.get(transaction.request.method, self._receive_unknown)(transaction)

    def _receive_unknown(self, transaction: ServerTransaction) -> None:
        transaction.respond(transaction.response(405, rows=[("Allow", ALLOW)]))

    def _receive_options(self, transaction: ServerTransaction) -> None:
        transaction.respond(transaction.response(200, rows=self.rows()))

    def _receive_bye(self, transaction: ServerTransaction) -> None:
        transaction.respond(transaction.response(200))
        self.end(Ending("remote", 200, "BYE", transaction.request.get("Reason") or ""))

    def receive_prack(self, transaction: ServerTransaction) -> None:
        """Take a PRACK; only a callee expects any (RFC 3262 section 3)."""
        transaction.respond(transaction.response(481))

    def _receive_reinvite(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if self._inviting or self.negotiation.pending:
            transaction.respond(transaction.response(491))
        elif self.state not in ("answered", "confirmed") or (self.acceptance and not self.acceptance.acknowledged):
            transaction.respond(transaction.response(500, rows=[("Retry-After", str(random.randint(1, 10)))]))
        elif self.timer_wish.too_small(request):
            transaction.respond(transaction.response(422, rows=[("Min-SE", str(self.timer_wish.min_se_s))]))
        else:
            self._accept_change(transaction, invite=True)

    def _receive_update(self, transaction: ServerTransaction) -> None:
        if self.negotiation.pending and description_of(transaction.request):
            transaction.respond(transaction.response(491))
        elif self.timer_wish.too_small(transaction.request):
            transaction.respond(transaction.response(422, rows=[("Min-SE", str(self.timer_wish.min_se_s))]))
        else:
            self._accept_change(transaction, invite=False)

    def _accept_change(self, transaction: ServerTransaction, *, invite: bool) -> None:
        request = transaction.request
        offer = description_of(request)
        try:
            body = self.negotiation.answer(offer) if offer else self.negotiation.offer() if invite else b""
        except (Refused, ParseError) as why:
            transaction.respond(transaction.response(488, rows=[("Warning", f'304 labkit "{why}"')]))
            return
        self._standing().refresh_target(request)
        interval, rows = answered(request, self.timer_wish)
        response = transaction.response(200, rows=[*self.rows(), *rows, *([SDP] if body else [])], body=body)
        if invite:
            self.acceptance = Acceptance(self.agent, transaction, response, self._unacknowledged)
        else:
            transaction.respond(response)
        self._run_timer(interval)
        self.note("modified")

    def _run_timer(self, interval: Interval | None) -> None:
        self.session_timer.start(interval, "uas")

    def _unacknowledged(self) -> None:
        """End after 64*T1 without an ACK (section 13.3.1.4)."""
        self.send_request("BYE", [("Reason", 'SIP;cause=408;text="No ACK"')])
        self.end(Ending("local", 200, "no ACK"))

    def receive_ack(self, ack: Request) -> None:
        """Take the ACK of our 2xx; it holds the answer when the INVITE had no offer."""
        acceptance = self.acceptance
        if acceptance is None or ack.cseq.number != acceptance.cseq or not acceptance.take_ack():
            return
        agreed = not self.negotiation.pending or self.negotiation.conclude(description_of(ack))
        if self.state == "answered":
            self.note("confirmed", "confirmed")
        if not agreed:
            self.bye_unusable()

    def _receive_info(self, transaction: ServerTransaction) -> None:
        transaction.respond(transaction.response(200))
        self.digits_by_info += _info_digit(transaction.request)
        self.note("dtmf")

    def _receive_refer(self, transaction: ServerTransaction) -> None:
        if self.on_refer:
            self.on_refer(self, transaction)
        else:
            transaction.respond(transaction.response(603))

    def _receive_notify(self, transaction: ServerTransaction) -> None:
        transaction.respond(transaction.response(200))
        self.on_notify(self, transaction.request)


def _unheard(call: Call, event: Event) -> None:
    """Nobody listens."""


def _info_digit(request: Request) -> str:
    """Read the digit of an application/dtmf-relay or application/dtmf body."""
    text = request.body.decode("ascii", "replace").strip()
    if request.content_type == "application/dtmf":
        return text[:1]
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "signal":
            return value.strip()[:1]
    return ""
