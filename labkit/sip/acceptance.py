"""The one response that its transaction does not repeat: a 2xx to INVITE (RFC 3261 section 13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from labkit.sip.agent import Agent
from labkit.sip.message import Response
from labkit.sip.timers import Timer
from labkit.sip.transaction import ServerTransaction


class Acceptance:
    """A 2xx to INVITE, sent again until its ACK comes (section 13.3.1.4)."""

    def __init__(
        self, agent: Agent, transaction: ServerTransaction, response: Response, lost: Callable[[], None]
    ) -> None:
        """Send for the first time; call `lost` when no ACK comes for 64*T1."""
        self._agent, self._transaction, self._response, self._lost = agent, transaction, response, lost
        self.cseq = transaction.request.cseq.number
        self.acknowledged = False
        self.copies = 0
        """How often it was sent again."""
        timing, timers = agent.timing, agent.timers
        transaction.respond(response)
        self._again: Timer = timers.after(timing.t1_s, self._repeat, timing.t1_s)
        self._end: Timer = timers.after(timing.timeout_s, self._give_up)

    def _repeat(self, interval_s: float) -> None:
        self.copies += 1
        self._agent.wire.send(self._response.raw, self._agent.transactions.reply_flow(self._transaction))
        longer_s = min(2 * interval_s, self._agent.timing.t2_s)
        self._again = self._agent.timers.after(longer_s, self._repeat, longer_s)

    def _give_up(self) -> None:
        self.stop()
        self._lost()

    def take_ack(self) -> bool:
        """Stop sending; True for the first ACK."""
        first, self.acknowledged = not self.acknowledged, True
        self.stop()
        return first

    def stop(self) -> None:
        """Stop sending, ACK or not."""
        self._again.cancel()
        self._end.cancel()
