"""A bad cable: carries frames between two interfaces and loses, delays and jitters some of them, by a seeded choice.

`python -m labkit.runtime.wire A B --loss 0.05 --delay-ms 40 --jitter-ms 10 --seed 1`: frames of A go out at B and
back, packet(7). It needs no kernel module, and unlike netem(8) the same seed loses the same frames.
"""

from __future__ import annotations

import argparse
import heapq
import random
import select
import socket
import time
from collections.abc import Sequence

_SOL_PACKET = 263
_PACKET_VNET_HDR = 15
_PACKET_OUTGOING = 4
_ALL_PROTOCOLS = 0x0003
_IPV4 = 0x0800
_VNET_HEADER_BYTES = 10


def raw_socket(interface: str) -> socket.socket:
    """A socket that reads and writes whole frames; offload notes travel in front of each (PACKET_VNET_HDR)."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    made.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    made.bind((interface, 0))
    made.setblocking(False)
    return made


class Wire:
    """Two sockets and the frames under way between them."""

    def __init__(self, ends: tuple[socket.socket, socket.socket], options: argparse.Namespace) -> None:
        """Join two ends with the given loss (0..1), delay and jitter (milliseconds) and seed."""
        self._ends = ends
        self._options = options
        self._random = [random.Random(f"{options.seed} {end}") for end in (0, 1)]
        self._queue: list[tuple[float, int, int, bytes]] = []
        self._count = 0

    def carry(self) -> None:
        """Carry frames until killed."""
        while True:
            wait_s = max(0.0, self._queue[0][0] - time.monotonic()) if self._queue else None
            for end in select.select(self._ends, [], [], wait_s)[0]:
                self._take(self._ends.index(end))
            while self._queue and self._queue[0][0] <= time.monotonic():
                _, _, out, frame = heapq.heappop(self._queue)
                self._put(out, frame)

    def _take(self, end: int) -> None:
        frame, address = self._ends[end].recvfrom(65535 + _VNET_HEADER_BYTES)
        if address[2] == _PACKET_OUTGOING:
            return
        late_ms = 0.0
        if address[1] == _IPV4:  # ARP passes untouched, so that a seed's choice depends on the traffic alone
            chance = self._random[end]
            lost, shift = chance.random() < self._options.loss, chance.uniform(-1, 1)
            if lost:
                return
            late_ms = max(0.0, self._options.delay_ms + shift * self._options.jitter_ms)
        self._count += 1
        heapq.heappush(self._queue, (time.monotonic() + late_ms / 1000, self._count, 1 - end, frame))

    def _put(self, end: int, frame: bytes) -> None:
        try:
            self._ends[end].send(frame)
        except OSError:
            return  # the far interface is down: what is on the cable is lost


def main(words: Sequence[str] | None = None) -> None:
    """Join the two named interfaces."""
    parser = argparse.ArgumentParser(prog="python -m labkit.runtime.wire")
    parser.add_argument("ends", nargs=2)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    first, second = (raw_socket(name) for name in options.ends)
    print("ready", flush=True)  # noqa: T201
    Wire((first, second), options).carry()


if __name__ == "__main__":
    main()
