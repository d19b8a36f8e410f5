"""The called side (RFC 3261 section 13.3): ring, answer, reject, and reliable provisional responses (RFC 3262)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from labkit.errors import ParseError
from labkit.sip.acceptance import Acceptance
from labkit.sip.agent import Agent, Identity
from labkit.sip.call import SDP, Call, Ending
from labkit.sip.dialog import Dialog, new_tag
from labkit.sip.media import Negotiation, description_of
from labkit.sip.message import Request, Response, Row
from labkit.sip.offer import Refused
from labkit.sip.session_timer import answered
from labkit.sip.timers import Timer
from labkit.sip.transaction import ServerTransaction


class IncomingCall(Call):
    """A call that comes in. Exactly one of `answer` and `reject` ends its waiting."""

    role = "uas"

    def __init__(
        self, agent: Agent, identity: Identity, negotiation: Negotiation, transaction: ServerTransaction
    ) -> None:
        """Take an INVITE outside any dialog; nothing is sent before `ring`, `answer` or `reject`."""
        super().__init__(agent, identity, negotiation, transaction.flow)
        self.transaction = transaction
        self.invite = transaction.request
        transaction.to_tag = transaction.to_tag or new_tag()
        transaction.on_cancel = self._receive_cancel
        self.join(Dialog.of_uas(transaction.request, transaction.to_tag))
        self.learn_peer(transaction.request)
        self._answer: bytes | None = None
        self._rseq = random.randint(1, 10_000)
        self._reliable: tuple[int, Timer, Timer] | None = None
        self._queued: list[tuple[int, str | None, bool, bool, tuple[Row, ...]]] = []
        self.note("placed", "calling")

    @property
    def offer(self) -> bytes:
        """The SDP of the INVITE; empty when the caller wants our offer."""
        return description_of(self.transaction.request)

    def ring(
        self, status: int = 180, reason: str | None = None, *, media: bool = False, reliable: bool = False,
        rows: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        """Send a provisional response; with `media` it carries our SDP; reliable ones wait for each other's PRACK."""
        if self.transaction.answered:
            return
        if reliable and self._reliable:
            self._queued.append((status, reason, media, reliable, tuple(rows)))
            return
        body = self._local_description() if media else b""
        made: list[Row] = [*self.rows(), *rows, *([SDP] if body else [])]
        if reliable:
            self._rseq += 1
            made += [("Require", "100rel"), ("RSeq", str(self._rseq))]
        response = self.transaction.response(status, reason, made, body)
        self.note_provisional(response)
        self.transaction.respond(response)
        if reliable:
            self._repeat_until_prack(response)
        self.note("progress" if body else "ringing", "ringing")

    def _local_description(self) -> bytes:
        """Answer the offer once; the same SDP goes into every later response. Without an offer, make ours."""
        if self._answer is None:
            offer = self.offer
            self._answer = self.negotiation.answer(offer) if offer else self.negotiation.offer()
        return self._answer

    def _repeat_until_prack(self, response: Response) -> None:
        timers, timing = self.agent.timers, self.agent.timing

        def repeat(interval_s: float) -> None:
            self.agent.wire.send(response.raw, self.agent.transactions.reply_flow(self.transaction))
            again = timers.after(2 * interval_s, repeat, 2 * interval_s)
            self._reliable = (self._rseq, again, end)

        end = timers.after(timing.timeout_s, self._no_prack)
        self._reliable = (self._rseq, timers.after(timing.t1_s, repeat, timing.t1_s), end)

    def _no_prack(self) -> None:
        self._stop_reliable()
        self.reject(504, "No PRACK")

    def _stop_reliable(self) -> None:
        if self._reliable:
            self._reliable[1].cancel()
            self._reliable[2].cancel()
            self._reliable = None

    def receive_prack(self, transaction: ServerTransaction) -> None:
        """Take a PRACK: its RAck names the response it acknowledges (RFC 3262 section 3)."""
        rack = (transaction.request.get("RAck") or "").split()
        cseq = self.transaction.request.cseq
        if not self._reliable or rack != [str(self._reliable[0]), str(cseq.number), cseq.method]:
            transaction.respond(transaction.response(481))
            return
        self._stop_reliable()
        if self.negotiation.pending:
            self.negotiation.conclude(description_of(transaction.request))
        transaction.respond(transaction.response(200))
        self.note("pracked")
        if self._queued:
            status, reason, media, reliable, rows = self._queued.pop(0)
            self.ring(status, reason, media=media, reliable=reliable, rows=rows)

    def answer(self, *, rows: Sequence[Row] = (), body: bytes | None = None) -> bool:
        """Answer by 200; 488 and False when the offer is not acceptable."""
        if self.transaction.answered:
            return False
        try:
            local = self._local_description() if body is None else body
        except (Refused, ParseError) as why:
            self.reject(488, rows=[("Warning", f'304 labkit "{why}"')])
            return False
        self._stop_reliable()
        interval, timer_rows = answered(self.transaction.request, self.timer_wish)
        made = [*self.rows(), *timer_rows, *rows, *([SDP] if local else [])]
        response = self.transaction.response(200, rows=made, body=local)
        self.note("answered", "answered")
        self.acceptance = Acceptance(self.agent, self.transaction, response, self._unacknowledged)
        self.session_timer.start(interval, "uas")
        return True

    def reject(self, status: int, reason: str | None = None, rows: Sequence[Row] = ()) -> None:
        """Refuse by a final response of 300 to 699."""
        if self.transaction.answered:
            return
        response = self.transaction.response(status, reason, [("User-Agent", self.identity.user_agent), *rows])
        self._close(response, Ending("local", status, response.reason))

    def end(self, ending: Ending) -> None:
        """End: also let go of the transaction, which outlives the call."""
        self.transaction.on_cancel = None
        super().end(ending)

    def hang_up(self, reason: str = "BYE") -> None:
        """BYE after the answer, 480 before it."""
        if self.state in ("answered", "confirmed"):
            self.bye(reason)
        else:
            self.reject(480)

    def _receive_cancel(self, cancel: Request) -> None:
        ending = Ending("remote", 487, "CANCEL", cancel.get("Reason") or "")
        self._close(self.transaction.response(487), ending)

    def _receive_bye(self, transaction: ServerTransaction) -> None:
        if not self.transaction.answered:
            transaction.respond(transaction.response(200))
            self._close(self.transaction.response(487), Ending("remote", 487, "BYE before the answer"))
        else:
            super()._receive_bye(transaction)

    def _close(self, response: Response, ending: Ending) -> None:
        self._stop_reliable()
        self.transaction.respond(response)
        self.end(ending)
