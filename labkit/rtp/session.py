"""A media session: RTP and RTCP sockets, what it sends, what it received (RFC 3550); it knows nothing of SIP.

session = MediaSession.open("127.0.0.10", range(10000, 20000))
session.start(remote=("127.0.0.21", 4000), payload_type=8, codec=PCMA, source=Tone((440,)))
...
session.update(direction="sendonly")
session.stop()
print(session.report().tone)
"""

from __future__ import annotations

import random
import socket
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from labkit.errors import LabError
from labkit.rtp.codec import PCMU, Codec, codec_named
from labkit.rtp.packet import is_rtcp
from labkit.rtp.ports import Address, open_pair, receive
from labkit.rtp.receiver import Receiver
from labkit.rtp.report import MediaReport
from labkit.rtp.sender import Sender, SentStatistics
from labkit.rtp.source import NOTHING, Echo, Payloads, Source
from labkit.rtp.ticker import TICK_MS, Ticker, Ticket, shared_ticker

ANY_PORTS = range(1)
"""Let the system choose the ports."""

ECHO_PACKETS = 10
"""An echo holds back no more than this; older audio is dropped."""


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What offer and answer agreed on, and what to play."""

    remote: Address | None = None
    """Where to send RTP; None, port 0 or host 0.0.0.0 sends nothing."""
    payload_type: int = 0
    """The payload type to send audio under, and to expect it under."""
    codec: Codec | str = PCMU
    """The codec, or its name."""
    ptime_ms: int = 20
    """Audio in one packet, a multiple of 10."""
    source: Source = NOTHING
    """What to send."""
    direction: str = "sendrecv"
    """From this side's view (RFC 3264): sendrecv, sendonly, recvonly, inactive."""

    @property
    def sends(self) -> bool:
        """Whether packets may leave."""
        host, port = self.remote or ("", 0)
        return self.direction in ("sendrecv", "sendonly") and port != 0 and host not in ("0.0.0.0", "::")  # noqa: S104


class MediaSession:
    """One call's media on this side; `open` makes it, `stop` closes it, figures stay readable."""

    def __init__(self, rtp: socket.socket, rtcp: socket.socket, ticker: Ticker) -> None:
        """Use these bound sockets; `open` is the usual way."""
        self.local: Address = rtp.getsockname()[:2]
        self.plan = MediaPlan()
        self.receiver = Receiver()
        self.sender = Sender(random.getrandbits(32), random.getrandbits(16), random.getrandbits(32))
        self.send_errors = 0
        self._rtp = rtp
        self._rtcp = rtcp
        self._ticker = ticker
        self._ticket: Ticket | None = None
        self._sent: dict[bytes, SentStatistics] = {}
        self._remote: Address | None = None
        self._open = True

    @classmethod
    def open(cls, host: str, ports: int | range = ANY_PORTS, ticker: Ticker | None = None) -> MediaSession:
        """Bind an even port for RTP and the next for RTCP, and count what arrives from now on.

        A number is that very port. Needs a running event loop; HostError when no pair is free.
        """
        rtp, rtcp = open_pair(host, range(ports, ports + 1) if isinstance(ports, int) else ports)
        session = cls(rtp, rtcp, ticker or shared_ticker())
        session._ticker.watch(rtp, session._read_rtp)
        session._ticker.watch(rtcp, session._read_rtcp)
        return session

    @property
    def local_port(self) -> int:
        """The RTP port, for the m= line."""
        return self.local[1]

    def start(self, **plan: Any) -> None:
        """Begin to send by a MediaPlan, whose fields are the parameters."""
        self._follow(MediaPlan(**plan))

    def update(self, **changes: Any) -> None:
        """Change fields of the plan as a re-INVITE did; numbering goes on, an unchanged source too."""
        self._follow(replace(self.plan, **changes))

    def stop(self) -> None:
        """Stop and close the sockets; harmless when it has stopped."""
        if not self._open:
            return
        self._open = False
        self._pause()
        for sock in (self._rtp, self._rtcp):
            self._ticker.forget(sock)
            sock.close()

    def report(self) -> MediaReport:
        """All figures up to now; while the session runs and after it."""
        return MediaReport(
            local=self.local,
            sent=tuple(sent.stream() for sent in self._sent.values()),
            received=tuple(source.stream() for source in self.receiver.sources.values()),
            tone=self.receiver.tone(),
            dtmf=(),
            invalid_packets=self.receiver.invalid_packets,
            send_errors=self.send_errors,
        )

    def _follow(self, plan: MediaPlan) -> None:
        if plan.ptime_ms < TICK_MS or plan.ptime_ms % TICK_MS:
            raise LabError(
                f"ptime of {plan.ptime_ms} ms: media is sent in steps of {TICK_MS} ms", ptime_ms=plan.ptime_ms
            )
        codec = codec_named(plan.codec) if isinstance(plan.codec, str) else plan.codec
        before, self.plan = self.plan, replace(plan, codec=codec)
        sound = (plan.source, codec, plan.ptime_ms, plan.payload_type)
        if self._ticket is None or sound != (before.source, before.codec, before.ptime_ms, before.payload_type):
            self.receiver.expect(codec, plan.payload_type)
            step = codec.clock_rate_hz * plan.ptime_ms // 1000
            self.sender.play(self._payloads(plan.source, codec, plan.ptime_ms), plan.payload_type, step)
        self._remote = plan.remote
        self._pace(before.ptime_ms)

    def _payloads(self, source: Source, codec: Codec, ptime_ms: int) -> Payloads:
        """The source's payloads; for an echo those that arrive."""
        self.receiver.on_payload = None
        if not isinstance(source, Echo):
            return source.payloads(codec, ptime_ms)
        heard: deque[bytes] = deque(maxlen=ECHO_PACKETS)
        self.receiver.on_payload = heard.append
        return iter(lambda: heard.popleft() if heard else None, b"")

    def _pace(self, ptime_before_ms: int) -> None:
        """Have the clock call as often as the plan wants, or not at all."""
        if self._ticket and (not self.plan.sends or ptime_before_ms != self.plan.ptime_ms):
            self._pause()
        if self._open and self.plan.sends and self._ticket is None:
            self._ticket = self._ticker.add(self._tick, self.plan.ptime_ms)

    def _pause(self) -> None:
        if self._ticket:
            self._ticker.remove(self._ticket)
            self._ticket = None

    def _tick(self, due_s: float) -> None:
        packet = self.sender.packet()
        if packet is not None:
            self._transmit(packet)

    def _transmit(self, packet: bytes) -> None:
        try:
            self._rtp.sendto(packet, self._remote)  # type: ignore[arg-type]  # the clock runs only with a remote
        except OSError:
            self.send_errors += 1
            return
        counted = self._sent.get(packet[8:12]) or self._count_new(packet)
        counted.count(packet, time.time())

    def _count_new(self, packet: bytes) -> SentStatistics:
        ssrc = packet[8:12]
        counted = self._sent[ssrc] = SentStatistics(int.from_bytes(ssrc, "big"))
        return counted

    def _read_rtp(self) -> None:
        try:
            data, address, arrival_s = receive(self._rtp)
        except OSError:
            return
        if not is_rtcp(data):
            self.receiver.receive(data, address, arrival_s)

    def _read_rtcp(self) -> None:
        try:
            receive(self._rtcp)
        except OSError:
            return
