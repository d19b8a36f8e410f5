"""Calls as their ends report them, made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trace_dialogs import Call
from trace_wire import pcap

from labkit.rtp.report import Digit, MediaReport, ReceivedStream
from labkit.rtp.tone import MeasuredTone
from labkit.scenario.model import CallPlan
from labkit.scenario.run import Placed, Run
from labkit.sip.report import CallReport
from labkit.trace.capture import Capture

NAMES = {"203.0.113.10": "provider", "203.0.113.1": "router", "10.10.0.10": "pbx", "10.10.0.21": "phone-1001"}


def media(
    packets: int = 50, lost: int = 0, span_s: float = 1.0, hz: float | None = 440.0, keys: str = ""
) -> MediaReport:
    """What one end received; no stream where there are no packets."""
    stream = ReceivedStream(
        ssrc=1, addresses=(("10.10.0.10", 10000),), packets=packets, expected=packets + lost, lost=lost, duplicates=0,
        reordered=0, restarts=0, jitter_ms=0.1, octets=160 * packets, payload_types={8: packets}, first_s=100.0,
        last_s=100.0 + span_s,
    )  # fmt: skip
    digits = tuple(Digit(key, 100.0, 100.0) for key in keys)
    received = (stream,) if packets else ()
    return MediaReport(("10.10.0.21", 4000), (), received, MeasuredTone(hz, -10.0), digits, 0, 0)


def report(status: int | None = 200, call_id: str = "call-1@192.0.2.10", **changes: Any) -> CallReport:
    """A call as one end saw it."""
    times = {"answered": 0.1, "ended": 1.2} if status == 200 else {}
    made = CallReport("call-1", "outgoing", "ended", call_id, "", "", "", status, "Refused" if status != 200 else "BYE",
                      "local", "", (), times, "PCMA", {}, media=media())  # fmt: skip
    return replace(made, **changes)


GOOD = Placed(
    "customer", "+15550123", "+442079460000", "scenario", 200, report(), report(media=media(hz=440.0)), "phone-1001",
    "+15550123", near_hears_hz=440.0, far_hears_hz=440.0, up_s=1.0,
)  # fmt: skip
"""An answered call that is as it should be."""

REFUSED = Placed("customer", "+15550123", "+442079460000", "scenario", 401, report(401))
"""One that was refused."""


def placed(plan: CallPlan) -> Placed:
    """A planned call that nobody answered."""
    return Placed(plan.name, plan.by, plan.to, "regression")


def refused_run(folder: Path) -> Run:
    """A run with one call from the provider that the PBX refuses by 401, and its capture."""
    call = Call(("203.0.113.10", 5060), ("203.0.113.1", 5060), refusal="401 Unauthorized",
                headers="WWW-Authenticate: Digest realm=x\r\n")  # fmt: skip
    capture = Capture({"outside": pcap(folder / "outside.pcap", call.frames())}, NAMES)
    log = (
        "NOTICE res_pjsip.c: Request 'INVITE' failed for '203.0.113.10:5060' - No matching endpoint found",
        "WARNING pbx.c: something else",
    )
    return Run("inbound-refused", 3, (REFUSED,), (), log, {"pjsip show identifies": "Match: 198.51.100.7/32\n"},
               ("call inbound registered: +15550123 to +442079460000: 401 Unauthorized",), capture)  # fmt: skip
