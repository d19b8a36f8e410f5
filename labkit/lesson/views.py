"""What a lesson looks at: the lab's parties, its health, a call's ladder and its voice.

Everything here is the same at every run of the same lesson, so that a lesson's committed outputs can be compared
with a live run: what differs between two runs is left out or rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from labkit import show
from labkit.lab import doctor as examiner
from labkit.lab.lab import Lab
from labkit.lab.stage import Form
from labkit.provider.profile import Profile
from labkit.runtime import topology
from labkit.sip.message import parse

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.calls import Call
    from labkit.show import Ladder
    from labkit.show.pictures import Picture


def ladder(call: Call, **choice: Any) -> Ladder:
    """The ladder of a call the lab placed, that call alone; `choice` is that of `labkit.show.ladder`."""
    return show.ladder(call, call=number_of(call), **choice)


def offers(call: Call) -> pd.DataFrame:
    """What each side of a call said of its voice: a row for each description (RFC 3264).

    Columns: leg, message, from (host), role, address, codecs, direction.
    """
    table = call.trace.offers
    own = table[table["call"] == number_of(call)].rename(columns={"src_name": "from"})
    return own[["leg", "message", "from", "role", "address", "codecs", "direction"]].reset_index(drop=True)


_PROFILES = "provider/profiles"
IDENTITIES = ("From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "Privacy")
"""The headers of an INVITE that say who calls, or who must not be told."""


def agreed(call: Call) -> Picture:
    """What each side of a call offered and what was agreed, over time; the text form leaves the times out."""
    drawn = show.offers(call, call=number_of(call))
    return replace(drawn, words=re.sub(r"^ *[\d.]+ s  ", "  ", drawn.words, flags=re.MULTILINE))


def identities(call: Call) -> pd.DataFrame:
    """Who calls, as each leg of a call says it: a column for each leg's last INVITE, a row for each header.

    Tags are left out, for they never repeat; `-` is a header that the INVITE does not have.
    """
    import pandas as pd

    table = call.trace.messages
    own = table[(table["call"] == number_of(call)) & (table["method"] == "INVITE") & (table["to_tag"].fillna("") == "")]
    ends = own[(own["src_name"] != "router") & (own["dst_name"] != "router")]
    last = ends.drop_duplicates("call_id", keep="last").sort_values("leg")
    said = {
        f"{row['src_name']} to {row['dst_name']}": _headers(call.trace.message(row["frame"], row["point"]).data)
        for row in last.to_dict("records")
    }
    return pd.DataFrame(said, index=pd.Index(IDENTITIES, name="header")).fillna("-")


def _headers(raw: bytes) -> dict[str, str]:
    rows = ((name, re.sub(r";tag=[^;>]*", "", value)) for name, value in parse(raw).rows)
    return {name: value for name, value in rows if name in IDENTITIES}


def number_of(call: Call) -> int:
    """The number of the call itself in its capture, which may hold the PBX's own OPTIONS and calls of strangers."""
    numbers = (each.number for each in call.trace.calls_found for leg in each.legs if leg.call_id == call.near.call_id)
    return next(numbers, 1)


def parties() -> pd.DataFrame:
    """Everybody in the lab: host, its address in each network, what it is."""
    import pandas as pd

    known = topology.load()
    rows = [
        {"host": host.name, **{network: _addresses(host, network) for network in known.networks}, "what": host.title}
        for host in known.hosts.values()
    ]
    return pd.DataFrame(rows).set_index("host")


def _addresses(host: topology.Host, network: str) -> str:
    return ", ".join(host.addresses.get(network, ()))


def trunks(lab: Lab) -> pd.DataFrame:
    """What the provider's portal shows a customer of his trunks: a column each."""
    import pandas as pd

    rows = {
        one.name: {
            "kind": one.kind,
            "account": one.account,
            "server": one.server,
            "numbers": ", ".join(one.numbers),
            "allowed addresses": ", ".join(one.allowed_addresses),
            "verified callers": ", ".join(one.verified_callers),
        }
        for one in lab.provider.portal().trunks
    }
    return pd.DataFrame(rows).replace("", "-")


def attempts(lab: Lab, last: int = 5) -> pd.DataFrame:
    """What the provider's portal shows of the last calls: a row each, the newest below."""
    import pandas as pd

    shown = lab.provider.portal().calls[-last:]
    columns = ("direction", "trunk", "caller", "called", "status", "reason")
    table = pd.DataFrame([{name: getattr(each, name) for name in columns} for each in shown], columns=columns)
    return table.replace({"caller": {"": "withheld"}})


def carriers(rule: str) -> pd.DataFrame:
    """What real carriers publish about a rule of the provider, such as "caller_id.precedence": a row each.

    Columns: rule (its value), says (in our words), source (public page), read (the day). A rule of several kinds of
    trunk is found by its end.
    """
    import pandas as pd

    profiles = [(path.stem, Profile.load(path)) for path in sorted((topology.lab_env() / _PROFILES).glob("*.toml"))]
    rows = [
        {
            "carrier": name,
            "rule": _listed(profile.changes[each]),
            "says": source.says,
            "source": source.url,
            "read": _day(source.date),
        }
        for name, profile in profiles
        for source in profile.sources
        for each in source.rules
        if each.endswith(f".{rule}")
    ]
    return pd.DataFrame(rows, columns=["carrier", "rule", "says", "source", "read"]).set_index("carrier")


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


def media(call: Call) -> pd.DataFrame:
    """The voice of a call, a row for each direction at each point of capture.

    Columns: point, from and to (hosts), codec, clock_rate_hz, packet_every_ms (mean, to 10 ms), lost (packets).
    """
    columns = ["point", "from", "to", "codec", "clock_rate_hz", "packet_every_ms", "lost"]
    streams = call.trace.streams
    streams = streams if streams.empty else streams[streams["call"] == number_of(call)]
    if streams.empty:
        return streams.reindex(columns=columns).set_index("point")
    rounded = streams.assign(packet_every_ms=streams["delta_mean_ms"].round(-1).astype(int))
    named = rounded.rename(columns={"src_name": "from", "dst_name": "to"})
    return named[columns].sort_values(columns[:3]).set_index("point")


RECORDED = "As recorded: testing it needs a live lab."


@dataclass(frozen=True, slots=True, repr=False)
class Health:
    """Whether every hop of the lab is well: a line each, with advice where one is not."""

    report: examiner.Report
    recorded: bool = False
    """Whether this is how a lab was, and none runs here."""

    def __str__(self) -> str:
        lines = [f"ok      {hop.name}" if hop.ok else str(hop) for hop in self.report.hops]
        return "\n".join([*[RECORDED][: self.recorded], *lines, str(self.report).rsplit("\n", 1)[-1]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines, _, verdict = escape(str(self)).rpartition("\n")
        folded = "<details>" if self.report.healthy else "<details open>"
        return f"<b>{verdict}</b>{folded}<summary>{len(self.report.hops)} tests</summary><pre>{lines}</pre></details>"


def doctor(lab: Lab | None = None) -> Health:
    """Test every hop of the lab, SIP and RTP each way; it takes a few seconds."""
    lab = lab or Lab()
    return Health(
        lab.stage.ask(["doctor"], lambda: examiner.examine(lab), _HOPS, takes_time=True), lab.replayed is not None
    )


_HOPS: Form[examiner.Report] = Form(
    lambda report, put: [[hop.name, hop.ok] for hop in report.hops],
    lambda plain, get: examiner.Report(tuple(examiner.Hop(name, ok, "") for name, ok in plain)),
)
