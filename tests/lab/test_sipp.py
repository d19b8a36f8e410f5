"""Unmodified SIPp (its stock scenarios) as caller, callee, registrant and controller, with and without lost packets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.phone.client import Phone
from labkit.provider.client import Provider
from tests.sipp import CALLER, PHONE, PORT, PROVIDER, figures, own_network, program, provider, start

AT_PROVIDER = f"{PROVIDER}:{PORT}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running provider."""
    made = tmp_path_factory.mktemp("sipp")
    with provider(made):
        yield made


@pytest.mark.parametrize(
    "words",
    [["-sn", "uac"], ["-sn", "uac", "-t", "t1"], ["-sn", "regexp"], ["-sn", "uac", "-lost", "10"],
     ["-sn", "regexp", "-lost", "10"]],
    ids=["uac", "uac over TCP", "regexp", "uac, 10 % lost", "regexp, 10 % lost"],
)  # fmt: skip
def test_as_caller_of_the_provider(folder: Path, words: list[str]) -> None:
    options = ["-s", "+15550109", "-m", "30", "-r", "20", "-d", "100", "-p", "15075"]
    done = figures(start(*words, *options, AT_PROVIDER))
    assert (0, 30, 0) == (done["exit"], done["successful"], done["failed"])


@pytest.mark.parametrize("lost", [[], ["-lost", "10"]], ids=["uas", "uas, 10 % lost"])
def test_as_callee_of_the_provider(folder: Path, lost: list[str]) -> None:
    callee = start("-sn", "uas", "-p", "15070", "-m", "5", *lost)
    time.sleep(0.3)
    with Provider.connect(folder / "provider.sock", "provider") as control:
        reports = [control.call("+442079460000", hold_s=0.1) for _ in range(5)]
    assert [200] * 5 == [report.status for report in reports]
    assert 0 == figures(callee)["exit"]


def test_as_registrant(folder: Path) -> None:
    scenario = Path(__file__).parent / "sipp/register.xml"
    done = figures(start("-sf", str(scenario), "-s", "trunk-4420", "-m", "5", "-p", "15078", f"127.0.0.61:{PORT}"))
    assert (0, 5) == (done["exit"], done["successful"])
    with Provider.connect(folder / "provider.sock", "provider") as control:
        assert [f"sip:trunk-4420@{CALLER}:15078"] == [item.contact for item in control.registrations()]


def test_as_third_party_controller(tmp_path: Path) -> None:
    """In a network of their own: SIPp listens for its twin on every address, whatever it is told."""
    options = ["-3pcc", f"{CALLER}:15099", "-m", "3", "-s", "+15550109", AT_PROVIDER]
    with own_network() as inside, provider(tmp_path, inside):
        second = start("-sn", "3pcc-C-B", "-p", "15077", *options, before=inside)
        time.sleep(0.5)
        first = start("-sn", "3pcc-C-A", "-p", "15076", *options, before=inside)
        done = figures(first)
        assert (0, 3) == (done["exit"], done["successful"])
        assert 0 == figures(second)["exit"]


def test_as_caller_and_callee_of_a_phone(tmp_path: Path) -> None:
    words = ["--user=1001", "--password=x", f"--bind={PHONE}:15076", f"--registrar={CALLER}:15072"]
    with program("labkit.phone", *words, f"--control={tmp_path}/phone.sock"):
        done = figures(start("-sn", "uac", "-s", "1001", "-m", "10", "-d", "100", "-p", "15071", f"{PHONE}:15076"))
        assert (0, 10, 0) == (done["exit"], done["successful"], done["failed"])
        callee = start("-sn", "uas", "-p", "15072", "-m", "3")
        time.sleep(0.3)
        with Phone.connect(tmp_path / "phone.sock", "phone-1001") as phone:
            assert [200] * 3 == [phone.call("2000", hold_s=0.1).status for _ in range(3)]
        assert 0 == figures(callee)["exit"]
