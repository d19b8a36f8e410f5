"""SRTP and SRTCP by libsrtp, with keys from SDP security descriptions (RFC 3711, RFC 4568)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import ParseError

if TYPE_CHECKING:
    from pylibsrtp import Session

KEY_OCTETS = 30
"""A master key of 128 bits and a master salt of 112 (RFC 4568, section 6.2.1)."""

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
"""The crypto suites of RFC 4568, section 6.2, that the lab speaks."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """The keys of both directions, as offer and answer agreed on them (RFC 4568, section 5.1)."""

    suite: str
    """One of SUITES."""
    sending_key: bytes
    """Of the a=crypto line that this side wrote."""
    receiving_key: bytes
    """Of the a=crypto line that the far side wrote."""


class SrtpContext:
    """Protects what is sent and unprotects what is received, with its own rollover counters."""

    def __init__(self, crypto: Crypto) -> None:
        """Make both directions; ParseError for a suite or key that cannot be used."""
        from pylibsrtp import Policy  # only who speaks SRTP pays for it

        if crypto.suite not in SUITES:
            message = f"crypto suite {crypto.suite!r}; there are {', '.join(SUITES)}"
            raise ParseError(message, suite=crypto.suite)
        self._sending = _session(crypto, crypto.sending_key, Policy.SSRC_ANY_OUTBOUND)
        self._receiving = _session(crypto, crypto.receiving_key, Policy.SSRC_ANY_INBOUND)

    def protect(self, packet: bytes, rtcp: bool = False) -> bytes:
        """The protected packet; OSError when libsrtp refuses, as for a sequence number that was used before."""
        wire = _processed(self._sending.protect_rtcp if rtcp else self._sending.protect, packet)
        if wire is None:
            raise OSError("libsrtp refused a packet")
        return wire

    def unprotect(self, packet: bytes, rtcp: bool = False) -> bytes | None:
        """The packet in clear; None when it fails authentication, is a replay or too short."""
        return _processed(self._receiving.unprotect_rtcp if rtcp else self._receiving.unprotect, packet)


def _session(crypto: Crypto, key: bytes, direction: int) -> Session:
    from pylibsrtp import Policy, Session

    profiles = (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, Policy.SRTP_PROFILE_AES128_CM_SHA1_32)
    profile = profiles[SUITES.index(crypto.suite)]
    if len(key) != KEY_OCTETS:
        raise ParseError(f"SRTP key of {len(key)} octets: {crypto.suite} needs {KEY_OCTETS}", size_bytes=len(key))
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.allow_repeat_tx = True
    return Session(policy=policy)


def _processed(work: Callable[[bytes], bytes], packet: bytes) -> bytes | None:
    """The packet after libsrtp's work on it; None when it refuses."""
    from pylibsrtp import Error

    try:
        return work(packet)
    except (Error, ValueError):
        return None
