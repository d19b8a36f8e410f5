"""Charts and tables made from captures."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from labkit import show
from labkit.errors import LabError
from labkit.show.fates import LATE, Fates
from labkit.show.pictures import Picture
from labkit.show.sounds import Heard
from labkit.show.tables import Table
from labkit.show.tracks import streams_of
from labkit.trace import Capture, open_trace
from tests.unit.show import wire

A, B = "10.10.0.21", "10.10.0.10"
NAMES = {A: "phone-1001", B: "pbx"}
ASK = {"call_id": "a", "via": f"{A}:5060"}


@pytest.fixture
def call(tmp_path: Path) -> Capture:
    """An answered call of three seconds that loses two packets one way, and is put on hold."""
    reply = ASK | {"to_tag": "t"}
    hold = wire.sdp(A, 4000, "0") + "a=sendonly\r\n"
    packets = [
        (0.0, A, 5060, B, 5060, wire.message("INVITE sip:b", **ASK, cseq="1 INVITE", body=wire.sdp(A, 4000))),
        (0.5, B, 5060, A, 5060, wire.message("SIP/2.0 200 OK", **reply, cseq="1 INVITE", body=wire.sdp(B, 9000))),
        (2.0, A, 5060, B, 5060, wire.message("INVITE sip:b", **reply, cseq="2 INVITE", body=hold)),
        (2.1, B, 5060, A, 5060, wire.message("SIP/2.0 200 OK", **reply, cseq="2 INVITE", body=wire.sdp(B, 9000))),
        (3.6, A, 5060, B, 5060, wire.message("BYE sip:b", **reply, cseq="3 BYE")),
        *wire.rtp(0.5, A, 4000, B, 9000, 1, range(150)),
        *wire.digit(3.5, A, 4000, B, 9000, 1, 5),
        *wire.rtp(0.505, B, 9000, A, 4000, 2, [n for n in range(150) if n not in (70, 71)]),
        *wire.rtp(1.0, A, 7000, B, 7002, 3, range(50)),
    ]
    return Capture({"inside": wire.write(tmp_path / "call.pcap", packets)}, NAMES)


def lines(picture: object) -> list[str]:
    """The text form, line by line."""
    return str(picture).splitlines()


def test_streams_are_summed_up_in_a_table_with_units(call: Capture) -> None:
    table = show.streams(call)
    assert ("stream", "packets", "lost", "lost by RTCP", "jitter mean, ms") == table.heads[:5]
    assert ("phone-1001 → pbx PCMU, 0x00000001", "157", "0", "-") == table.rows[0][:4]
    assert ("pbx → phone-1001 PCMU", "148", "2 (1.3 %)") == next(
        row[:3] for row in table.rows if row[0].startswith("pbx")
    )
    assert "<td" in table._repr_html_()


def test_one_call_has_only_its_own_streams(call: Capture) -> None:
    names = [row[0] for row in show.streams(call, call=1).rows]
    assert ["phone-1001 → pbx PCMU", "pbx → phone-1001 PCMU"] == names


def test_jitter_agrees_with_the_table(call: Capture) -> None:
    for stream in streams_of(open_trace(call)):
        _, values = stream.jitter_ms()
        assert pytest.approx(stream.row["jitter_max_ms"]) == values.max()


def test_time_between_packets_shows_the_gap(call: Capture) -> None:
    assert "pbx → phone-1001 PCMU" in lines(show.delta(call, call=1))[2]
    assert lines(show.delta(call, call=1))[2].endswith("mean 20.3, max 60.0 ms")


def test_the_loss_map_names_the_burst(call: Capture) -> None:
    assert "pbx → phone-1001 PCMU: 150 expected, 2 lost (1.3 %) in 1 burst, longest 2 at 1.91 s" in str(show.loss(call))


def test_the_bitrate_of_pcmu_is_80_kbit_s_with_headers(call: Capture) -> None:
    assert "mean 80.0, max 80.0 kbit/s" in lines(show.bitrate(call, call=1))[1]


def test_the_timeline_tells_who_offered_what_and_what_changed(call: Capture) -> None:
    told = lines(show.offers(call))
    assert "    0.000 s  phone-1001 (caller)  offer     INVITE  PCMU PCMA telephone-event 10.10.0.21" == told[1]
    assert "    0.500 s  pbx (callee)         answer    200 OK  PCMU PCMA telephone-event 10.10.0.10" == told[2]
    assert told[3].startswith(
        "    2.000 s  phone-1001 (caller)  offer     INVITE  PCMU 10.10.0.21 sendonly, changed: d"
    )
    assert "10.10.0.21:4000" in str(show.offers(call, ports=True))


def test_all_media_in_one_go(call: Capture) -> None:
    album = show.media(call)
    assert 6 == len(album.pictures)
    assert str(album).startswith("RTP streams\n")
    assert 5 == album._repr_html_().count("<img ")


def test_mos_names_the_worst_second(call: Capture) -> None:
    told = lines(show.mos(call, call=1))
    assert told[0].startswith("Estimated MOS (ITU-T G.107), 0.0 s to ")
    assert told[2].startswith("pbx → phone-1001 PCMU")
    assert told[2].endswith(" at 1 s")


def test_digits_are_told_with_their_length(call: Capture) -> None:
    assert "    3.500 s  phone-1001 → pbx PCMU, 0x00000001  5  100 ms in 7 packets" == lines(show.dtmf(call))[1]


def test_a_direction_is_heard_described_and_drawn(call: Capture) -> None:
    heard = show.sound(call, "pbx -> phone-1001")
    assert 1 == len(heard.sounds)
    assert lines(heard)[1].startswith("pbx → phone-1001 PCMU  ")
    assert 1 == heard._repr_html_().count("<audio controls")
    assert 3 == len(show.sound(call).sounds)


def test_a_direction_that_is_not_there_is_answered_with_those_that_are(call: Capture) -> None:
    with pytest.raises(LabError, match=r"No direction 'pbx to moon'.*phone-1001 → pbx PCMU"):
        show.sound(call, "pbx to moon")


@pytest.mark.parametrize("name", sorted({*show.__all__} - {"Ladder", "ladder", "lamps", "media", "objects"}))
def test_a_capture_without_media_says_so(tmp_path: Path, name: str) -> None:
    path = wire.write(tmp_path / "dns.pcap", [(0.0, A, 53, B, 53, b"nothing")])
    drawn: Picture | Table | Heard = getattr(show, name)(path)
    assert "in this trace" in str(drawn)
    assert drawn._repr_html_()


def test_fates_agree_with_the_table_on_any_stream(tmp_path: Path) -> None:
    rng = random.Random(7)
    packets = []
    for ssrc in range(20):
        numbers = [n for n in range(300) if rng.random() > 0.05]
        for _ in range(rng.randrange(5)):
            place = rng.randrange(10, len(numbers))
            numbers.insert(place, numbers[place - rng.randrange(1, 4)])
        for n in range(rng.randrange(5)):
            place = 20 + 30 * n
            numbers[place], numbers[place + 1] = numbers[place + 1], numbers[place]
        in_order = wire.rtp(0.0, A, 4000 + 2 * ssrc, B, 9000, ssrc, numbers)
        packets += [(0.02 * place, *each[1:]) for place, each in enumerate(in_order)]
    for stream in streams_of(open_trace(wire.write(tmp_path / "many.pcap", packets))):
        fates, row = Fates.of(stream.track), stream.row
        assert (row["expected"], row["lost"], row["duplicates"]) == (len(fates.fate), fates.count(1), fates.duplicates)
        assert fates.count(LATE) <= row["reordered"]


def test_every_public_name_has_a_home_and_a_docstring() -> None:
    assert sorted(show.__all__) == show.__all__
    for name in show.__all__:
        assert getattr(show, name).__doc__
    with pytest.raises(AttributeError, match=r"has no 'nothing'; it has: Ladder, bitrate"):
        show.nothing  # noqa: B018


def test_the_docs_name_every_picture() -> None:
    text = (Path(__file__).parents[3] / "docs/pictures.md").read_text(encoding="utf-8")
    assert [] == [name for name in show.__all__ if name != "Ladder" and f"`show.{name}(" not in text]
