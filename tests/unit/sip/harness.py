"""A user agent without a network: what it sends is recorded, what it receives is handed to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from labkit.sip.agent import Agent, Identity
from labkit.sip.callee import IncomingCall
from labkit.sip.caller import OutgoingCall
from labkit.sip.media import Negotiation, NoMedia
from labkit.sip.message import Request, Response, parse
from labkit.sip.offer import Capabilities
from labkit.sip.timers import Timing
from labkit.sip.transaction import ServerTransaction
from labkit.sip.transport import Flow, Remote
from labkit.sip.uri import Address, Uri

PEER: Remote = ("192.0.2.1", 5060)
FAST = Timing(0.02, 0.08, 0.1)
"""T1 of 20 ms: a transaction gives up after 1.28 s."""


class RecordingChannel:
    """A channel that keeps what is sent."""

    def __init__(self, protocol: str = "UDP") -> None:
        self.protocol, self.reliable = protocol, protocol != "UDP"
        self.local: Remote = ("192.0.2.10", 5060)
        self.sent: list[bytes] = []

    def send(self, data: bytes, remote: Remote) -> None:
        self.sent.append(data)

    def close(self) -> None:
        pass


class Bench:
    """An agent on a recording channel."""

    def __init__(self, protocol: str = "UDP", timing: Timing = FAST) -> None:
        self.agent = Agent(asyncio.get_running_loop(), timing)
        self.channel = RecordingChannel(protocol)
        self.flow = Flow(self.channel, PEER)

    def receive(self, data: bytes | str) -> None:
        """Hand a message to the agent; a text is given CRLF line ends."""
        raw = data if isinstance(data, bytes) else wire(data)
        self.agent.wire.receive(raw, self.flow)

    @property
    def sent(self) -> list[Request | Response]:
        """What the agent sent."""
        return [parse(data) for data in self.channel.sent]

    @property
    def shown(self) -> list[str]:
        """What the agent sent, as methods and status codes."""
        return [message.method if isinstance(message, Request) else str(message.status) for message in self.sent]


def wire(text: str) -> bytes:
    """Turn an indented text into a message: CRLF line ends, Content-Length as written."""
    lines = [line[4:] if line.startswith("    ") else line for line in text.strip("\n").split("\n")]
    raw = "\r\n".join(lines).rstrip().encode("utf-8", "surrogateescape")
    return raw + (b"\r\n" if b"\r\n\r\n" in raw else b"\r\n\r\n")


class LinkedChannel(RecordingChannel):
    """A channel whose messages arrive at another agent, unless `lose` says otherwise."""

    def __init__(self, link: Link, local: Remote) -> None:
        super().__init__()
        self.link, self.local = link, local

    def send(self, data: bytes, remote: Remote) -> None:
        self.link.carry(data, self.local, remote)


class Link:
    """Two agents, a at .1 and b at .2, and everything that went between them."""

    A: Remote = ("192.0.2.1", 5060)
    B: Remote = ("192.0.2.2", 5060)

    def __init__(self, timing: Timing = FAST, lose: Callable[[bytes], bool] = lambda data: False) -> None:
        self.loop = asyncio.get_running_loop()
        self.lose = lose
        self.a, self.b = Agent(self.loop, timing), Agent(self.loop, timing)
        self.channels = {self.A: LinkedChannel(self, self.A), self.B: LinkedChannel(self, self.B)}
        self.agents = {self.A: self.a, self.B: self.b}
        self.a_to_b, self.b_to_a = Flow(self.channels[self.A], self.B), Flow(self.channels[self.B], self.A)
        self.wire: list[str] = []
        for address, agent in self.agents.items():
            agent.wire.flow_to = self._flow_from(address)  # type: ignore[method-assign]

    def _flow_from(self, address: Remote) -> Callable[..., Flow]:
        return lambda protocol, remote, local_host=None: Flow(self.channels[address], remote)

    def carry(self, data: bytes, source: Remote, remote: Remote) -> None:
        lost = self.lose(data)
        message = parse(data)
        kind = message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
        self.wire.append(f"{'a' if source == self.A else 'b'} {kind}{' lost' if lost else ''}")
        if not lost and remote in self.agents:
            flow = Flow(self.channels[remote], source)
            self.loop.call_soon(self.agents[remote].wire.receive, data, flow)

    async def until(self, condition: Callable[[], object], within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.005)

    def place(self, uri: str = "sip:bob@192.0.2.2", **how: object) -> OutgoingCall:
        """Call from a to b."""
        call = self.outgoing()
        call.place(uri, **how)  # type: ignore[arg-type]
        return call

    def outgoing(self) -> OutgoingCall:
        """Make a's call without placing it."""
        return OutgoingCall(self.a, identity("alice", self.A), negotiation(self.A), self.a_to_b)

    def incoming(self, transaction: ServerTransaction) -> IncomingCall:
        """Make b's side of a call."""
        return IncomingCall(self.b, identity("bob", self.B), negotiation(self.B), transaction)

    async def close(self) -> None:
        await self.a.close()
        await self.b.close()


def identity(user: str, address: Remote) -> Identity:
    """Who a and b are."""
    return Identity(Address(Uri("sip", user, host=address[0])))


def negotiation(address: Remote) -> Negotiation:
    """Audio at an address where nothing listens."""
    return Negotiation(NoMedia((address[0], 4000)), Capabilities())
