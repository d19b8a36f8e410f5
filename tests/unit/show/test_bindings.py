"""The life of a registration: attempts with their answers, and the bindings that came of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from labkit import show
from labkit.show.lanes import Bar, Lane
from labkit.trace import Capture
from tests.unit.show import wire

PBX, PROVIDER = "203.0.113.1", "203.0.113.10"
NAMES = {PBX: "pbx", PROVIDER: "provider"}
CONTACT = f"<sip:trunk@{PBX}:5060>"


def asked(time_s: float, number: int, wish_s: int, *, credentials: bool = False) -> wire.Packet:
    """A REGISTER of the PBX."""
    extra = f"Contact: {CONTACT}\r\nExpires: {wish_s}"
    extra += '\r\nAuthorization: Digest username="trunk"' if credentials else ""
    text = wire.message("REGISTER sip:provider", call_id="r", cseq=f"{number} REGISTER", via=f"{PBX}:5060", extra=extra)
    return time_s, PBX, 5060, PROVIDER, 5060, text


def told(time_s: float, number: int, answer: str, extra: str = "") -> wire.Packet:
    """The registrar's answer to it."""
    text = wire.message(
        f"SIP/2.0 {answer}", call_id="r", cseq=f"{number} REGISTER", via=f"{PBX}:5060", to_tag="t", extra=extra
    )
    return time_s + 0.01, PROVIDER, 5060, PBX, 5060, text


def granted(time_s: float, number: int, wish_s: int, life_s: int) -> list[wire.Packet]:
    """A registration that is challenged and then taken."""
    return [
        asked(time_s, number, wish_s),
        told(time_s, number, "401 Unauthorized"),
        asked(time_s + 0.02, number + 1, wish_s, credentials=True),
        told(time_s + 0.02, number + 1, "200 OK", f"Contact: {CONTACT};expires={life_s}"),
    ]


def lines(folder: Path, packets: Iterable[wire.Packet], **choice: object) -> list[str]:
    """The text form of these messages, without its title."""
    capture = Capture({"inside": wire.write(folder / "r.pcap", packets)}, NAMES)
    return str(show.registrations(capture, **choice)).splitlines()[1:]  # type: ignore[arg-type]


def test_a_challenge_and_its_answer_are_one_attempt_and_the_registrar_decides_the_life(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, granted(0.0, 1, 300, 120))
    assert line.endswith(f"asks for 300 s, 401 Unauthorized, 200 OK: sip:trunk@{PBX}:5060 for 120 s")


def test_a_challenge_that_is_never_answered_stands_alone_and_the_next_wish_is_a_new_attempt(tmp_path: Path) -> None:
    packets = [p for at in (0.0, 2.0) for p in (asked(at, int(at) + 1, 60), told(at, int(at) + 1, "401 Unauthorized"))]
    assert [line.split(" s  ")[0].strip() for line in lines(tmp_path, packets)] == ["0", "2"]


def test_credentials_that_are_challenged_again_are_a_second_answer_to_one_attempt(tmp_path: Path) -> None:
    packets = [*granted(0.0, 1, 60, 60)[:3], told(0.02, 2, "401 Unknown user")]
    (line,) = lines(tmp_path, packets)
    assert line.endswith("asks for 60 s, 401 Unauthorized, 401 Unknown user")


def test_a_life_that_is_too_short_is_asked_for_again(tmp_path: Path) -> None:
    packets = [asked(0.0, 1, 10), told(0.0, 1, "423 Interval Too Brief", "Min-Expires: 60"), *granted(0.1, 2, 60, 60)]
    brief, long = lines(tmp_path, packets)
    assert "asks for 10 s, 423 Interval Too Brief" in brief
    assert "for 60 s" in long


def test_silence_and_a_binding_taken_back_are_said_in_words(tmp_path: Path) -> None:
    packets = [asked(0.0, 1, 0), told(0.0, 1, "200 OK"), asked(3.0, 2, 60), asked(3.5, 2, 60)]
    back, silence = lines(tmp_path, packets)
    assert back.endswith("takes its binding back, 200 OK")
    assert silence.endswith("asks for 60 s, no answer")


@pytest.mark.parametrize(("host", "left"), [("pbx", 1), ("phone-1001", 0)])
def test_one_host_s_registrations_can_be_chosen(tmp_path: Path, host: str, left: int) -> None:
    assert left == len(lines(tmp_path, granted(0.0, 1, 60, 60), by=host))


def test_what_happened_beside_it_stands_at_its_time(tmp_path: Path) -> None:
    beside = [Lane("the registrar", (Bar(0.0, 1.0, "ill", "is ill"), Bar(1.0, 2.0, "well", "is well")))]
    found = lines(tmp_path, granted(2.0, 1, 60, 60), during=(-1.0, 3.0), beside=beside)
    assert [line[5:].lstrip(" s") for line in found[:2]] == ["the registrar is ill", "the registrar is well"]
    assert len(found) == 3


def test_a_picture_is_drawn_with_a_binding_that_ends_by_itself(tmp_path: Path) -> None:
    packets = [*granted(0.0, 1, 60, 2), asked(5.0, 3, 60), told(5.0, 3, "503 Service Unavailable")]
    capture = Capture({"inside": wire.write(tmp_path / "r.pcap", packets)}, NAMES)
    assert show.registrations(capture).png(1.0).startswith(b"\x89PNG")
