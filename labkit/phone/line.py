"""A phone's line: registration, calls, keys; everything the control methods do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from labkit.errors import LabError, ParseError
from labkit.phone.settings import Account, Behaviour
from labkit.phone.transfer import Referral, Replaces, refer_to
from labkit.rtp.session import MediaSession
from labkit.rtp.source import read_source
from labkit.rtp.srtp import Crypto
from labkit.sip import digest
from labkit.sip.agent import Agent, Identity
from labkit.sip.call import Call
from labkit.sip.callee import IncomingCall
from labkit.sip.caller import OutgoingCall
from labkit.sip.media import Negotiation, RtpMedia
from labkit.sip.message import Request, Row
from labkit.sip.registration import Binding, Registration
from labkit.sip.report import CallReport, report_of
from labkit.sip.timers import Timing
from labkit.sip.transaction import ServerTransaction
from labkit.sip.transport import Flow
from labkit.sip.uri import Address, Uri, host_port

STATES = ("new", "calling", "ringing", "answered", "confirmed", "ended")
"""In the order in which a call goes through them."""

_BEFORE_KEYS_S = 0.5
"""A key that is pressed while the PBX still joins both legs may be lost."""


class Line:
    """One phone. `open` binds it; methods are what `labkit.phone.client.Phone` offers."""

    def __init__(self, account: Account, behaviour: Behaviour, timing: Timing | None = None) -> None:
        """Describe a phone; nothing is bound before `open`."""
        self.account, self.behaviour = account, behaviour
        self.agent = Agent(asyncio.get_running_loop(), timing)
        self.identity = Identity(Address(Uri("sip", account.user, host=account.host)), f"labkit-phone-{account.user}")
        self.calls: dict[str, Call] = {}
        self._sessions: dict[str, MediaSession] = {}
        self._names = count(1)
        self._credentials = digest.DigestClient((digest.Account(account.user, account.password),))
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._registration: Registration | None = None

    async def open(self) -> None:
        """Bind the phone's address."""
        account, wire = self.account, self.agent.wire
        if account.transport == "udp":
            wire.open_udp(account.bind, account.port)
        else:
            wire.client_context = _client_context(account.ca_file)
            wire.open_udp(account.bind, 0)
            if account.transport == "tcp":
                await wire.listen(account.bind, account.port)
        self.agent.server_name = self.identity.user_agent
        self.agent.extensions |= {"replaces"}
        self.agent.handlers |= {"INVITE": self._incoming, "OPTIONS": self._options}

    def _flow(self) -> Flow:
        return self.agent.wire.flow_to(self.account.transport, self.account.registrar, self.account.bind)

    async def options(self, uri: str, within_s: float = 4.0) -> int | None:
        """Send OPTIONS by way of the registrar; the final status, None when nothing answered."""
        return await self.agent.options(uri, self._flow(), self.identity, within_s)

    # --- registration

    async def register(self, expires_s: int | None = None) -> Binding:
        """Register and keep registered."""
        if self._registration is None:
            uri = f"sip:{host_port(self.account.host, None)}"
            self._registration = Registration(self.agent, self.identity, self._flow(), uri, self._credentials)
        return await self._registration.register(self.behaviour.expires_s if expires_s is None else expires_s)

    async def unregister(self) -> Binding:
        """Remove the binding."""
        return await self.register(0)

    def registrations(self) -> list[Binding]:
        """The bindings as the registrar granted them."""
        return [self._registration.binding] if self._registration else []

    def login(self, password: str) -> None:
        """Use another password from now on; registered with the old one, it registers anew."""
        self._credentials = digest.DigestClient((digest.Account(self.account.user, password),))
        if self._registration:
            self._registration.stop()
            self._registration = None

    # --- calls

    def place(self, target: str, headers: Sequence[Sequence[str]] = ()) -> str:
        """Place a call to a number or URI; gives the call's name."""
        uri = target if ":" in target else f"sip:{target}@{host_port(self.account.host, None)}"
        flow = self._flow()
        name, negotiation = self._media()
        call = OutgoingCall(self.agent, self.identity, negotiation, flow)
        self._keep(name, call)
        rows: list[Row] = [(key, value) for key, value in headers]
        call.place(uri, rows=rows, credentials=self._credentials)
        return name

    def _media(self) -> tuple[str, Negotiation]:
        name = f"call-{next(self._names)}"
        session = MediaSession.open(self.account.bind)
        session.update(source=read_source(self.behaviour.source))
        self._sessions[name] = session
        return name, Negotiation(RtpMedia(session, Crypto), self.behaviour.capabilities)

    def _keep(self, name: str, call: Call) -> None:
        self.calls[name] = call
        call.on_event, call.on_refer = self._event, self._referred

    def _event(self, call: Call, event: str) -> None:
        self._run(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _incoming(self, transaction: ServerTransaction) -> None:
        if self.behaviour.answer in ("busy", "reject"):
            status = 486 if self.behaviour.answer == "busy" else 603
            transaction.respond(transaction.response(status, rows=[("User-Agent", self.identity.user_agent)]))
            return
        name, negotiation = self._media()
        call = IncomingCall(self.agent, self.identity, negotiation, transaction)
        self._keep(name, call)
        if "Replaces" in transaction.request:
            self._replace(call)
            return
        call.ring()
        if self.behaviour.answer == "auto":
            self.agent.timers.after(self.behaviour.answer_after_s, call.answer)

    def _replace(self, call: IncomingCall) -> None:
        """Answer a call that takes the place of another, and end that one (RFC 3891 section 3)."""
        try:
            wanted = Replaces.parse(call.transaction.request.get("Replaces") or "")
        except ParseError:
            call.reject(400, "Malformed Replaces")
            return
        old = self.agent.usages.get(wanted.dialog)
        up = isinstance(old, Call) and old.state in ("answered", "confirmed")
        if not isinstance(old, OutgoingCall | IncomingCall) or (isinstance(old, IncomingCall) and not up):
            call.reject(481)
        elif up and wanted.early_only:
            call.reject(486)
        elif call.answer():
            old.hang_up("replaced")

    def _referred(self, call: Call, transaction: ServerTransaction) -> None:
        """Place the call that a REFER asks for; the transferor hears by NOTIFY what becomes of it (RFC 3515)."""
        try:
            referral = Referral(call, transaction.request)
            flow = self.agent.flow_to(referral.uri, like=self._flow())
        except (ParseError, OSError) as why:
            transaction.respond(transaction.response(400, str(why)[:60]))
            return
        transaction.respond(transaction.response(202, rows=call.rows()))
        call.note("referred")
        referral.tell("100 Trying")
        name, negotiation = self._media()
        new = OutgoingCall(self.agent, self.identity, negotiation, flow)
        self._keep(name, new)

        def listen(new: Call, event: str) -> None:
            self._event(new, event)
            referral.follow(new, event)

        new.on_event = listen
        new.place(str(referral.uri), rows=referral.rows, credentials=self._credentials)

    def _options(self, transaction: ServerTransaction) -> None:
        rows: list[Row] = [("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"), ("Accept", "application/sdp")]
        transaction.respond(transaction.response(200, rows=rows))

    def _call(self, call: str) -> Call:
        if call not in self.calls:
            known = ", ".join(self.calls) or "none"
            raise LabError(f"phone {self.account.user} has no call {call!r}; its calls: {known}", call=call)
        return self.calls[call]

    async def wait(self, call: str, state: str = "confirmed", within_s: float = 10.0) -> str:
        """Wait until a call is in a state or beyond, or ended; gives the state it is in."""
        found, wanted = self._call(call), STATES.index(state)
        async with self._changed:
            reached = self._changed.wait_for(lambda: STATES.index(found.state) >= wanted)
            try:
                await asyncio.wait_for(reached, within_s)
            except TimeoutError:
                raise LabError(f"{call} is still {found.state} after {within_s:g} s, not {state}") from None
        return found.state

    async def wait_for_call(self, within_s: float = 10.0) -> str:
        """Wait for an incoming call that is not over; gives its name."""

        def waiting() -> list[str]:
            return [name for name, call in self.calls.items()
                    if isinstance(call, IncomingCall) and call.state != "ended"]  # fmt: skip

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: bool(waiting())), within_s)
            except TimeoutError:
                raise LabError(f"no call came to phone {self.account.user} within {within_s:g} s") from None
        return waiting()[-1]

    def answer(self, call: str) -> bool:
        """Answer an incoming call; False when its offer was refused by 488."""
        found = self._call(call)
        return isinstance(found, IncomingCall) and found.answer()

    def reject(self, call: str, status: int = 486) -> None:
        """Refuse an incoming call."""
        found = self._call(call)
        if isinstance(found, IncomingCall):
            found.reject(status)

    def hang_up(self, call: str) -> None:
        """End a call, whatever its state; an INVITE that nobody answered at all is not sent again."""
        found = self._call(call)
        if isinstance(found, OutgoingCall):
            found.abandon()
        elif isinstance(found, IncomingCall):
            found.hang_up()

    def hold(self, call: str) -> None:
        """Put the far end on hold: re-INVITE with sendonly."""
        self._call(call).hold()

    def resume(self, call: str) -> None:
        """Take the far end back."""
        self._call(call).resume()

    def say(self, call: str, source: str) -> None:
        """Change what is sent: `tone:700@-20`, `silence`, `echo` ..."""
        self._call(call)
        self._sessions[call].update(source=read_source(source))

    async def send_dtmf(self, call: str, digits: str, duration_ms: int = 100) -> None:
        """Press keys, in the way that the behaviour says."""
        found = self._call(call)
        if self.behaviour.dtmf == "info":
            for digit in digits:
                body = f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode()
                found.send_request("INFO", [("Content-Type", "application/dtmf-relay")], body)
                await asyncio.sleep(duration_ms / 1000)
            return
        inband = self.behaviour.dtmf == "inband"
        self._sessions[call].send_dtmf(digits, duration_ms=duration_ms, inband=inband)

    def transfer(self, call: str, target: str) -> None:
        """Send the far end to a target (blind transfer, RFC 5589 section 6)."""
        uri = target if ":" in target else f"sip:{target}@{host_port(self.account.host, None)}"
        self._refer(self._call(call), f"<{uri}>")

    def transfer_to_call(self, call: str, other: str) -> None:
        """Join the far ends of two of our calls (attended transfer, RFC 5589 section 7)."""
        self._refer(self._call(call), refer_to(self._call(other)))

    def _refer(self, call: Call, target: str) -> None:
        call.on_notify = _take_notify
        referred_by = f"<{self.identity.address.uri}>"
        call.send_request("REFER", [*call.rows(), ("Refer-To", target), ("Referred-By", referred_by)],
                          on_response=lambda response: call.note(f"refer {response.status}"))  # fmt: skip

    def report(self, call: str) -> CallReport:
        """Everything about a call up to now."""
        found = self._call(call)
        return report_of(found, call, self._sessions[call].report())

    def list_calls(self) -> list[CallReport]:
        """Every call since the start or the last `forget`."""
        return [self.report(name) for name in self.calls]

    async def call(self, target: str, hold_s: float = 2.0, ring_s: float = 30.0, keys: str = "") -> CallReport:
        """Place a call, press keys half a second after the answer, stay on it for a while, hang up, report."""
        name = self.place(target)
        try:
            await self.wait(name, "confirmed", ring_s)
        except LabError:
            self.hang_up(name)
        if self.calls[name].state == "confirmed":
            if keys:
                await asyncio.sleep(_BEFORE_KEYS_S)
                await self.send_dtmf(name, keys)
            await self._stay(name, hold_s)
        return await self._ended(name)

    async def _stay(self, name: str, hold_s: float) -> None:
        try:
            await self.wait(name, "ended", hold_s)
        except LabError:
            self.hang_up(name)

    async def _ended(self, name: str) -> CallReport:
        await self.wait(name, "ended", 2 * self.agent.timing.timeout_s + 5)
        return self.report(name)

    def forget(self) -> None:
        """Forget the calls that ended."""
        for name in [name for name, call in self.calls.items() if call.state == "ended"]:
            del self.calls[name], self._sessions[name]

    def set(self, **changes: Any) -> Behaviour:
        """Change the behaviour; unknown names are refused."""
        changes = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
        try:
            self.behaviour = replace(self.behaviour, **changes)
        except TypeError:
            known = ", ".join(Behaviour.__slots__)
            raise LabError(f"a phone has no such setting among {', '.join(changes)}; there are {known}") from None
        return self.behaviour

    async def close(self) -> None:
        """Let go of everything."""
        if self._registration:
            self._registration.stop()
        for session in self._sessions.values():
            session.stop()
        for task in list(self._tasks):
            task.cancel()
        await self.agent.close()


def _take_notify(call: Call, request: Request) -> None:
    """Note what became of a transfer by the status line in the body (RFC 3515 section 2.4.5); leave when it is done."""
    line = "".join(request.body.decode("utf-8", "replace").splitlines()[:1]).removeprefix("SIP/2.0 ").strip()
    call.note(f"transfer {line}")
    if line.startswith("2"):
        call.bye("transferred")


def _client_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    if not ca_file:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
