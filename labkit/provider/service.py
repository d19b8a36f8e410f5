"""The provider: SBC, registrar and telephones on one user agent, following a policy that may change at any time."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from labkit.errors import LabError, ParseError
from labkit.provider.admission import Admission, Admitted, Refusal
from labkit.provider.customer import place_inbound
from labkit.provider.ledger import Ledger, Line
from labkit.provider.media import capabilities_of, media_for, negotiation_for, t38_offer
from labkit.provider.policy import Policy, edited
from labkit.provider.registrar import Registrar
from labkit.provider.script import behave, play
from labkit.provider.taps import WireFaults
from labkit.provider.telephone import Change
from labkit.provider.trunk import Trunk
from labkit.provider.view import CallEntry, Registered
from labkit.rtp.session import MediaSession
from labkit.rtp.ticker import shared_ticker
from labkit.sip.agent import ALLOW, Agent, Identity
from labkit.sip.call import Call
from labkit.sip.callee import IncomingCall
from labkit.sip.caller import OutgoingCall
from labkit.sip.message import Row
from labkit.sip.report import CallReport, unplaced
from labkit.sip.session_timer import TimerWish
from labkit.sip.timers import Timing
from labkit.sip.transaction import ServerTransaction
from labkit.sip.uri import Address, Uri, host_port

log = logging.getLogger(__name__)


class Service:
    """One provider. `open` binds it."""

    def __init__(self, table: Mapping[str, Any], timing: Timing | None = None) -> None:
        """Describe a provider by a policy table; nothing is bound before `open`."""
        self.agent, self._timing = Agent(asyncio.get_running_loop(), timing), timing or Timing()
        self.registrar, self.ledger = Registrar(), Ledger()
        self._began_s = self.agent.loop.time()
        self._waiters: set[asyncio.Event] = set()
        self.table: dict[str, Any] = {}
        self.agent.screen = self._heard
        self.follow(table)

    def follow(self, table: Mapping[str, Any], name: str = "policy") -> Policy:
        """Follow another policy from now on; calls that are up keep what they have."""
        self.policy = Policy.read(table, name)
        self.table = dict(table)
        self.admission = Admission(self.policy)
        self.agent.keep_time(replace(self._timing, t1_s=self.policy.t1_s or self._timing.t1_s))
        self.faults = WireFaults(self.policy.fault, self.policy.resolve)
        self.agent.wire.tap = self.faults.tap if self.policy.fault else None
        return self.policy

    def set(self, path: str, value: Any) -> None:
        """Change one value of the policy by its dotted name: `trunk.registered.limits.cps`."""
        self.follow(edited(self.table, path, value))

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change several values at once; all or, when one is not understood, none."""
        table = self.table
        for path, value in changes.items():
            table = edited(table, path, value)
        self.follow(table)

    async def open(self, *, tcp: bool = True) -> None:
        """Bind every SBC address."""
        bind, wire = self.policy.bind, self.agent.wire
        for address in dict.fromkeys(self.policy.sbcs.values()):
            channel = wire.open_udp(address, bind.port)
            if tcp:
                await wire.listen(address, channel.local[1])
            if bind.certificate:
                await wire.listen(address, bind.tls_port, server_context(bind.certificate))
        handlers = {"REGISTER": self._register, "OPTIONS": self._options, "INVITE": self._invite}
        self.agent.handlers.update(handlers)

    @property
    def now_s(self) -> float:
        """Seconds since the provider started."""
        return self.agent.loop.time() - self._began_s

    # --- requests of customers

    def _heard(self, transaction: ServerTransaction) -> bool:
        """Tell whether any trunk of the SBC speaks this transport; else the request finds silence."""
        channel = transaction.flow.channel
        sbc = self.policy.sbc_of(channel.local[0])
        here = [item for item in self.policy.trunk if item.sbc == sbc]
        if here and not any(channel.protocol.lower() in item.transports for item in here):
            transaction.terminate()
            return False
        return True

    def _register(self, transaction: ServerTransaction) -> None:
        trunk = self.admission.trunk_of(transaction)
        if trunk is None or trunk.kind != "registration":
            transaction.respond(transaction.response(403, "Registration not possible here"))
            return
        rules = trunk.registration
        if rules.treatment == "ignore":
            return
        if rules.treatment == "refuse":
            transaction.respond(transaction.response(rules.status, rules.reason or None))
            return
        refusal = self.admission.credentials(transaction, trunk, self.now_s, proxy=False)
        if refusal:
            self._refuse(transaction, refusal)
            return
        try:
            self.registrar.take(transaction, trunk, self.now_s)
        except ParseError as why:
            transaction.respond(transaction.response(400, str(why)[:60]))

    def _options(self, transaction: ServerTransaction) -> None:
        trunk = self.admission.trunk_of(transaction)
        treatment = trunk.options.treatment if trunk else "accept"
        if treatment == "ignore":
            return
        rows: list[Row] = [("Allow", ALLOW), ("Accept", "application/sdp"), ("Server", self.policy.user_agent)]
        status = trunk.options.status if trunk and treatment == "refuse" else 200
        transaction.respond(transaction.response(status, rows=rows))

    def _invite(self, transaction: ServerTransaction) -> None:
        trunk = self.admission.trunk_of(transaction)
        up = self.ledger.up(trunk.name) if trunk else 0
        try:
            verdict = self.admission.call(transaction, trunk, self.now_s, up)
        except ParseError as why:
            verdict = Refusal(400, str(why)[:60])
        if isinstance(verdict, Refusal):
            if not verdict.challenge:
                self._book(transaction, trunk, verdict)
            self._refuse(transaction, verdict)
        else:
            self._serve(transaction, verdict)

    def _refuse(self, transaction: ServerTransaction, refusal: Refusal) -> None:
        if refusal.status:
            rows = [("Server", self.policy.user_agent), *refusal.rows]
            transaction.respond(transaction.response(refusal.status, refusal.reason or None, rows))
        else:
            transaction.terminate()

    def _book(self, transaction: ServerTransaction, trunk: Trunk | None, refusal: Refusal) -> None:
        attempt = self._attempt(transaction, trunk, transaction.request.from_.uri.number)
        self.ledger.add(Line(replace(attempt, status=refusal.status, reason=refusal.reason)))

    def _attempt(self, transaction: ServerTransaction, trunk: Trunk | None, caller: str) -> CallEntry:
        source = host_port(*transaction.flow.remote)
        called, name = transaction.request.target.number, trunk.name if trunk else ""
        return CallEntry(self.ledger.name(), "outbound", name, caller, called, source, self.now_s)

    def _serve(self, transaction: ServerTransaction, admitted: Admitted) -> None:
        """Let a telephone behind us take the call."""
        trunk, telephone = admitted.trunk, admitted.telephone
        media, session = media_for(self.policy.media, telephone, self.policy.resolve)
        attempt = self._attempt(transaction, trunk, admitted.presented.number)
        call = IncomingCall(self.agent, self.identity(telephone.number), negotiation_for(media, trunk), transaction)
        self.keep(attempt, call, session, trunk)
        if call.timer_wish.too_small(transaction.request):
            call.reject(422, rows=[("Min-SE", str(call.timer_wish.min_se_s))])
            return
        play(behave(call, telephone, session, partial(self._change, trunk)), call, self.agent.timers)

    def identity(self, user: str) -> Identity:
        """Who we are in Contact and From."""
        uri = Uri("sip", user, host=self.policy.domain)
        host = self.policy.contact_host
        advertised = (self.policy.resolve(host), self.policy.bind.port) if host else None
        return Identity(Address(uri), self.policy.user_agent, advertised=advertised)

    def keep(self, attempt: CallEntry, call: Call, session: MediaSession | None, trunk: Trunk) -> Line:
        """Keep a call in the books and give it the trunk's wishes."""
        line = Line(attempt, call, session)
        wish = trunk.timers
        call.timer_wish = TimerWish(wish.expires_s, wish.min_se_s, wish.refresher or None, wish.enabled)
        call.session_timer.refresh_s = wish.refresh_s
        if self.policy.record_route:
            own = host_port(*call.flow.channel.local)
            call.more_rows = (("Record-Route", f"<sip:{own};lr>"),)
        self.ledger.add(line)

        def listen(call: Call, event: str) -> None:
            if event == "ended":
                self.ledger.ended(line)
            self._tell()

        call.on_event = listen
        return line

    def _change(self, trunk: Trunk, call: Call, change: Change) -> None:
        """Do something to a session that is up."""
        if change.kind in ("hold", "resume"):
            call.hold("sendonly" if change.kind == "hold" else "sendrecv")
        elif change.kind == "update":
            call.send_request("UPDATE", call.rows())
        elif change.kind == "t38":
            call.reinvite(body=t38_offer(call.negotiation))
        else:
            if change.codecs:
                sdp = replace(trunk.sdp, codecs=change.codecs)
                call.negotiation.capabilities = capabilities_of(sdp)
            call.reinvite()

    # --- waiting

    def _tell(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Wait until a condition holds, looking after every event of any call; False when it did not in time."""
        event = asyncio.Event()
        self._waiters.add(event)
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return condition()
        finally:
            self._waiters.discard(event)
        return True

    # --- what the client asks

    def place_call(self, did: str, caller: str = "+15550199", plays: str = "tone:440@-10") -> str:
        """Call a number of the customer; gives the call's name at once."""
        return place_inbound(self, did, caller, plays)[0].id

    async def call(self, did: str, caller: str = "+15550199", hold_s: float = 2.0, ring_s: float = 30.0,
                   plays: str = "tone:440@-10") -> CallReport:  # fmt: skip
        """Call a number of the customer, stay on it for a while, hang up, report; 480 where it has nowhere to go."""
        try:
            line, call = place_inbound(self, did, caller, plays)
        except LabError as why:
            return unplaced(caller, did, 480, str(why))
        await self.until(lambda: call.state in ("confirmed", "ended"), ring_s)
        if "confirmed" in call.times:
            await self.until(lambda: call.state == "ended", hold_s)
        call.abandon()
        await self.until(lambda: call.state == "ended", 2 * self.agent.timing.timeout_s + 5)
        return line.report()

    async def wait(self, call: str, state: str = "confirmed", within_s: float = 10.0) -> str:
        """Wait until a call is in a state, or ended; gives the state it is in, which may be an earlier one."""
        found = self.ledger[call].call
        await self.until(lambda: found is None or found.state in (state, "ended"), within_s)
        return found.state if found else "ended"

    def send_dtmf(self, call: str, digits: str) -> None:
        """Press keys on a call, as RFC 4733 events."""
        if session := self.ledger[call].session:
            session.send_dtmf(digits)

    async def options(self, uri: str, within_s: float = 4.0) -> int | None:
        """Send OPTIONS from the first SBC; the final status, None when nothing answered."""
        flow = self.agent.flow_to(Uri.parse(uri), local_host=self.policy.sbcs["first"])
        return await self.agent.options(uri, flow, self.identity("ping"), within_s)

    def attempts(self) -> list[CallEntry]:
        """Every attempt in the books, refused ones too."""
        return [line.entry() for line in self.ledger]

    def calls(self) -> list[CallReport]:
        """Every call that was let in or placed; refused attempts are in the portal only."""
        return [line.report() for line in self.ledger if line.call]

    def report(self, call: str) -> CallReport:
        """Everything about one call."""
        try:
            return self.ledger[call].report()
        except KeyError:
            known = ", ".join(line.id for line in self.ledger) or "none"
            raise LabError(f"the provider knows no call {call!r}; its calls: {known}", call=call) from None

    def hang_up(self, call: str) -> None:
        """End one call from the provider's side."""
        found = self.ledger[call].call
        if isinstance(found, OutgoingCall):
            found.abandon()
        elif isinstance(found, IncomingCall):
            found.hang_up()

    def registrations(self) -> list[Registered]:
        """Living bindings."""
        return self.registrar.registered(self.policy.trunk, self.now_s)

    def forget_registrations(self) -> None:
        """Drop every binding, as after a restart of the registrar; customers learn of it at their next REGISTER."""
        self.registrar.forget()

    def load(self) -> dict[str, float]:
        """Figures for benchmarks: what lives in the agent, and how late the media clock was."""
        agent, clock = self.agent, shared_ticker()
        return {
            "transactions": len(agent.transactions.clients) + len(agent.transactions.servers),
            "usages": len(agent.usages), "timers": len(agent.timers), "ticks": clock.ticks,
            "late_ticks": clock.late_ticks, "max_late_ms": 1000 * clock.max_late_s,
        }  # fmt: skip

    async def close(self) -> None:
        """Let go of everything."""
        for line in self.ledger:
            if line.session:
                line.session.stop()
        await self.agent.close()


def server_context(certificate: str) -> ssl.SSLContext:
    """Make the TLS context of an SBC from a PEM file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
