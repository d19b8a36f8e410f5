"""The transport layer (RFC 3261 section 18): UDP sockets, TCP and TLS connections, and the taps that bend them."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from labkit.sip.framing import Framer
from labkit.sip.timers import TimerWheel

log = logging.getLogger(__name__)

Remote = tuple[str, int]
"""Host address and port."""

_RECEIVE_BUFFER_BYTES = 4 << 20
_BATCH = 64


class Channel(Protocol):
    """Something that carries messages to remotes: a UDP socket or one connection."""

    protocol: str
    """UDP, TCP or TLS, as written in a Via."""
    reliable: bool
    """Whether the transport retransmits by itself."""
    local: Remote
    """The address a peer can send to: the listening address, also for connections made from here."""

    def send(self, data: bytes, remote: Remote) -> None:
        """Send one message; a failure is logged, the transaction's timers find it out."""

    def close(self) -> None:
        """Close the socket."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A way to a peer: the channel and the remote address (RFC 5626 section 2)."""

    channel: Channel
    """Where to send."""
    remote: Remote
    """Whom to send to."""


Direction = Literal["in", "out"]
Tap = Callable[[Direction, bytes, Flow], Iterable[tuple[float, bytes]] | None]
"""Sees every message: None lets it pass, else it is replaced by these (delay in seconds, bytes); none drops it."""

Receiver = Callable[[bytes, Flow], None]


class UdpChannel:
    """One bound UDP socket."""

    protocol = "UDP"
    reliable = False

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, receive: Receiver) -> None:
        """Read a bound, non-blocking socket from now on."""
        self._loop, self._sock, self._receive = loop, sock, receive
        self._held: list[tuple[bytes, Remote]] | None = None
        self.local: Remote = sock.getsockname()[:2]
        loop.add_reader(sock, self._readable)

    def _readable(self) -> None:
        """Read what waits; what that makes us send leaves together, for each datagram alone wakes its receiver."""
        held = self._held = list[tuple[bytes, Remote]]()
        try:
            for data, remote in self._waiting():
                self._receive(data, Flow(self, remote))
        finally:
            self._held = None
            for data, remote in held:
                self.send(data, remote)

    def _waiting(self) -> Iterator[tuple[bytes, Remote]]:
        for _ in range(_BATCH):
            try:
                data, remote = self._sock.recvfrom(65_535)
            except (BlockingIOError, ConnectionError):
                return
            yield data, remote[:2]

    def send(self, data: bytes, remote: Remote) -> None:
        """Send one datagram."""
        if self._held is not None:
            self._held.append((data, remote))
            return
        try:
            self._sock.sendto(data, remote)
        except (OSError, UnicodeError, OverflowError) as why:
            log.info("UDP to %s:%s failed: %s", *remote, why)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._sock)
        self._sock.close()


class StreamChannel(asyncio.Protocol):
    """One TCP or TLS connection, made or accepted; what is sent before it stands waits."""

    reliable = True

    def __init__(self, protocol: str, local: Remote, wire: Wire, remote: Remote | None = None) -> None:
        """Be the protocol object of a connection whose peer is known only when it was made from here."""
        self.protocol, self.local = protocol, local
        self._wire, self._framer = wire, Framer()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._flow = Flow(self, remote) if remote else None
        self.connecting: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what waited."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio gives streams nothing else
        self._transport = transport
        if self._flow is None:
            self._flow = Flow(self, transport.get_extra_info("peername")[:2])
        self._wire.keep_connection(self._flow)
        for data in self._waiting:
            transport.write(data)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages (RFC 3261 section 18.3)."""
        for message in self._framer.feed(data):
            if self._flow:
                self._wire.receive(message, self._flow)
        if self._framer.broken:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._flow:
            self._wire.forget_connection(self._flow)

    def send(self, data: bytes, remote: Remote) -> None:
        """Write one message."""
        if self._transport is None:
            self._waiting.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection."""
        if self.connecting:
            self.connecting.cancel()
        if self._transport:
            self._transport.close()


class Wire:
    """Every channel of one user agent, and the one place where messages enter and leave it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timers: TimerWheel) -> None:
        """Make a wire without channels."""
        self._loop, self._timers = loop, timers
        self._datagrams: list[UdpChannel] = []
        self._servers: dict[str, list[tuple[Remote, asyncio.Server]]] = {"TCP": [], "TLS": []}
        self._connections: dict[tuple[str, Remote], Flow] = {}
        self.client_context: ssl.SSLContext | None = None
        self.tap: Tap | None = None
        self.on_message: Receiver = lambda data, flow: None
        self.on_broken: Callable[[Flow], None] = lambda flow: None

    def open_udp(self, host: str, port: int) -> UdpChannel:
        """Bind a UDP socket; port 0 takes a free one."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        try:
            sock.bind((host, port))
        except OSError:
            sock.close()
            raise
        channel = UdpChannel(self._loop, sock, self.receive)
        self._datagrams.append(channel)
        return channel

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None = None) -> Remote:
        """Listen for TCP, or for TLS with a context; gives the bound address."""
        name = "TLS" if context else "TCP"
        local: list[Remote] = [(host, port)]
        server = await self._loop.create_server(lambda: StreamChannel(name, local[0], self), host, port, ssl=context)
        local[0] = server.sockets[0].getsockname()[:2]
        self._servers[name].append((local[0], server))
        return local[0]

    def flow_to(self, protocol: str, remote: Remote, local_host: str | None = None) -> Flow:
        """Give the flow to a remote: the fitting UDP socket, or a connection that stands or is now being made."""
        protocol = protocol.upper()
        if protocol == "UDP":
            return Flow(self._udp_channel(local_host), remote)
        return self._connections.get((protocol, remote)) or self._connect(protocol, remote, local_host)

    def _udp_channel(self, local_host: str | None) -> UdpChannel:
        fitting = [channel for channel in self._datagrams if local_host in (None, channel.local[0])]
        if not fitting:
            raise OSError(f"no UDP socket is bound to {local_host or 'any address'}")
        return fitting[0]

    def _connect(self, protocol: str, remote: Remote, local_host: str | None) -> Flow:
        listening = [local for local, _ in self._servers[protocol] if local_host in (None, local[0])]
        local = listening[0] if listening else (local_host or self._datagrams[0].local[0], 0)
        channel = StreamChannel(protocol, local, self, remote)
        flow = Flow(channel, remote)
        self.keep_connection(flow)
        channel.connecting = self._loop.create_task(self._connected(channel, flow))
        return flow

    async def _connected(self, channel: StreamChannel, flow: Flow) -> None:
        context = (self.client_context or ssl.create_default_context()) if channel.protocol == "TLS" else None
        try:
            await self._loop.create_connection(
                lambda: channel, *flow.remote, ssl=context, local_addr=(channel.local[0], 0),
                server_hostname=flow.remote[0] if context else None,
            )  # fmt: skip
        except OSError as why:
            log.info("%s to %s:%s failed: %s", channel.protocol, *flow.remote, why)
            self.forget_connection(flow)
            self.on_broken(flow)

    def keep_connection(self, flow: Flow) -> None:
        """Remember a connection, so that requests to its peer reuse it."""
        self._connections[(flow.channel.protocol, flow.remote)] = flow

    def forget_connection(self, flow: Flow) -> None:
        """Forget a connection that ended."""
        self._connections.pop((flow.channel.protocol, flow.remote), None)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one message, through the tap."""
        for delay_s, bent in self._bent("out", data, flow):
            if delay_s > 0:
                self._timers.after(delay_s, flow.channel.send, bent, flow.remote)
            else:
                flow.channel.send(bent, flow.remote)

    def receive(self, data: bytes, flow: Flow) -> None:
        """Take one message from a channel, through the tap; keep-alives end here (RFC 5626 section 4.4)."""
        if not data.strip(b"\r\n\x00"):
            if data == b"\r\n\r\n":
                flow.channel.send(b"\r\n", flow.remote)
            return
        for delay_s, bent in self._bent("in", data, flow):
            if delay_s > 0:
                self._timers.after(delay_s, self.on_message, bent, flow)
            else:
                self.on_message(bent, flow)

    def _bent(self, direction: Direction, data: bytes, flow: Flow) -> Iterable[tuple[float, bytes]]:
        bent = self.tap(direction, data, flow) if self.tap else None
        return ((0.0, data),) if bent is None else bent

    @property
    def connections(self) -> int:
        """How many TCP and TLS connections stand or are being made."""
        return len(self._connections)

    async def close(self) -> None:
        """Close every channel and listener."""
        for channel in self._datagrams:
            channel.close()
        for flow in list(self._connections.values()):
            flow.channel.close()
        for _, server in [pair for pairs in self._servers.values() for pair in pairs]:
            server.close()
        await asyncio.sleep(0)
