"""Whether a contact answers: what Asterisk believes of it, and what one asks it and hears (RFC 3261 section 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
_OUTLIVED_S = 1.5
"""By then Asterisk has asked again, where it asks every second."""


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

    A row for each contact; columns: contact (host), sent_to (address, another one with an outbound proxy),
    answer (status and reason, or "no answer"), state.
    """
    import pandas as pd

    with lab.capture(title=f"options-{aor}") as recorder:
        lab.asterisk(f"pjsip qualify {aor}")
        lab.clock.sleep(_SETTLES_S + max((each.waits_s for _, each in _hosts(lab, aor)), default=0.0))
    trace = open_trace(recorder.capture)
    heard = answers(trace.messages, trace.transactions)
    until_s = lab.clock.monotonic() + _OUTLIVED_S
    while _doubted(lab, aor, heard) and lab.clock.monotonic() < until_s:
        lab.clock.sleep(0.1)
    rows = [(host, *heard.get(host, ("", "no answer")), each.state) for host, each in _hosts(lab, aor)]
    return pd.DataFrame(rows, columns=["contact", "sent_to", "answer", "state"])


def _doubted(lab: Lab, aor: str, heard: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a contact that answered counts as unreachable, because an earlier question has just run out."""
    known = _hosts(lab, aor)
    return any(each.state == "Unreachable" and heard.get(host, ("", ""))[1].startswith("2") for host, each in known)


def answers(messages: pd.DataFrame, transactions: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """By the host in the Request-URI of OPTIONS: where it was sent, and the final answer or "no answer"."""
    requests = messages[(messages["method"] == "OPTIONS") & messages["uri"].notna()]
    asked = requests.assign(host=requests["uri"].map(lambda uri: Uri.parse(uri).host))[["host", "transaction"]]
    every = asked.merge(transactions, on="transaction")
    codes, reasons = every["final_code"].fillna(0).astype(int), every["final_reason"].fillna("")
    heard: dict[str, tuple[str, str]] = {}
    for code, reason, host, dst in sorted(zip(codes, reasons, every["host"], every["dst"], strict=True), reverse=True):
        heard.setdefault(host, (dst, f"{code} {reason}" if code else "no answer"))
    return heard


def _hosts(lab: Lab, aor: str) -> Iterator[tuple[str, Contact]]:
    return ((Uri.parse(each.uri).host, each) for each in _contacts(lab) if each.aor == aor)


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
