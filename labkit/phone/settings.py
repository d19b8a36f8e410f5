"""What a phone is told: who it is, where it registers, how it behaves on a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.errors import LabError
from labkit.sip.grammar import number
from labkit.sip.offer import G722, PCMA, PCMU, TELEPHONE_EVENT, Capabilities, Security

AnswerMode = Literal["auto", "manual", "busy", "reject"]

CODECS = {"PCMA": PCMA, "PCMU": PCMU, "G722": G722}
"""Encoding name to payload format."""

TONES = {"1001": "tone:620@-10", "1002": "tone:770@-10"}
"""Each agent's phone speaks its own tone, so that directions can be told apart."""


@dataclass(frozen=True, slots=True)
class Account:
    """What stays for the life of the phone program."""

    user: str
    """Extension, also the digest username."""
    password: str
    """Digest secret."""
    bind: str
    """Address of the phone."""
    registrar: tuple[str, int]
    """Address and port of the PBX."""
    port: int = 5060
    """Local SIP port; 0 takes a free one."""
    domain: str = ""
    """Host part of its address of record; the registrar where empty."""
    transport: str = "udp"
    """udp, tcp or tls."""
    ca_file: str = ""
    """Certificates to trust over TLS; nothing is verified where empty (a lab has no public names)."""

    @property
    def host(self) -> str:
        """Host part of the address of record and of dialled numbers."""
        return self.domain or self.registrar[0]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What may change while the phone runs (`Phone.set`)."""

    answer: AnswerMode = "auto"
    """Incoming calls: answered, left ringing, refused by 486, refused by 603."""
    answer_after_s: float = 0.0
    """Ringing time before an automatic answer."""
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    """Offered in this order: PCMA, PCMU, G722."""
    source: str = "tone:620@-10"
    """What it says: `tone:620@-10`, `echo`, `silence`, `none`, `file:NAME`."""
    dtmf: Literal["rfc4733", "info", "inband"] = "rfc4733"
    """How keys are sent; info and inband do not offer telephone-event."""
    security: Security = "none"
    """SRTP by SDES: none, optional, required."""
    ptime_ms: int = 20
    """Wished packet time."""
    expires_s: int = 3600
    """Wished life of the registration."""

    @property
    def capabilities(self) -> Capabilities:
        """As the negotiation wants them; LabError names an unknown codec."""
        unknown = [name for name in self.codecs if name.upper() not in CODECS]
        if unknown:
            raise LabError(f"no codec {unknown[0]!r} in a phone; there are {', '.join(CODECS)}", codec=unknown[0])
        formats = [CODECS[name.upper()] for name in self.codecs]
        events = [TELEPHONE_EVENT] if self.dtmf == "rfc4733" else []
        return Capabilities((*formats, *events), self.ptime_ms, self.security)


def read_address(text: str, default_port: int = 5060) -> tuple[str, int]:
    """Read `host` or `host:port`; LabError for a port that is none."""
    host, colon, tail = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    port = number(tail, 5) if colon else default_port
    if port is None or port > 65535:
        raise LabError(f"{text!r} is not an address such as 10.10.0.10:5060", address=text)
    return host, port
