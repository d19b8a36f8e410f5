"""A media session: RTP and RTCP sockets, what it sends, what it received (RFC 3550); it knows nothing of SIP.

session = MediaSession.open("127.0.0.10", range(10000, 20000))
session.start(remote=("127.0.0.21", 4000), payload_type=8, codec=PCMA, source=Tone((440,)))
session.update(direction="sendonly")
session.stop()
print(session.report().tone)
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from labkit.errors import LabError
from labkit.rtp.codec import PCMU, Codec, codec_named
from labkit.rtp.datagrams import MOST, Address, Batch, read_waiting
from labkit.rtp.fault import Disturber
from labkit.rtp.outlet import Flow, Outlet
from labkit.rtp.packet import is_rtcp
from labkit.rtp.plan import MediaPlan
from labkit.rtp.ports import open_pair
from labkit.rtp.receiver import Receiver
from labkit.rtp.report import Digit, MediaReport
from labkit.rtp.reporting import Reporter
from labkit.rtp.sender import Sender, event_packets, inband_packets
from labkit.rtp.source import Echo, Payloads, Silence
from labkit.rtp.srtp import SrtpContext
from labkit.rtp.ticker import Ticker, Ticket, shared_ticker

ANY_PORTS = range(1)
"""Let the system choose the ports."""

ECHO_PACKETS = 10
"""An echo holds back no more than this; older audio is dropped."""

RTCP_COMPENSATION = 1.21828
"""What a randomized interval is divided by to keep its mean (RFC 3550, section 6.3.1)."""

READ_EVERY_MS = 1200
"""How long packets may wait to be read, and RTCP to be sent. The kernel has noted when they came
(`labkit.rtp.datagrams`), so no figure depends on it, and packets read together cost a fraction of those read one by
one."""

READ_SOON_MS = 100
"""How long they may wait where something is to be done about them: digits, latching, RTCP several times a second."""

MAX_READS = 8
"""Batches read in a row; a socket holds fewer by default."""


class MediaSession:
    """One call's media on this side; `open` makes it, `stop` closes it, figures stay readable."""

    def __init__(
        self, rtp: socket.socket, rtcp: socket.socket, ticker: Ticker, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Use these bound sockets; `open` is the usual way."""
        self.local: Address = rtp.getsockname()[:2]
        self.plan = MediaPlan()
        self.receiver = Receiver()
        self.sender = Sender(random.getrandbits(32), random.getrandbits(16), random.getrandbits(32))
        self.reporter = Reporter(f"{random.getrandbits(96):024x}")
        self.outlet = Outlet(rtp)
        self.invalid_packets = 0
        self._codec: Codec = PCMU
        self._rtp, self._rtcp = rtp, rtcp
        self._ticker = ticker
        self._loop = loop
        self._sending: Ticket | None = None
        self._reading: Ticket | None = None
        self._read_every_ms = 0
        self._flow: Flow | None = None
        self._rtcp_due_s: float | None = None
        self._began_s: float | None = None
        self._echo: Callable[[bytes], object] | None = None
        self._careful = False
        self._rtcp_remote: Address = ("", 0)
        self._moved = False
        self._disturber: Disturber | None = None
        self._open = True

    @classmethod
    def open(cls, host: str, ports: int | range = ANY_PORTS, ticker: Ticker | None = None) -> MediaSession:
        """Bind an even port for RTP and the next for RTCP, and count what arrives from now on.

        A number is that very port. Needs a running event loop; HostError when no pair is free.
        """
        rtp, rtcp = open_pair(host, range(ports, ports + 1) if isinstance(ports, int) else ports)
        session = cls(rtp, rtcp, ticker or shared_ticker(), asyncio.get_running_loop())
        session._sending = session._ticker.add(session._tick, session.plan.sent_ptime_ms)
        session._listen()
        return session

    @property
    def local_port(self) -> int:
        """The RTP port, for the m= line."""
        return self.local[1]

    @property
    def packets_received(self) -> int:
        """RTP packets so far; cheap, unlike a report."""
        self._read_rtp()
        return sum(source.statistics.packets for source in self.receiver.sources.values())

    @property
    def packets_sent(self) -> int:
        """RTP packets that left so far."""
        self._flow_on()
        return sum(sent.packets for sent in self.outlet.sent.values())

    def on_digit(self, heard: Callable[[Digit], object]) -> None:
        """Call `heard` with every DTMF digit when it has ended."""
        self.receiver.on_digit = heard
        self._listen()

    def start(self, **plan: Any) -> None:
        """Begin to send; the parameters are the fields of MediaPlan."""
        self._follow(MediaPlan(**plan))

    def update(self, **changes: Any) -> None:
        """Change fields of the plan, as a re-INVITE does; numbering goes on, and so does an unchanged source."""
        self._follow(replace(self.plan, **changes))

    def send_dtmf(self, digits: str, duration_ms: int = 100, pause_ms: int = 100, inband: bool = False) -> float:
        """Send digits after those that still wait: as events, or as tones if wanted or no payload type was agreed on.

        Gives the seconds that they take. LabError for a digit that does not exist, or when no media is sent.
        """
        plan, faults = self.plan, self.plan.faults
        if not plan.sends:
            raise LabError(f"DTMF {digits!r} cannot be sent: media is {plan.direction} to {plan.remote}", digits=digits)
        agreed, ptime_ms, clock_hz = plan.dtmf_payload_type, plan.sent_ptime_ms, self._codec.clock_rate_hz
        if inband or faults.dtmf_inband or agreed is None:
            packets = inband_packets(digits, duration_ms, pause_ms, ptime_ms, self._codec)
        else:
            payload_type = agreed if faults.dtmf_payload_type is None else faults.dtmf_payload_type
            factor = (faults.dtmf_clock_rate_hz or plan.dtmf_clock_rate_hz) / clock_hz
            packets = event_packets(digits, payload_type, duration_ms, pause_ms, ptime_ms, clock_hz, factor)
        self.sender.insert(packets)
        self._flow_on()
        return len(packets) * ptime_ms / 1000

    def stop(self) -> None:
        """Say BYE by RTCP, stop and close the sockets; harmless when it has stopped."""
        if not self._open:
            return
        self._read()
        if self._rtcp_due_s:
            self._send_rtcp(goodbye=True)
        self._halt()
        self._open = False
        for ticket in (self._sending, self._reading):
            if ticket:
                self._ticker.remove(ticket)
        for ending in (self._rtp, self._rtcp, self.outlet):
            ending.close()

    def report(self) -> MediaReport:
        """All figures up to now; while the session runs and after it."""
        self._read()
        self._flow_on()
        clock_hz, views = self._codec.clock_rate_hz, self.reporter.views
        return MediaReport(
            local=self.local,
            sent=tuple(sent.stream(views.get(sent.ssrc), clock_hz) for sent in self.outlet.sent.values()),
            received=tuple(source.stream() for source in self.receiver.sources.values()),
            tone=self.receiver.tone(),
            dtmf=self.receiver.digits(),
            invalid_packets=self.invalid_packets,
            send_errors=self.outlet.errors,
            rtcp_received=self.reporter.packets,
        )

    def _follow(self, plan: MediaPlan) -> None:
        """Make the plan true, for what comes from now on."""
        self._read_rtp()
        self._halt()
        codec = codec_named(plan.codec) if isinstance(plan.codec, str) else plan.codec
        if plan.srtp != self.plan.srtp:
            self.outlet.srtp = SrtpContext(plan.srtp) if plan.srtp else None
        before, self.plan, self._codec = self.plan, plan, codec
        self._careful = bool(plan.latch or plan.srtp)
        if plan.sound != before.sound:
            self.sender.play(self._payloads(), plan.payload_type, plan.sent_ptime_ms, codec.clock_rate_hz)
        self._listen()
        if plan.remote and (plan.remote, plan.rtcp_remote) != (before.remote, before.rtcp_remote):
            host, port = self.outlet.remote = plan.remote
            self._rtcp_remote = plan.rtcp_remote or (host, min(port + 1, 65535))
        if plan.sends and self._began_s is None:
            self._began_s = self._loop.time()
        self._go_wrong(plan, before)
        self._pace(before)
        self._flow_on()

    def _listen(self) -> None:
        plan = self.plan
        expected = plan.payload_type if plan.receive_payload_type is None else plan.receive_payload_type
        self.receiver.expect(self._codec, expected, plan.events_expected, plan.detect_inband, self._echo)
        soon = plan.latch or plan.detect_inband or self.receiver.on_digit or 0 < plan.rtcp_interval_s < 1
        self._read_each(plan.sent_ptime_ms if self._echo else READ_SOON_MS if soon else READ_EVERY_MS)

    def _read_each(self, every_ms: int) -> None:
        """Have the clock read what came so often."""
        if every_ms == self._read_every_ms or not self._open:
            return
        if self._reading:
            self._ticker.remove(self._reading)
        self._read_every_ms = every_ms
        self._reading = self._ticker.add(self._attend, every_ms)

    def _go_wrong(self, plan: MediaPlan, before: MediaPlan) -> None:
        """Take up the plan's faults where they are new."""
        if plan.faults == MediaPlan().faults:
            self._disturber = None
        elif self._disturber is None or plan.disturbance != before.disturbance:
            silence = next(Silence().payloads(self._codec, plan.sent_ptime_ms)) or b""
            self._disturber = Disturber(plan.faults, plan.payload_type, silence)

    def _payloads(self) -> Payloads:
        """The source's payloads; for an echo those that arrive."""
        self._echo = None
        if not isinstance(self.plan.source, Echo):
            return self.plan.source.payloads(self._codec, self.plan.sent_ptime_ms)
        heard: deque[bytes] = deque(maxlen=ECHO_PACKETS)
        self._echo = heard.append
        return iter(lambda: heard.popleft() if heard else None, b"")

    def _pace(self, before: MediaPlan) -> None:
        """Have the clocks call as often as the plan wants."""
        if not self._open:
            return
        if self._sending and before.sent_ptime_ms != self.plan.sent_ptime_ms:
            self._ticker.remove(self._sending)
            self._sending = self._ticker.add(self._tick, self.plan.sent_ptime_ms)
        if self.plan.rtcp_interval_s and self._rtcp_due_s is None:
            self._await_rtcp(self.plan.rtcp_interval_s / 2)

    def _flow_on(self) -> None:
        """Bring all counters up to date, and send on: steadily where nothing is to be done about single packets."""
        self._halt()
        special = self.sender.inserted or self._disturber or self.outlet.srtp
        if self._sending and self._open and self.plan.sends and not special:
            self._flow = self.outlet.flow(self.sender)
            next(self._flow)
            self._ticker.replace(self._sending, self._flow.send)

    def _halt(self) -> None:
        """Send packet by packet from now on."""
        if self._flow and self._sending:
            self._flow.close()
            self._flow = None
            self._ticker.replace(self._sending, self._tick)

    def _tick(self, due_s: float) -> None:
        """Send what is due at one packet time, whatever is to be done about it."""
        if not self.plan.sends:
            return
        if self._disturber:
            self._tick_wrong(self._disturber, due_s - (self._began_s or 0.0))
        elif packet := self.sender.packet():
            self.outlet.send(packet)
        if not self.sender.inserted:
            self._flow_on()

    def _tick_wrong(self, disturber: Disturber, elapsed_s: float) -> None:
        if not disturber.sends(elapsed_s):
            return
        if disturber.moved(elapsed_s) and not self._moved:
            self._moved = self.outlet.move(disturber.faults.move_host or self.local[0])
            if not self._moved:
                return
        packet = self.sender.packet()
        for delay_s, disturbed in disturber.disturb(packet, elapsed_s) if packet else ():
            if delay_s:
                self._loop.call_later(delay_s, self._send_late, disturbed)
            else:
                self.outlet.send(disturbed)

    def _send_late(self, packet: bytes) -> None:
        if self._open:
            self.outlet.send(packet)

    def _attend(self, due_s: float) -> None:
        """Read, and say by RTCP what there is to say when its time has come; an echo looks for RTCP only then."""
        self._read_rtp()
        due = self._rtcp_due_s is not None and due_s >= self._rtcp_due_s
        if due or not self._echo:
            self._read_rtcp()
        if due:
            self._rtcp_due_s = None
            if self.plan.rtcp_interval_s:
                self._send_rtcp()
                self._await_rtcp(self.plan.rtcp_interval_s)

    def _read(self) -> None:
        self._read_rtp()
        self._read_rtcp()

    def _read_rtp(self) -> None:
        for sock in (self._rtp, self.outlet.beside) if self._open else ():
            if sock:
                self._read_socket(sock)

    def _read_socket(self, sock: socket.socket) -> None:
        """Take what came, in a flood only so much of it that others have their turn."""
        for _ in range(MAX_READS):
            batch = read_waiting(sock)
            if batch:
                self._take_batch(batch)
            if not batch or len(batch) < MOST:
                return

    def _take_batch(self, batch: Batch) -> None:
        alike = None if self._careful else batch.alike()
        if alike and self.receiver.receive_alike(*alike):
            return
        take = self._take_careful if self._careful else self._take
        for datagram in batch.datagrams():
            take(*datagram)

    def _take(self, data: bytes, address: Address, arrival_s: float) -> bool:
        if self.receiver.receive(data, address, arrival_s):
            return True
        if is_rtcp(data):
            self._take_rtcp(data, arrival_s)
        else:
            self.invalid_packets += 1
        return False

    def _take_careful(self, data: bytes, address: Address, arrival_s: float) -> None:
        """Take a packet that may have to be unprotected, or to be answered to where it came from."""
        if self.outlet.srtp and not is_rtcp(data):
            data = self.outlet.srtp.unprotect(data) or b""
        if self._take(data, address, arrival_s) and self.plan.latch and address != self.outlet.remote:
            self._halt()
            self.outlet.remote = address
            self._flow_on()

    def _read_rtcp(self) -> None:
        batch = read_waiting(self._rtcp) if self._open else None
        for data, address, arrival_s in batch.datagrams() if batch else ():
            if self._take_rtcp(data, arrival_s) and self.plan.latch:
                self._rtcp_remote = address

    def _take_rtcp(self, data: bytes, arrival_s: float) -> bool:
        clear = self.outlet.srtp.unprotect(data, rtcp=True) if self.outlet.srtp else data
        if clear is not None and self.reporter.receive(clear, arrival_s):
            return True
        self.invalid_packets += 1
        return False

    def _await_rtcp(self, mean_s: float) -> None:
        self._rtcp_due_s = self._loop.time() + mean_s * random.uniform(0.5, 1.5) / RTCP_COMPENSATION

    def _send_rtcp(self, goodbye: bool = False) -> None:
        """Tell the far side what was sent and read so far."""
        if not self.plan.reachable:
            return
        self._flow_on()
        sent = self.outlet.sent.get(self.sender.ssrc.to_bytes(4, "big"))
        sources = [source.statistics for source in self.receiver.sources.values()]
        packet = self.reporter.compose(time.time(), self.sender, sent, sources, goodbye)
        with suppress(OSError):
            wire = self.outlet.srtp.protect(packet, rtcp=True) if self.outlet.srtp else packet
            self._rtcp.sendto(wire, self._rtcp_remote)
