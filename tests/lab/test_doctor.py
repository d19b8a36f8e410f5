"""The doctor finds every hop of a healthy lab well, and names the broken one of a broken lab."""

from collections.abc import Iterator

import pytest

from labkit.lab.doctor import examine
from labkit.lab.lab import Lab
from labkit.runtime.topology import lab_env
from labkit.scenario.values import nft_definitions


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The healthy lab."""
    with Lab("doctor").up(fresh=True) as made:
        yield made
        made.down()


@pytest.fixture
def broken(lab: Lab) -> Iterator[Lab]:
    """The lab, healthy again after the test."""
    yield lab
    lab.firewall()
    lab.config.make()
    lab.restart()


def rules(extra: str) -> str:
    """The healthy rules with one more, at the head of the forward chain."""
    healthy = (lab_env() / "router/rules.nft").read_text()
    return healthy.replace("policy drop;\n", f"policy drop;\n        {extra}\n")


def test_a_healthy_lab_is_well(lab: Lab) -> None:
    report = examine(lab)
    assert report.healthy, str(report)
    assert str(report).endswith("Every hop is well.")
    assert len(report.hops) >= 20


def test_a_lab_that_does_not_run_is_the_first_thing_said() -> None:
    report = examine(Lab("never-started"))
    assert report.broken is not None
    assert report.broken.name == "the lab runs"
    assert "labkit up" in report.broken.advice


@pytest.mark.parametrize(
    ("extra", "hop"),
    [
        ("ip saddr $provider_3 drop", "RTP router to pbx"),
        ("ip daddr $provider_3 drop", "RTP router to provider"),
        ("ip daddr $provider_2 drop", "OPTIONS from pbx to provider-ip"),
    ],
)
def test_a_firewall_that_drops_is_found_at_its_hop(broken: Lab, extra: str, hop: str) -> None:
    broken.firewall(rules(extra))
    broken.runtime.run("router", ["ip", "link"])
    report = examine(broken)
    assert report.broken is not None
    assert report.broken.name == hop, str(report)


def test_a_wrong_password_is_found_at_the_registration(broken: Lab) -> None:
    broken.config.replace("pjsip.d/phone-1002.conf", broken.values["phone-1002.password"], "wrong")
    broken.restart()
    report = examine(broken)
    assert report.broken is not None
    assert report.broken.name == "registration of phone-1002"
    assert "pjsip.d/phone-1002.conf" in report.broken.advice


def test_definitions_reach_the_rules(lab: Lab) -> None:
    assert "define provider_3 = " in nft_definitions(lab.topology)
