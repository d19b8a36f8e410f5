"""Messages out of a byte stream (RFC 3261 sections 7.5 and 18.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LENGTH = re.compile(rb"(?:^|\n)(?:content-length|l)[ \t]*:[ \t\r\n]*(\d{1,7})[ \t]*(?:\r?\n|$)", re.IGNORECASE)
_MAX_MESSAGE_BYTES = 1 << 20
KEEP_ALIVE = b"\r\n\r\n"
"""The ping of RFC 5626 section 3.5.1; the pong is half of it."""


class Framer:
    """Collects bytes and gives whole messages; a keep-alive ping comes out as itself."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._buffer = bytearray()
        self.broken = False
        """The stream cannot be cut any more: too long without an end."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and give every message that is complete now."""
        self._buffer += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if buffer[:4] == KEEP_ALIVE:
            del buffer[:4]
            return KEEP_ALIVE
        start = len(buffer) - len(buffer.lstrip(b"\r\n"))
        if start == len(buffer):
            return None
        del buffer[:start]
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            self.broken = len(buffer) > _MAX_MESSAGE_BYTES
            return None
        # Without Content-Length a message over a stream has no body (section 20.14).
        found = _LENGTH.search(buffer, 0, head + 2)
        end = head + 4 + (int(found[1]) if found else 0)
        self.broken = end > _MAX_MESSAGE_BYTES
        if len(buffer) < end or self.broken:
            return None
        message = bytes(buffer[:end])
        del buffer[:end]
        return message
