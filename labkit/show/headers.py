"""What each header of a SIP message is for, in one sentence, with the place to read more."""

from __future__ import annotations

from labkit.errors import ParseError
from labkit.sip.message import parse

HEADERS: dict[str, tuple[str, str]] = {
    "Accept": ("Media types of bodies that the sender can read.", "RFC 3261, 20.1"),
    "Alert-Info": ("A ring tone to use, or a hint how to ring.", "RFC 3261, 20.4"),
    "Allow": ("Methods that the sender understands.", "RFC 3261, 20.5"),
    "Allow-Events": ("Event packages that can be subscribed to here.", "RFC 6665, 8.2.2"),
    "Authorization": ("Credentials that answer a 401 of the server itself.", "RFC 3261, 20.7"),
    "CSeq": ("Counts the requests of a dialog; a response repeats that of its request.", "RFC 3261, 20.16"),
    "Call-ID": ("Names the dialog or the registration; each leg of a B2BUA has its own.", "RFC 3261, 20.8"),
    "Contact": ("Where later requests shall be sent: the other side must be able to reach it.", "RFC 3261, 20.10"),
    "Content-Length": ("Bytes in the body; over TCP it is the only sign of its end.", "RFC 3261, 20.14"),
    "Content-Type": ("What the body is, for an offer or answer application/sdp.", "RFC 3261, 20.15"),
    "Date": ("Time at the sender.", "RFC 3261, 20.17"),
    "Diversion": ("Who redirected the call and why (historic, still common on trunks).", "RFC 5806"),
    "Event": ("The event package of a subscription.", "RFC 6665, 8.2.1"),
    "Expires": ("Seconds that a registration or subscription lasts.", "RFC 3261, 20.19"),
    "From": ("Who began the dialog; its tag is one third of the dialog's identity.", "RFC 3261, 20.20"),
    "History-Info": ("The numbers through which the call was redirected.", "RFC 7044"),
    "Identity": ("A signed statement about the calling number (STIR).", "RFC 8224"),
    "Max-Forwards": ("Hops that are left; at 0 a request dies with 483.", "RFC 3261, 20.22"),
    "Min-Expires": ("The shortest registration that the server grants, with a 423.", "RFC 3261, 20.23"),
    "Min-SE": ("The shortest session timer that is accepted.", "RFC 4028, 5"),
    "P-Asserted-Identity": ("The caller as the trusted network vouches for it.", "RFC 3325, 9.1"),
    "P-Charging-Vector": ("The ICID that ties all legs of one call together for billing.", "RFC 7315, 4.6"),
    "P-Preferred-Identity": ("The caller as the phone would like to be seen.", "RFC 3325, 9.2"),
    "Path": ("Proxies that later calls to this registration must pass.", "RFC 3327"),
    "Privacy": ("What must be hidden from the called party.", "RFC 3323, 4.2"),
    "Proxy-Authenticate": ("The challenge of a 407: a realm and a nonce to answer with.", "RFC 3261, 20.27"),
    "Proxy-Authorization": ("Credentials that answer a 407.", "RFC 3261, 20.28"),
    "RAck": ("Which provisional response this PRACK confirms.", "RFC 3262, 7.2"),
    "RSeq": ("Number of a provisional response that wants a PRACK.", "RFC 3262, 7.1"),
    "Reason": ("Why the call ends, in Q.850 or SIP codes.", "RFC 3326"),
    "Record-Route": ("A proxy that stays in the path of the dialog.", "RFC 3261, 20.30"),
    "Refer-To": ("Where a transfer shall go.", "RFC 3515, 2.1"),
    "Remote-Party-ID": ("The caller as told by an older convention than P-Asserted-Identity.", "expired draft"),
    "Replaces": ("The dialog that this INVITE takes over.", "RFC 3891"),
    "Require": ("Extensions without which the request must be refused with 420.", "RFC 3261, 20.32"),
    "Retry-After": ("Seconds to wait before the next attempt.", "RFC 3261, 20.33"),
    "Route": ("Proxies that this request must pass, in order.", "RFC 3261, 20.34"),
    "Server": ("The software that answers.", "RFC 3261, 20.35"),
    "Service-Route": ("Proxies for calls out, learnt from the registration.", "RFC 3608"),
    "Session-Expires": ("Seconds until the call ends unless it is refreshed, and by whom.", "RFC 4028, 4"),
    "Session-ID": ("An identity that stays the same over all legs of a call.", "RFC 7989"),
    "Subject": ("What the call is about.", "RFC 3261, 20.36"),
    "Supported": ("Extensions that the sender understands.", "RFC 3261, 20.37"),
    "To": ("Who is called; the tag comes with the first answer and completes the dialog.", "RFC 3261, 20.39"),
    "Unsupported": ("Extensions that made the server refuse.", "RFC 3261, 20.40"),
    "User-Agent": ("The software that asks.", "RFC 3261, 20.41"),
    "Via": ("The way back for responses; received and rport tell what the server saw.", "RFC 3261, 20.42"),
    "WWW-Authenticate": ("The challenge of a 401: a realm and a nonce to answer with.", "RFC 3261, 20.44"),
    "Warning": ("Details of a refusal, such as the media that was not acceptable.", "RFC 3261, 20.43"),
    "X-Call-ID": ("The other leg's Call-ID, as some B2BUAs tell it.", "no standard"),
}  # fmt: skip


def explained(raw: bytes) -> list[tuple[str, str, str]]:
    """Each header row of a message as name, value and what it is for; empty where it is no message."""
    try:
        message = parse(raw)
    except ParseError:
        return []
    return [(name, value, why(name)) for name, value in message.rows]


def why(name: str) -> str:
    """What a header is for and where it is defined; empty for one that we do not know."""
    sentence, source = HEADERS.get(name, ("", ""))
    return f"{sentence} ({source})" if sentence else ""
