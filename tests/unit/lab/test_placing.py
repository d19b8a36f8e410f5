"""Which received call is the far end of which placed one, when many are placed at once."""

from dataclasses import replace
from typing import Any

import pytest

from labkit.lab.placing import _Ended, _likeness, _paired, _user
from labkit.scenario.model import CallPlan
from labkit.sip.report import CallReport

OUT = CallPlan("out", "phone-1001", "+15550196")
OUT_8 = CallPlan("out by the IP trunk", "phone-1001", "8+15550197")
IN = CallPlan("in", "+15550194", "+442079460000")
EXTENSION = CallPlan("extension", "tel:1001", "+442079460000")
INSIDE = CallPlan("inside", "phone-1001", "1002")
STRANGER = CallPlan("a stranger", "stranger", "+442079460000")
PLANS = (OUT, OUT_8, IN, EXTENSION, INSIDE, STRANGER)


def received(uri: str, caller: str, **headers: str) -> CallReport:
    rows: dict[str, Any] = {"From": f'"x" <sip:{caller}@10.10.0.10>;tag=1', "To": f"<{uri}>", **headers}
    return CallReport("call-1", "incoming", "ended", "id", "", "", uri, 200, "BYE", "remote", "", (), {}, "PCMA", rows)


CALLS = [
    ("provider", received("sip:+15550196@203.0.113.10", "+442079460000"), OUT),
    ("provider", received("sip:0015550196@203.0.113.10", "anonymous"), OUT),
    ("provider", received("sip:+15550197@203.0.113.11", "+442079460000"), OUT_8),
    ("phone-1001", received("sip:1001@10.10.0.21", "+15550194"), IN),
    ("phone-1001", received("sip:1001@10.10.0.21", "trunk-4420", **{"P-Asserted-Identity": "<sip:+15550194@x>"}), IN),
    ("phone-1002", received("sip:1002@10.10.0.22", "1001"), INSIDE),
    ("phone-1001", received("sip:1001@10.10.0.21", "stranger"), STRANGER),
]


@pytest.mark.parametrize(("party", "report", "plan"), CALLS)
def test_a_received_call_is_likest_the_one_that_was_placed(party: str, report: CallReport, plan: CallPlan) -> None:
    likeness = {each.name: _likeness(each, party, report) for each in PLANS}
    assert max(likeness, key=likeness.__getitem__) == plan.name, likeness


def ended(plan: CallPlan, duration_s: float | None) -> _Ended:
    return _Ended(plan, "scenario", replace(CALLS[0][1], times=lasting(duration_s)), 200)


def lasting(duration_s: float | None) -> dict[str, float]:
    return {} if duration_s is None else {"answered": 1.0, "ended": 1.0 + duration_s}


@pytest.mark.parametrize(
    ("here", "there", "pairs"),
    [
        ([0.4, 0.41, 0.4], [None, None, None], {0: 0, 1: 1, 2: 2}),
        ([0.6, 2.0], [2.0, 0.6], {0: 1, 1: 0}),
        ([0.4, 0.42], [0.42, 0.4], {0: 0, 1: 1}),
        ([0.4, 0.4], [0.4], {0: 0}),
    ],
)
def test_calls_that_look_the_same_are_told_apart_by_length_then_by_order(
    here: list[float], there: list[float | None], pairs: dict[int, int]
) -> None:
    names = [("provider", f"call-{number}") for number in range(9, 9 + len(there))]
    reports = [replace(CALLS[0][1], times=lasting(each)) for each in there]
    found = _paired([ended(OUT, each) for each in here], dict(zip(names, reports, strict=True)))
    assert {at: names.index(key) for at, key in found.items()} == pairs


def test_nobody_reaches_the_provider_from_the_pstn_nor_a_phone_by_a_number_outside() -> None:
    assert _likeness(IN, "provider", CALLS[0][1]) == 0
    assert _likeness(OUT, "phone-1001", CALLS[3][1]) == 0


@pytest.mark.parametrize(
    ("address", "user"),
    [('"A" <sip:+1555@x>;tag=1', "+1555"), ("<sip:x>", ""), ("<sips:a@x>", "a"), ("", "")],
)
def test_the_number_shown_is_the_user_of_from(address: str, user: str) -> None:
    assert _user(address) == user
