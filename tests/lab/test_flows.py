"""A NAT binding outlives the rule that made it; the lab's firewall makes the router forget it with new rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.lab.lab import Lab
from labkit.scenario.values import nft_definitions


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of this module's own."""
    made = Lab("flows", runtime="namespaces").up(fresh=True)
    yield made
    made.down()


def test_a_known_flow_passes_a_closed_port_until_new_rules_make_it_unknown(lab: Lab) -> None:
    pbx = f"sip:{lab.values['router.wan']}"
    closed = lab.config["router/rules.nft"].replace("udp dport $sip dnat to $pbx", "udp dport $sip drop")
    assert 200 == lab.provider.options(pbx)
    lab.runtime.filter(nft_definitions(lab.topology) + closed)
    assert 200 == lab.provider.options(pbx, timeout_s=0.5)
    lab.firewall(closed)
    assert lab.provider.options(pbx, timeout_s=0.5) is None
