"""What a trace says about media of calls through a real NAT: nothing while they are healthy."""

from collections.abc import Iterator

import pytest

from labkit.lab.calls import Call
from labkit.lab.lab import Lab
from labkit.trace import Trace, open_trace

pytestmark = pytest.mark.needs("nat")
TRANSPORT = "pjsip.d/transport-udp.conf"


@pytest.fixture(scope="module")
def lab(runtime_name: str) -> Iterator[Lab]:
    """A lab of its own, for its config is edited."""
    made = Lab("findings").up(fresh=True)
    yield made
    made.down()


def traces(call: Call) -> list[Trace]:
    """The trace of both points, and of each alone."""
    assert call.capture is not None
    return [open_trace(call.capture), *(open_trace(path) for path in call.capture.points.values())]


def kinds(trace: Trace) -> set[tuple[str, str]]:
    return {(each.kind, each.point) for each in trace.findings.itertuples()}


def test_healthy_calls_contradict_nothing(lab: Lab) -> None:
    out, back = lab.call("phone-1001", "+15550100"), lab.inbound(lab.values["did.first"])
    assert [set()] * 6 == [kinds(trace) for call in (out, back) for trace in traces(call)]


def test_a_private_address_in_the_offer_is_found_outside(lab: Lab) -> None:
    lab.config.replace(TRANSPORT, "external_media_address", ";external_media_address")
    lab.restart()
    both, inside, _ = traces(lab.call("phone-1001", "+15550100"))
    assert ("address", "outside") in kinds(both)
    assert not {"address", "port"} & {kind for kind, _ in kinds(inside)}
