"""The Via header: where a request came through and where its responses go (RFC 3261 section 20.42, RFC 3581)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from labkit.errors import ParseError
from labkit.sip.grammar import Parameters, number
from labkit.sip.uri import DEFAULT_PORT, host_port, split_host_port

MAGIC_COOKIE = "z9hG4bK"
"""How a branch starts that identifies a transaction by itself (RFC 3261 section 8.1.1.7)."""

_VIA = re.compile(r"\s*SIP\s*/\s*([^\s/]+)\s*/\s*([^\s/]+)\s+([^;]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value."""

    transport: str
    """Upper case: UDP, TCP, TLS, WS ..."""
    host: str
    """sent-by host, IPv6 without brackets."""
    port: int | None = None
    """sent-by port, None where not written."""
    params: Parameters = field(default_factory=Parameters)
    """branch, received, rport, maddr, ttl ..."""

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read one value; ParseError when protocol or sent-by is missing."""
        match = _VIA.match(text)
        if not match or not match[3].strip():
            raise ParseError(f"Via {text[:80]!r} is not 'SIP/2.0/UDP host:port;branch=...'", text=text)
        host, port = split_host_port(match[3])
        return cls(match[2].upper(), host, port, Parameters.parse(text[match.end() :]))

    @property
    def branch(self) -> str:
        """The branch, empty where there is none."""
        return self.params.get("branch") or ""

    def stamped(self, host: str, port: int) -> Via:
        """Give this Via as a server keeps it: `received`, and `rport` when asked (sections 18.2.1, RFC 3581 4)."""
        params = self.params
        if "rport" in params:
            return Via(self.transport, self.host, self.port,
                       params.replace("rport", str(port)).replace("received", host))  # fmt: skip
        return (
            self if self.host == host else Via(self.transport, self.host, self.port, params.replace("received", host))
        )

    @property
    def reply_address(self) -> tuple[str, int]:
        """Where a response over an unreliable transport goes (section 18.2.2, RFC 3581 section 4)."""
        port = self.port or DEFAULT_PORT.get(self.transport.lower(), 5060)
        if maddr := self.params.get("maddr"):
            return maddr, port
        return self.params.get("received") or self.host, number(self.params.get("rport") or "", 5) or port

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {host_port(self.host, self.port)}{self.params}"
