"""Transfers (RFC 3515, RFC 3891, RFC 5589): what a phone asks for by REFER, and what it does when it is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from labkit.errors import LabError, ParseError
from labkit.sip.call import Call, Event
from labkit.sip.dialog import DialogId
from labkit.sip.grammar import Parameters
from labkit.sip.message import Request, Row
from labkit.sip.uri import Address, Uri


@dataclass(frozen=True, slots=True)
class Replaces:
    """The dialog that a new call takes the place of, as the party that is asked knows it (RFC 3891 section 6.1)."""

    dialog: DialogId
    """Call-ID, the asked party's tag (to-tag), its peer's (from-tag)."""
    early_only: bool = False
    """Whether a call that is up must not be replaced."""

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Read a header's value; ParseError when a tag is missing."""
        call_id, _, tail = text.partition(";")
        params = Parameters.parse(f";{tail}")
        to_tag, from_tag = params.get("to-tag"), params.get("from-tag")
        if not to_tag or not from_tag:
            raise ParseError(f"Replaces {text[:80]!r} has no to-tag and from-tag", text=text)
        return cls((call_id.strip(), to_tag, from_tag), "early-only" in params)

    def __str__(self) -> str:
        call_id, to_tag, from_tag = self.dialog
        return f"{call_id};to-tag={to_tag};from-tag={from_tag}" + (";early-only" if self.early_only else "")


def refer_to(call: Call) -> str:
    """Write the Refer-To that joins somebody to a call's far end (RFC 5589 section 7.1)."""
    dialog = call.dialog
    if dialog is None:
        raise LabError("only a call that is up can be the target of an attended transfer")
    replaces = Replaces((dialog.call_id, dialog.remote.tag or "", dialog.local.tag or ""))
    return f"<{dialog.target}?Replaces={quote(str(replaces), safe='')}>"


class Referral:
    """A REFER that came in a call: whom to call, and how the transferor learns what becomes of it."""

    def __init__(self, call: Call, request: Request) -> None:
        """Read the REFER; ParseError when it does not ask for exactly one call (RFC 3515 section 2.4.2)."""
        targets = request.values("Refer-To")
        uri = Address.parse(targets[0]).uri if len(targets) == 1 else None
        if uri is None or uri.scheme not in ("sip", "sips") or (uri.params.get("method") or "INVITE") != "INVITE":
            raise ParseError(f"REFER to {', '.join(targets) or 'nobody'}: expected one sip: URI to call")
        asked = dict(pair.partition("=")[::2] for pair in uri.headers.split("&"))
        kept = [(name, unquote(value)) for name, value in asked.items() if name.lower() == "replaces"]
        by = request.get("Referred-By")
        self.uri: Uri = replace(uri, headers="")
        self.rows: list[Row] = [*kept, *([("Referred-By", by)] if by else [])]
        """Headers of the new INVITE: the dialog that it replaces, who asked for it (RFC 3892)."""
        again = "referred" in call.times  # then the NOTIFYs must say which REFER they mean (section 2.4.6)
        self._call, self._event = call, f"refer;id={request.cseq.number}" if again else "refer"

    def tell(self, line: str, *, final: bool = False) -> None:
        """Send a NOTIFY with a status line in message/sipfrag (section 2.4.4); nothing once the call is over."""
        if self._call.state == "ended":
            return
        state = "terminated;reason=noresource" if final else "active;expires=60"
        rows = [("Event", self._event), ("Subscription-State", state), ("Content-Type", "message/sipfrag;version=2.0")]
        self._call.send_request("NOTIFY", [*self._call.rows(), *rows], f"SIP/2.0 {line}\r\n".encode())

    def follow(self, call: Call, event: Event) -> None:
        """Tell what an event of the new call means to the transferor."""
        ending = call.ending
        if event in ("ringing", "progress"):
            self.tell("{1} {2}".format(*call.provisional[-1]))
        elif event == "confirmed":
            self.tell("200 OK", final=True)
        elif event == "ended" and ending and "confirmed" not in call.times:
            self.tell(f"{ending.status} {ending.reason}", final=True)
