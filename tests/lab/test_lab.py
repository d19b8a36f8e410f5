"""The healthy lab: a real Asterisk behind a real NAT, calls in and out, edits that count, errors that show."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.errors import ConfigRejected, HostError, NotReady
from labkit.lab.calls import Call
from labkit.lab.lab import Lab
from labkit.rtp.report import MediaReport
from labkit.runtime.compose import Compose
from labkit.trace.capture import Capture

PSTN = "+15550100"
LEVEL_DBM0 = -10.0


@pytest.fixture(scope="module")
def lab(runtime_name: str) -> Iterator[Lab]:
    """The healthy lab, on one runtime after the other."""
    made = Lab("tests").up(fresh=True)
    yield made
    made.down()


@pytest.fixture(scope="module")
def outbound(lab: Lab) -> Call:
    """One call from a phone to a number behind the provider."""
    return lab.call("phone-1001", PSTN, hold_s=3.0)


@pytest.fixture
def edited(lab: Lab) -> Iterator[Lab]:
    """The lab, healthy again after the test."""
    yield lab
    lab.config.make()
    lab.restart()


def whole(media: MediaReport, hold_s: float) -> bool:
    """Whether at least 98 % of the expected packets came, 50 a second but for a tenth at the edges of the call."""
    received = sum(stream.packets - stream.duplicates for stream in media.received)
    expected = sum(stream.expected for stream in media.received)
    return received >= 0.98 * expected and expected >= 50 * (hold_s - 0.1)


def payload(capture: Capture, point: str) -> bytes:
    return capture.points[point].read_bytes()


def test_it_is_asterisk_22(lab: Lab) -> None:
    assert lab.asterisk("core show version").startswith("Asterisk 22.")
    assert lab.status().asterisk.startswith("22.")


def test_ari_answers_inside_the_pbx(lab: Lab) -> None:
    connection = http.client.HTTPConnection("pbx")
    connection.sock = lab.runtime.connect("pbx", (lab.values["pbx.control"], 8088))
    connection.request("GET", f"/ari/asterisk/info?api_key=lab:{lab.values['ari.password']}")
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["system"]["version"].startswith("22.")


def test_ami_lists_the_endpoints(lab: Lab) -> None:
    endpoints = {event["ObjectName"] for event in lab.ami("PJSIPShowEndpoints").events}
    assert endpoints == {"1001", "1002", "provider", "provider-ip"}


def test_the_trunk_is_registered_and_every_contact_was_reached(lab: Lab) -> None:
    status = lab.status()
    assert status.registrations == {"provider": "Registered"}
    assert status.contacts["1001"] != "Unavailable"
    assert status.contacts["provider"] == status.contacts["provider-ip"] == "Reachable"


OF_THE_START = 'Module "mod-invite" registered during operation'
"""What pjproject says where its own threads were quicker than the loading of the session module."""


def test_asterisk_logs_no_error_and_no_warning(lab: Lab) -> None:
    assert [said for line in lab.log(("ERROR", "WARNING")) if OF_THE_START not in (said := str(line))] == []


def test_a_call_out_is_answered_and_both_ends_hear_the_other_s_tone(outbound: Call) -> None:
    assert outbound.answered
    assert outbound.far is not None
    for report, frequency_hz in ((outbound.near, 440), (outbound.far, 620)):
        assert whole(report.media, 3.0)
        assert report.media.tone.frequency_hz == pytest.approx(frequency_hz, abs=2)
        assert report.media.tone.level_dbm0 == pytest.approx(LEVEL_DBM0, abs=1.0)


@pytest.mark.needs("nat")
def test_a_call_crosses_the_nat(lab: Lab, outbound: Call) -> None:
    assert outbound.capture is not None
    pbx, public = lab.values["pbx"].encode(), lab.values["router.wan"].encode()
    inside, outside = payload(outbound.capture, "inside"), payload(outbound.capture, "outside")
    assert pbx in inside
    assert pbx not in outside
    for line in (b"Via: SIP/2.0/UDP " + public, b"@" + public, b"c=IN IP4 " + public):
        assert line in outside, line


def test_the_caller_s_number_is_one_of_ours(lab: Lab, outbound: Call) -> None:
    assert outbound.far is not None
    assert lab.values["did.first"] in outbound.far.headers["From"]


@pytest.mark.parametrize(("did", "tone_hz"), [("did.first", 620), ("did.second", 770)])
def test_a_call_in_reaches_the_phone_of_its_did(lab: Lab, did: str, tone_hz: float) -> None:
    call = lab.inbound(lab.values[did], hold_s=1.0)
    assert call.answered
    assert call.near.media.tone.frequency_hz == pytest.approx(tone_hz, abs=2)
    assert call.far is not None
    assert whole(call.near.media, 1.0)
    assert whole(call.far.media, 1.0)


def test_a_did_that_no_trunk_has_is_named_with_those_there_are(lab: Lab) -> None:
    call = lab.inbound("+442079460999", hold_s=0.0)
    assert (call.answered, call.status) == (False, 480)
    assert "routed to no trunk; routed numbers: +442079460000, +442079460001" in str(call)


def test_a_did_that_the_dialplan_does_not_know_gets_404(edited: Lab) -> None:
    did = edited.values["did.second"]
    edited.config.replace("extensions.conf", f"exten => {did},1,", "exten => 1,1,")
    edited.reload()
    call = edited.inbound(did, hold_s=0.0)
    assert not call.answered
    assert call.status == 404


def test_agents_call_each_other(lab: Lab) -> None:
    call = lab.call("phone-1001", "1002", hold_s=1.0)
    assert call.answered
    assert call.near.media.tone.frequency_hz == pytest.approx(770, abs=2)


def test_the_echo_test_gives_back_what_the_phone_says(lab: Lab) -> None:
    call = lab.call("1002", "600", hold_s=1.0)
    assert call.near.media.tone.frequency_hz == pytest.approx(770, abs=2)


def test_the_ip_authenticated_trunk_is_its_own_way_out(lab: Lab) -> None:
    call = lab.call("phone-1001", f"8{PSTN}", hold_s=0.5)
    assert call.answered
    assert call.capture is not None
    assert b"INVITE sip:" + PSTN.encode() + b"@" + lab.values["provider.2"].encode() in payload(call.capture, "outside")


def test_an_unknown_phone_is_named_with_those_there_are(lab: Lab) -> None:
    with pytest.raises(HostError, match="no phone 'phone-1009'; it has: phone-1001, phone-1002"):
        lab.call("phone-1009", "600")


def test_a_codec_change_counts_for_the_next_call(edited: Lab) -> None:
    edited.config.replace("pjsip.d/trunk-provider.conf", "allow = alaw,ulaw", "allow = ulaw")
    edited.reload()
    call = edited.call("phone-1001", PSTN, hold_s=0.2)
    assert call.far is not None
    assert call.far.codec == "PCMU"


def test_a_misspelt_option_is_shown_and_the_old_object_goes_on(edited: Lab) -> None:
    edited.config.replace(
        "pjsip.d/trunk-provider.conf", "outbound_auth = provider     ", "outbond_auth = provider     "
    )
    with pytest.raises(ConfigRejected, match="named 'outbond_auth'"):
        edited.reload()
    assert edited.call("phone-1001", PSTN, hold_s=0.0).answered
    with pytest.raises(ConfigRejected, match="named 'outbond_auth'"):
        edited.restart()
    assert not edited.call("phone-1001", PSTN, hold_s=0.0).answered


def test_a_dialplan_edit_counts_after_a_reload(edited: Lab) -> None:
    edited.config["extensions.conf"] += "\n[from-phones]\nexten => 999,1,Hangup(1)\n"
    edited.reload()
    assert edited.call("phone-1001", "999", hold_s=0.0).status == 404


def test_a_port_that_is_taken_is_said_so(edited: Lab) -> None:
    edited.pbx.stop()
    taker = f"import socket,time; s=socket.socket(2,2); s.bind(('{edited.values['pbx']}',5060)); time.sleep(60)"
    edited.runtime.start("pbx", "taker", ["-c", taker], own_tools=False)
    try:
        with pytest.raises((ConfigRejected, NotReady), match="Address already in use"):
            edited.restart()
    finally:
        edited.runtime.stop("taker")


@pytest.mark.needs("firewall")
def test_the_stranger_is_refused_by_the_router(lab: Lab) -> None:
    with lab.capture(title="stranger") as recorder:
        script = (
            f"import socket; socket.socket(2,2).sendto(b'OPTIONS sip:x SIP/2.0', ('{lab.values['router.wan']}', 5060))"
        )
        lab.runtime.start("stranger", "knock", ["-c", script], own_tools=False)
        time.sleep(0.3)
    assert b"OPTIONS sip:x" in payload(recorder.capture, "outside")
    assert b"OPTIONS sip:x" not in payload(recorder.capture, "inside")


@pytest.mark.needs("impairment")
def test_a_bad_line_is_heard_and_a_good_one_again(lab: Lab) -> None:
    lab.impair(loss=0.2, seed=3)
    try:
        bad = lab.call("phone-1001", PSTN, hold_s=1.5)
    finally:
        lab.impair()
    good = lab.call("phone-1001", PSTN, hold_s=1.0)
    assert sum(stream.lost for stream in bad.near.media.received) >= 3
    assert whole(good.near.media, 1.0)


def test_another_process_attaches(lab: Lab) -> None:
    words = [sys.executable, "-m", "labkit", "status", "--lab", lab.name, "--json"]
    status = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    assert status["running"]
    assert status["registrations"] == {"provider": "Registered"}


def test_up_finds_a_running_lab(lab: Lab) -> None:
    before = lab.runtime.running()
    Lab(lab.name).up()
    assert lab.runtime.running() == before


def test_a_second_lab_does_not_disturb_the_first(lab: Lab) -> None:
    with Lab("second").up() as second:
        try:
            assert second.call("phone-1001", PSTN, hold_s=0.2).answered
            assert lab.call("phone-1001", PSTN, hold_s=0.2).answered
        finally:
            second.down()
    assert lab.call("phone-1001", PSTN, hold_s=0.2).answered


def kill(lab: Lab) -> None:
    """End a lab from outside as the machine might."""
    if lab.runtime.name == "namespaces":
        os.kill(json.loads((lab.home.folder / "holder.json").read_text())["pid"], signal.SIGKILL)
    elif lab.runtime.name == "loopback":
        for pid in lab.runtime.running().values():
            os.kill(pid, signal.SIGKILL)
    elif isinstance(lab.runtime, Compose):
        subprocess.run(["docker", "kill", f"{lab.runtime.project}-pbx-1"], check=True, capture_output=True)


def test_a_killed_lab_says_so_and_comes_up_again(runtime_name: str) -> None:
    with Lab("killed") as lab:
        lab.up()
        kill(lab)
        time.sleep(0.1)
        with pytest.raises(HostError, match="Start it: labkit up"):
            Lab.attach("killed")
        try:
            assert lab.up().call("phone-1001", PSTN, hold_s=0.0).answered
        finally:
            lab.down()


@pytest.mark.needs("firewall")
def test_a_start_that_fails_leaves_nothing(runtime_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "firewall", lambda lab: lab.runtime.filter("table ip { oops }"))
    lab = Lab("broken")
    with pytest.raises(HostError, match="nft failed on router"):
        lab.up()
    assert not lab.runtime.alive()
    assert lab.home.state is None


def test_nothing_of_the_lab_listens_outside_of_its_folder(lab: Lab) -> None:
    sockets = list(lab.home.folder.rglob("*.sock"))
    assert {path.name for path in sockets} >= {"provider.sock", "phone-1001.sock"}
    assert all(Path(path).stat().st_mode & 0o077 == 0 for path in [lab.home.folder])
