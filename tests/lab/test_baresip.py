"""An independent phone, baresip, registers at Asterisk and calls through the trunk to the provider and back."""

import array
import math
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.lab.lab import Lab

PSTN = "+15550110"
TONE_HZ = 530
CONFIG = """sip_listen {address}:5070
audio_source aufile,/lab/baresip/say.wav
audio_player aufile,/lab/baresip/heard.wav
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
"""
ACCOUNT = "<sip:1002@{pbx};transport=udp>;auth_user=1002;auth_pass={password};answermode=auto;regint=600\n"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab in which baresip takes the place of phone 1002."""
    with Lab("baresip", runtime="namespaces").up(fresh=True) as made:
        made.phone("1002").unregister()
        settle(made, made.home.folder / "baresip")
        yield made
        made.down()


def settle(lab: Lab, folder: Path) -> None:
    """Write baresip's files."""
    folder.mkdir(exist_ok=True)
    (lab.home.folder / "log/baresip.log").unlink(missing_ok=True)
    (folder / "config").write_text(CONFIG.format(address=lab.values["phone-1002"]))
    (folder / "accounts").write_text(ACCOUNT.format(pbx=lab.values["pbx"], password=lab.values["phone-1002.password"]))
    (folder / "contacts").touch()
    samples = (round(8000 * math.sin(2 * math.pi * TONE_HZ * at / 8000)) for at in range(8000 * 20))
    with wave.open(str(folder / "say.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(array.array("h", samples).tobytes())


def baresip(lab: Lab, *words: str) -> None:
    """Start baresip for at most 20 s."""
    lab.runtime.start("phone-1002", "baresip", ["baresip", "-f", "/lab/baresip", "-t", "20", *words])


def wait_for(lab: Lab, text: str, timeout_s: float = 10.0) -> None:
    """Wait until baresip says something."""
    deadline = time.monotonic() + timeout_s
    while text not in (said := (lab.home.folder / "log/baresip.log").read_text()):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def test_baresip_calls_out_through_the_trunk(lab: Lab) -> None:
    before = lab.parties.incoming()
    baresip(lab, "-e", f"/dial sip:{PSTN}@{lab.values['pbx']}")
    wait_for(lab, "Call established")
    time.sleep(2.0)
    lab.runtime.stop("baresip")
    far = lab.parties.newest(before, timeout_s=5.0)
    assert far is not None
    assert far.state == "ended"
    assert far.media.tone.frequency_hz == pytest.approx(TONE_HZ, abs=2)
    assert sum(stream.packets for stream in far.media.received) >= 90
    assert heard_hz(lab.home.folder / "baresip/heard.wav") == pytest.approx(440, abs=5)


def test_baresip_takes_a_call_from_the_provider(lab: Lab) -> None:
    baresip(lab)
    wait_for(lab, "200 OK (call-centre-pbx) [1 binding]")
    call = lab.inbound(lab.values["did.second"], hold_s=2.0)
    assert call.answered
    assert call.near.media.tone.frequency_hz == pytest.approx(TONE_HZ, abs=2)


def heard_hz(path: Path) -> float:
    """Frequency of the last second that baresip heard, by its zero crossings."""
    data = path.read_bytes()[44:]
    samples = array.array("h", data[: len(data) // 2 * 2])[-8000:]
    rises = [at for at in range(1, len(samples)) if samples[at - 1] < 0 <= samples[at]]
    return (len(rises) - 1) * 8000 / (rises[-1] - rises[0])
