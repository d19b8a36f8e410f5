"""When things happen in a call, rounded so that every run says the same: repeats, the end, and how long voice came."""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

from labkit.lesson.views import number_of
from labkit.sip.message import parse

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.calls import Call

_NEVER_ALIKE = re.compile(r";(?:tag|branch)=[^;>,]*")


def repeats(call: Call, first_line: str, by: str, unit_s: float) -> pd.DataFrame:
    """How often a host sent the same message, such as "200 INVITE" or "UPDATE", and how long it waited in between.

    By times sent; columns: waited (in units of `unit_s`, to the nearest power of two), elapsed (sum of it).
    """
    import pandas as pd

    times_s = _times_s(call, first_line, by)
    waited = [0, *(2 ** round(log2((later - earlier) / unit_s)) for earlier, later in pairwise(times_s))]
    table = pd.DataFrame({"waited": waited[: len(times_s)]}, index=pd.RangeIndex(1, len(times_s) + 1, name="sent"))
    return table.assign(elapsed=table["waited"].cumsum())


def _times_s(call: Call, first_line: str, by: str) -> list[float]:
    table = call.trace.messages
    code, _, method = first_line.rpartition(" ")
    of_method = table["cseq"].str.endswith(f" {method}")
    kind = of_method & (table["code"] == int(code)) if code else table["method"] == method
    own = table[(table["call"] == number_of(call)) & kind & (table["src_name"] == by)]
    legs = list(own["call_id"])
    leg = call.near.call_id if call.near.call_id in legs else next(iter(legs), "")
    return sorted(own[(own["call_id"] == leg) & (own["point"] == own["point"].min())]["time_s"])


def ending(call: Call) -> pd.DataFrame:
    """Who ended each leg of a call, and after how many seconds, rounded to whole ones.

    Columns: from, to, ended_by (the host that sent BYE), lasted_s.
    """
    legs = call.trace.legs
    own = legs[legs["call"] == number_of(call)].rename(columns={"src_name": "from", "dst_name": "to"})
    return own.assign(lasted_s=own["duration_s"].round().astype("Int64"))[["from", "to", "ended_by", "lasted_s"]]


def header(call: Call, name: str, method: str = "INVITE") -> pd.DataFrame:
    """What a header said in the requests of a method and their answers, without tags: leg by leg, each value once.

    Columns: message, from, to, value.
    """
    import pandas as pd

    table = call.trace.messages
    first = (table["retransmission"] == 0) & table["cseq"].str.endswith(f" {method}")
    own = table[(table["call"] == number_of(call)) & first].drop_duplicates("packet")
    rows = []
    for row in own.sort_values(["leg", "time_s"]).to_dict("records"):
        label = row["method"] if pd.isna(row["code"]) else f"{int(row['code'])} to {row['cseq'].split()[-1]}"
        for key, value in parse(call.trace.message(row["frame"], row["point"]).data).rows:
            if key.casefold() == name.casefold():
                rows.append((label, row["src_name"], row["dst_name"], _NEVER_ALIKE.sub("", value)))
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=["message", "from", "to", "value"])


def spans(call: Call) -> pd.DataFrame:
    """From when to when packets of each stream were seen, in seconds since the first of the call, to half a second.

    By point; columns: from, to, begins_s, ends_s.
    """
    import pandas as pd

    columns = ["point", "from", "to", "begins_s", "ends_s"]
    streams = call.trace.streams.rename(columns={"src_name": "from", "dst_name": "to"})
    if streams.empty:
        return pd.DataFrame(columns=columns).set_index("point")
    begins_s = streams["first_s"] - streams["first_s"].min()
    halves = {"begins_s": begins_s, "ends_s": begins_s + streams["duration_s"]}
    rounded = streams.assign(**{name: (2 * seconds).round() / 2 for name, seconds in halves.items()})
    return rounded.sort_values(columns)[columns].set_index("point")
