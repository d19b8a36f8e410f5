"""Whether a contact answers: what Asterisk believes of it, and what one asks it and hears (RFC 3261 section 11)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from labkit.lab import status
from labkit.lab.ami import Message
from labkit.lab.lab import Lab
from labkit.sip.uri import Uri
from labkit.trace import open_trace

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("contact", "asked_every_s", "waits_s", "state")
_SETTLES_S = 0.3
"""Time that an answer, or the lack of one, takes to become a state."""


@dataclass(frozen=True, slots=True, order=True)
class Contact:
    """A contact with what its AOR wants of it."""

    aor: str
    uri: str
    asked_every_s: int
    """`qualify_frequency`; 0 is never."""
    waits_s: float
    """`qualify_timeout`."""
    state: str


def contacts(lab: Lab) -> pd.DataFrame:
    """The contacts of each AOR as Asterisk has them now (`pjsip show contacts`), by AOR.

    Columns: contact (URI), asked_every_s (qualify_frequency, 0 is never), waits_s (qualify_timeout),
    state (Reachable, Unreachable, NonQualified, Unknown).
    """
    import pandas as pd

    return pd.DataFrame(map(astuple, _contacts(lab)), columns=["aor", *COLUMNS]).set_index("aor")


def ask(lab: Lab, aor: str) -> pd.DataFrame:
    """Ask each contact of an AOR now, by OPTIONS, and see what came back and what Asterisk makes of it.

    A row for each contact; columns: to (address), answer (status and reason, or "no answer"), state.
    """
    import pandas as pd

    with lab.capture(title=f"options-{aor}") as recorder:
        lab.asterisk(f"pjsip qualify {aor}")
        time.sleep(_SETTLES_S + max((each.waits_s for each in _contacts(lab) if each.aor == aor), default=0.0))
    heard = answers(open_trace(recorder.capture).transactions)
    states = {Uri.parse(each.uri).host: each.state for each in _contacts(lab) if each.aor == aor}
    rows = [(host, heard.get(host, "no answer"), state) for host, state in states.items()]
    return pd.DataFrame(rows, columns=["to", "answer", "state"])


def answers(transactions: pd.DataFrame) -> dict[str, str]:
    """The final answer to OPTIONS by the address that was asked; who did not answer is missing."""
    done = transactions[(transactions["method"] == "OPTIONS") & transactions["final_code"].notna()]
    codes = done["final_code"].astype(int).astype(str) + " " + done["final_reason"]
    return dict(zip(done["dst"], codes, strict=True))


def _contacts(lab: Lab) -> list[Contact]:
    listed = status.listed(lab.pbx, "PJSIPShowEndpoints")
    shown = [lab.ami("PJSIPShowEndpoint", Endpoint=each["ObjectName"]).events for each in listed]
    return sorted({contact for events in shown for contact in found(events)})


def found(events: Iterable[Message]) -> Iterator[Contact]:
    """The contacts in Asterisk's answer to `PJSIPShowEndpoint`."""
    every = list(events)
    aors = {each["ObjectName"]: each for each in every if each["Event"] == "AorDetail"}
    for each in every:
        if each["Event"] == "ContactStatusDetail":
            aor = aors[each["AOR"]]
            asked_s, waits_s = int(aor["QualifyFrequency"]), float(aor["QualifyTimeout"])
            yield Contact(each["AOR"], each["URI"], asked_s, waits_s, each["Status"])
