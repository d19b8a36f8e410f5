"""The headers of an attended transfer (RFC 3891, RFC 5589)."""

from __future__ import annotations

from urllib.parse import quote

from labkit.errors import LabError
from labkit.sip.call import Call


def replaces(call: Call) -> str:
    """Write the Replaces value that names a call's dialog as its far end knows it (RFC 3891 section 3)."""
    dialog = call.dialog
    if dialog is None:
        raise LabError("only a call that is up can be the target of an attended transfer")
    return f"{dialog.call_id};to-tag={dialog.remote.tag};from-tag={dialog.local.tag}"


def refer_to(call: Call) -> str:
    """Write the Refer-To that joins somebody to a call's far end (RFC 5589 section 7.1)."""
    header = quote(replaces(call), safe="")
    target = call.dialog.target if call.dialog else ""
    return f"<{target}?Replaces={header}>"
