"""What a caller is told before the answer: provisional responses, and early media (RFC 3960)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.lesson.views import number_of

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.calls import Call

_EARLY_S = 0.1
"""RTP that comes so long before the final response is early; less is a race with it."""
_CHALLENGES = (401, 407)


def ringing(call: Call) -> pd.DataFrame:
    """What each leg of a call said before its final response, a row for each, that of the caller first.

    Columns: from and to (hosts), provisional (status codes but 100), with_sdp (those with a session description), rtp
    (whether early media came from there), final (status code).
    """
    import pandas as pd

    table = call.trace.messages
    answers = table["code"].notna() & table["cseq"].str.endswith("INVITE") & ~table["code"].isin(_CHALLENGES)
    direct = (table["src_name"] != "router") & (table["dst_name"] != "router")
    own = table[(table["call"] == number_of(call)) & answers & direct & (table["retransmission"] == 0)]
    rows = [_leg(call, leg, group) for leg, group in own.groupby("leg")]
    return pd.DataFrame(rows).set_index("from")


def _leg(call: Call, leg: Any, answers: pd.DataFrame) -> dict[str, str]:
    first = answers.iloc[0]
    early = answers[(answers["code"] > 100) & (answers["code"] < 200)]
    final = answers[answers["code"] >= 200]
    return {
        "from": first["src_name"],
        "to": first["dst_name"],
        "provisional": _codes(early),
        "with_sdp": _codes(early[early["sdp"].fillna("") != ""]),
        "rtp": "early" if _early(call, leg, final["time_s"].min()) else "none before the answer",
        "final": _codes(final.head(1)),
    }


def _codes(rows: pd.DataFrame) -> str:
    return ", ".join(str(code) for code in rows["code"].astype(int)) or "-"


def _early(call: Call, leg: Any, final_s: float) -> bool:
    streams = call.trace.streams
    if streams.empty:
        return False
    back = streams[(streams["leg"] == leg) & (streams["side"] == "callee")]
    return bool((back["first_s"] < final_s - _EARLY_S).any())
