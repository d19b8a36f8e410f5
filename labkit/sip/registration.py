"""Keeping an address of record registered (RFC 3261 section 10.2)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from labkit.sip.agent import Agent, Identity
from labkit.sip.dialog import new_call_id
from labkit.sip.digest import DigestClient
from labkit.sip.message import Response
from labkit.sip.timers import Timer
from labkit.sip.transport import Flow
from labkit.sip.uri import Address


@dataclass(frozen=True, slots=True)
class Binding:
    """What the registrar said last."""

    status: int
    """Final status of the last REGISTER; 408 where none came."""
    reason: str
    """Its reason phrase."""
    expires_s: int = 0
    """Granted life; 0 when not registered."""
    contact: str = ""
    """The Contact that was sent."""


class Registration:
    """One binding, refreshed until it is dropped."""

    RETRY_S = 30.0

    def __init__(
        self, agent: Agent, identity: Identity, flow: Flow, registrar_uri: str, credentials: DigestClient
    ) -> None:
        """Register `identity` at a registrar, by a flow; nothing is sent before `register`."""
        self._agent, self._identity, self._flow, self._uri = agent, identity, flow, registrar_uri
        self._credentials = credentials
        self._call_id = new_call_id(flow.channel.local[0])
        self._cseq = 0
        self._timer: Timer | None = None
        self._refreshing: asyncio.Task[Binding] | None = None
        self.binding = Binding(0, "never asked")
        self.wanted_s = 3600

    async def register(self, expires_s: int | None = None) -> Binding:
        """Send REGISTER, answer the challenge, refresh from now on; 0 removes the binding."""
        self._stop_timer()
        self.wanted_s = self.wanted_s if expires_s is None else expires_s
        response = await self._ask(self.wanted_s)
        if response.status == 423 and (least := response.seconds("Min-Expires")):
            self.wanted_s = least
            response = await self._ask(least)
        self.binding = self._binding(response)
        self._plan()
        return self.binding

    async def _ask(self, expires_s: int) -> Response:
        aor = self._identity.address
        self._cseq += 1
        request = self._agent.new_request(
            "REGISTER", self._uri, self._flow, self._identity, to=Address(aor.uri, aor.display),
            rows=[("Expires", str(expires_s))], call_id=self._call_id, cseq=self._cseq,
        )  # fmt: skip
        response = await self._agent.request(request, self._flow, self._credentials)
        self._cseq = max(self._cseq, response.cseq.number)
        return response

    def _binding(self, response: Response) -> Binding:
        contact = self._identity.contact(self._flow)
        if response.status != 200:
            return Binding(response.status, response.reason, 0, contact)
        uri = Address.parse(contact).uri
        granted = [found for value in response.values("Contact") if (found := Address.parse(value)).uri.same_as(uri)]
        expires = granted[0].params.get("expires") if granted else None
        own = int(expires) if expires and expires.isascii() and expires.isdigit() else response.seconds("Expires")
        life_s = self.wanted_s if own is None else own
        return Binding(200, response.reason, life_s if self.wanted_s else 0, contact)

    def _plan(self) -> None:
        """Refresh well before the binding ends, or try again later (section 10.2.4)."""
        if not self.wanted_s:
            return
        life_s = self.binding.expires_s
        delay_s = max(life_s - 5.0, life_s * 0.5, 1.0) if life_s else self.RETRY_S
        self._timer = self._agent.timers.after(delay_s, self._refresh)

    def _refresh(self) -> None:
        self._refreshing = self._agent.loop.create_task(self.register())

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()

    def stop(self) -> None:
        """Stop refreshing without telling the registrar."""
        self._stop_timer()
        if self._refreshing:
            self._refreshing.cancel()
