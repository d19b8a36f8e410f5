"""The calling side (RFC 3261 section 13.2): INVITE, provisional responses, forks, ACK, CANCEL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labkit.sip.agent import ALLOW, Agent, Exchange, Identity
from labkit.sip.call import SDP, Call, Ending
from labkit.sip.dialog import Dialog
from labkit.sip.digest import DigestClient
from labkit.sip.grammar import number
from labkit.sip.media import Negotiation, description_of
from labkit.sip.message import Request, Response, Row, replaced
from labkit.sip.session_timer import concluded
from labkit.sip.transport import Flow
from labkit.sip.uri import Address


class OutgoingCall(Call):
    """A call that we place."""

    role = "uac"

    def __init__(self, agent: Agent, identity: Identity, negotiation: Negotiation, flow: Flow) -> None:
        """Be a call that was not placed yet; `place` does it."""
        super().__init__(agent, identity, negotiation, flow)
        self.reliable = False
        """Offer 100rel (RFC 3262)."""
        self.with_offer = True
        """False sends the INVITE without SDP: the offer comes in the 2xx."""
        self.wrap: Callable[[bytes], tuple[str, bytes]] | None = None
        """Puts our offer into another body: gives its Content-Type and bytes."""
        self._exchange: Exchange | None = None
        self._cancelled = False
        self._early: dict[str, Dialog] = {}
        self._answers: dict[str, bytes] = {}
        self._answered_by: str | None = None
        self._rseq: dict[str, int] = {}

    def supported(self) -> str:
        """Option tags to offer."""
        return ", ".join(filter(None, [super().supported(), "100rel" if self.reliable else ""]))

    def place(
        self, uri: str, *, to: Address | None = None, rows: Sequence[Row] = (), credentials: DigestClient | None = None
    ) -> None:
        """Send the INVITE."""
        self.credentials = credentials
        body = self.negotiation.offer() if self.with_offer else b""
        kind = SDP
        if self.wrap and body:
            content_type, body = self.wrap(body)
            kind = ("Content-Type", content_type)
        made: list[Row] = [
            ("Allow", ALLOW), ("Supported", self.supported()), *self.timer_wish.rows(),
            *self.more_rows, *rows,
            *([kind] if body else []),
        ]  # fmt: skip
        self._send(self.agent.new_request("INVITE", uri, self.flow, self.identity, to=to, rows=made, body=body))

    def _send(self, invite: Request) -> None:
        self.note("placed", "calling")
        self._exchange = self.agent.send(invite, self.flow, self._receive, self.credentials)
        self.invite = invite

    def _receive(self, response: Response) -> None:
        assert self._exchange is not None  # noqa: S101 - responses come after the exchange started
        self.invite = self._exchange.request
        if response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(response)
        elif self.state != "ended":
            self._failed(response)

    def _provisional(self, response: Response) -> None:
        if self._cancelled:
            self._send_cancel()
        if self.state not in ("calling", "ringing"):
            return
        tag = response.to.tag
        if response.status == 100 or tag is None:
            self.note_provisional(response)
            self.note("trying")
            return
        if tag not in self._early:
            self._join_early(tag, response)
        self.learn_peer(response)
        if not self._acknowledge_provisional(response, tag):
            return
        self.note_provisional(response)
        body = description_of(response)
        if body:
            self._answers.setdefault(tag, body)
            if self.negotiation.pending and self.negotiation.conclude(body):
                self._answered_by = tag
        self.note("progress" if body else "ringing", "ringing")

    def _join_early(self, tag: str, response: Response) -> None:
        assert self.invite is not None  # noqa: S101 - set before any response
        dialog = Dialog.of_uac(self.invite, response)
        self._early[tag] = dialog
        self.agent.usages[dialog.id] = self
        if self.dialog is None:
            self.dialog = dialog

    def _acknowledge_provisional(self, response: Response, tag: str) -> bool:
        """Send PRACK for a reliable response (RFC 3262 section 4); False for a copy of one."""
        rseq = number(response.get("RSeq") or "")
        if "100rel" not in response.values("Require") or rseq is None:
            return True
        if rseq <= self._rseq.get(tag, 0):
            return False
        self._rseq[tag] = rseq
        dialog = self._early[tag]
        rack = f"{rseq} {response.cseq}"
        flow = self.agent.flow_to(dialog.next_hop, like=self.flow)
        prack = dialog.request("PRACK", self.agent.transactions.via(flow), [("RAck", rack)])
        self.agent.send(prack, flow, lambda answer: None, self.credentials)
        return True

    def _accepted(self, response: Response) -> None:
        assert self.invite is not None  # noqa: S101 - set before any response
        assert self._exchange is not None  # noqa: S101 - likewise
        tag = response.to.tag or ""
        ours = self.dialog is not None and self.dialog.remote.tag == tag
        if ours and self.state in ("confirmed", "ended") and self.repeat_ack(response.cseq.number):
            return
        if self.state == "confirmed" or self._cancelled or self.state == "ended":
            self._refuse_fork(response)
            return
        dialog = Dialog.of_uac(self.invite, response)
        if tag in self._early:
            dialog.local_seq = max(dialog.local_seq, self._early[tag].local_seq)
        self._leave_other_forks(dialog)
        self.join(dialog)
        self.learn_peer(response)
        if self._answered_by not in (None, tag):
            self.negotiation.reopen()
        self._answered(response, self._exchange, description_of(response) or self._answers.get(tag, b""))

    def _answered(self, response: Response, exchange: Exchange, body: bytes) -> None:
        self.note("answered", "answered")
        agreed = self.settle(exchange, body, foreign=self.with_offer)
        self.note("confirmed", "confirmed")
        self.session_timer.start(concluded(response), "uac")
        if not agreed:
            self.bye_unusable()

    def _leave_other_forks(self, dialog: Dialog) -> None:
        for other in self._early.values():
            if other.id != dialog.id:
                self.agent.usages.pop(other.id, None)
        self._early.clear()

    def _refuse_fork(self, response: Response) -> None:
        """End a second answer: ACK, then BYE (section 13.2.2.4)."""
        assert self.invite is not None  # noqa: S101 - set before any response
        dialog = Dialog.of_uac(self.invite, response)
        flow = self.agent.flow_to(dialog.next_hop, like=self.flow)
        via = self.agent.transactions.via
        self.agent.wire.send(dialog.request("ACK", via(flow), cseq=response.cseq.number).raw, flow)
        self.agent.send(dialog.request("BYE", via(flow)), flow, lambda answer: None, self.credentials)
        self.note("fork refused")
        if self.state != "confirmed":
            self.end(Ending("local", 487, "CANCEL crossed the answer"))

    def _failed(self, response: Response) -> None:
        if response.status == 422 and self._try_longer(response):
            return
        for dialog in self._early.values():
            self.agent.usages.pop(dialog.id, None)
        self.dialog = None
        local = self._cancelled or "X-Made-Locally" in response
        cause = response.get("Reason") or ""
        self.end(Ending("local" if local else "remote", response.status, response.reason, cause))

    def _try_longer(self, response: Response) -> bool:
        """Ask again with the interval that a 422 demands (RFC 4028 section 7.3)."""
        least = response.seconds("Min-SE")
        if not least or not self.invite or least <= (self.invite.seconds("Session-Expires") or 0):
            return False
        rows = replaced(self.invite.rows, "Session-Expires", str(least))
        rows = replaced(replaced(rows, "Min-SE", str(least)), "Via", self.agent.transactions.via(self.flow))
        rows = replaced(rows, "CSeq", f"{self.invite.cseq.number + 1} INVITE")
        self._send(self.invite.with_rows(rows))
        return True

    def cancel(self) -> None:
        """Give up before the answer (section 9.1): CANCEL goes out once a provisional response has come."""
        if self.state in ("calling", "ringing"):
            self._cancelled = True
            self._send_cancel()

    def hang_up(self, reason: str = "BYE") -> None:
        """CANCEL before the answer, BYE after it."""
        if self.state == "confirmed":
            self.bye(reason)
        else:
            self.cancel()

    def abandon(self) -> None:
        """Hang up, and send no further copy of an INVITE that nobody has answered at all.

        Section 9.1 would have it go on for 64*T1, in case that a provisional response comes. A carrier that routes on
        does not wait, and the copies would keep a NAT binding busy.
        """
        self.hang_up()
        if self._exchange and self._exchange.transaction.state == "calling":
            self._exchange.transaction.fail(487, "Request Terminated")

    def _send_cancel(self) -> None:
        exchange = self._exchange
        if exchange is None or "cancel sent" in self.times or exchange.transaction.state != "proceeding":
            return
        self.note("cancel sent")
        invite = exchange.request
        kept = [row for row in invite.rows if row[0] in ("From", "To", "Call-ID", "Max-Forwards", "Route")]
        rows: list[Row] = [("Via", str(invite.via)), *kept, ("CSeq", f"{invite.cseq.number} CANCEL")]
        self.agent.send(Request("CANCEL", invite.uri, rows), exchange.flow, lambda answer: None)
        # Without a 487 the INVITE transaction would wait for ever (section 9.1).
        fail = exchange.transaction.fail
        self.agent.timers.after(self.agent.timing.timeout_s, fail, 487, "Request Terminated")

    def receive_stray(self, response: Response, flow: Flow) -> None:
        """Acknowledge a 2xx whose transaction is gone."""
        if response.cseq.method == "INVITE" and 200 <= response.status < 300:
            self.repeat_ack(response.cseq.number)
