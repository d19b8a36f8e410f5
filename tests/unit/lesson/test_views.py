"""What lessons look at says the same at every run, and says plainly what is broken."""

from __future__ import annotations

from labkit.lab.doctor import Hop, Report
from labkit.lesson import parties
from labkit.lesson.views import Health

WELL = Hop("SIP pbx to router", True, "5 messages")
BROKEN = Hop("RTP pbx to router", False, "0 of 50 packets", "Look at the router: labkit doctor <again>")


def test_the_parties_are_those_of_the_topology_with_both_addresses_of_the_router() -> None:
    table = parties()
    assert {"pbx", "phone-1001", "phone-1002", "router", "provider", "stranger"} == set(table.index)
    assert ["10.10.0.1", "203.0.113.1"] == [table.loc["router", "lan"], table.loc["router", "wan"]]
    assert "" == table.loc["pbx", "wan"]


def test_a_healthy_lab_shows_no_figure_that_another_run_would_not() -> None:
    health = Health(Report((WELL,)))
    assert "ok      SIP pbx to router\nEvery hop is well." == str(health)
    assert "<details><summary>1 tests" in health._repr_html_()


def test_a_broken_hop_shows_what_was_seen_and_what_to_do() -> None:
    health = Health(Report((WELL, BROKEN)))
    assert "BROKEN  RTP pbx to router: 0 of 50 packets\n        Look at the router" in str(health)
    assert str(health).endswith("The first broken hop: RTP pbx to router.")
    assert "<details open>" in health._repr_html_()
    assert "<again>" not in health._repr_html_()
