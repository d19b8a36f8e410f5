"""What lessons look at says the same at every run, and says plainly what is broken."""

from __future__ import annotations

from types import SimpleNamespace

from labkit import datasets
from labkit.lab.doctor import Hop, Report
from labkit.lesson import agreed, carriers, identities, parties
from labkit.lesson.views import Health
from labkit.runtime import topology
from labkit.trace import open_trace
from labkit.trace.capture import Capture

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


def recorded(name: str) -> SimpleNamespace:
    """The only call of a recording, as far as a view looks at it."""
    folder = datasets.fetch(name) / "calls"
    points = {point: folder / f"1-{point}.pcap.gz" for point in ("inside", "outside")}
    trace = open_trace(Capture(points, topology.load().names))
    return SimpleNamespace(trace=trace, near=SimpleNamespace(call_id=trace.legs_found[0].call_id))


def test_each_leg_of_a_call_says_who_calls_without_what_never_repeats() -> None:
    table = identities(recorded("colleagues-show-the-main-number/broken"))
    assert ["phone-1002 to pbx", "pbx to provider"] == list(table)
    assert "<sip:1002@10.10.0.10>" == table.loc["From", "phone-1002 to pbx"]
    assert '"Agent 1002" <sip:1002@203.0.113.10>' == table.loc["P-Asserted-Identity", "pbx to provider"]
    assert ["-", "-"] == list(table.loc["Remote-Party-ID"])


def test_the_rules_of_real_carriers_come_with_their_source_and_the_day_they_were_read() -> None:
    table = carriers("caller_id.precedence")
    assert "P-Asserted-Identity, From" == table.loc["2talk", "rule"]
    assert table["source"].str.startswith("https://").all()
    assert not table["read"].str.match(r"\d{4}-").any()
    assert carriers("no.such.rule").empty


def test_what_was_agreed_is_told_without_times_and_ports() -> None:
    text = str(agreed(recorded("outbound-488/broken")))  # type: ignore[arg-type]
    assert "  pbx (caller, leg b)         offer     INVITE  G722 telephone-event 203.0.113.1" in text
    assert " s  " not in text
