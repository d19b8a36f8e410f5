"""Faults on the wire, applied: each message passes every fault of the policy in order."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from labkit.errors import ParseError
from labkit.provider.fault import Match, WireFault
from labkit.sip.message import Request, Response, parse
from labkit.sip.transport import Direction, Flow

_LENGTH = re.compile(rb"((?:^|\n)(?:content-length|l)[ \t]*:[ \t]*)\d+", re.IGNORECASE)


class WireFaults:
    """The faults of a policy with their counters; its `tap` goes into the wire."""

    def __init__(self, faults: tuple[WireFault, ...], resolve: Callable[[str], str], seed: int = 1) -> None:
        """Take the faults; `resolve` turns a host's name into its address."""
        self._faults = [(fault, _Counter(fault.skip, fault.times)) for fault in faults]
        self._resolve = resolve
        self._random = random.Random(seed)
        self.hits: list[int] = [0] * len(faults)
        """How many messages each fault has met."""

    def tap(self, direction: Direction, data: bytes, flow: Flow) -> Iterable[tuple[float, bytes]] | None:
        """Bend one message; None when no fault is about it."""
        messages = [(0.0, data)]
        met = False
        for place, (fault, counter) in enumerate(self._faults):
            if not self._fits(fault, direction, data, flow) or not counter.take():
                continue
            if self._random.random() < fault.probability:
                met = True
                self.hits[place] += 1
                messages = [bent for delay_s, each in messages for bent in _bend(fault, delay_s, each)]
        return messages if met else None

    def _fits(self, fault: WireFault, direction: Direction, data: bytes, flow: Flow) -> bool:
        match = fault.match
        if match.direction and match.direction != direction:
            return False
        if match.remote and self._resolve(match.remote) != flow.remote[0]:
            return False
        if match.contains and not _compiled(match.contains).search(data):
            return False
        return not (match.method or match.status) or _of_kind(match, data)


class _Counter:
    """Lets some matching messages pass first and stops after some."""

    def __init__(self, skip: int, times: int) -> None:
        self._skip, self._left = skip, times or -1

    def take(self) -> bool:
        if self._skip:
            self._skip -= 1
            return False
        if not self._left:
            return False
        self._left -= 1
        return True


def _of_kind(match: Match, data: bytes) -> bool:
    try:
        message = parse(data)
        if match.status:
            fits = isinstance(message, Response) and message.status == match.status
            return fits and match.method in ("", message.cseq.method)
        return isinstance(message, Request) and message.method == match.method
    except ParseError:
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.MULTILINE)


def _bend(fault: WireFault, delay_s: float, data: bytes) -> list[tuple[float, bytes]]:
    if fault.do == "drop":
        return []
    if fault.do == "delay":
        return [(delay_s + fault.delay_s, data)]
    if fault.do == "duplicate":
        return [(delay_s, data), (delay_s + fault.delay_s, data)]
    if fault.do == "corrupt":
        return [(delay_s, data[: len(data) // 2])]
    return [(delay_s, altered(data, fault.replace, keep_length=fault.keep_length))]


def altered(data: bytes, replace: Iterable[tuple[str, str]], *, keep_length: bool = False) -> bytes:
    """Rewrite a message by regular expressions, as an ALG would; Content-Length is made right unless told not to."""
    for pattern, text in replace:
        data = _compiled(pattern).sub(text.replace("\\r\\n", "\r\n").encode(), data)
    head, gap, body = data.partition(b"\r\n\r\n")
    if gap and not keep_length:
        head = _LENGTH.sub(lambda found: found[1] + str(len(body)).encode(), head, count=1)
    return head + gap + body
