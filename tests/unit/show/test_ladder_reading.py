"""From captures to ladders: names, legs, media, and what a NAT did."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.show import ladder
from labkit.show.ladders import Ladder
from labkit.show.passage import named, passage
from labkit.show.sheet import Arrow, Detail, Kind
from labkit.trace import Capture, open_trace
from labkit.trace.nat import Sighting, private
from tests.unit.show import wire

PHONE, PBX, NAT, SBC = "10.10.0.21", "10.10.0.10", "203.0.113.1", "203.0.113.10"
NAMES = {PHONE: "phone-1001", PBX: "pbx", "10.10.0.1": "router", NAT: "router", SBC: "provider"}


def trunk_call(source: str, contact: str, media: str) -> list[wire.Packet]:
    """An answered call to the provider, as seen where the PBX has the address `source`."""
    out, back = (source, 5060, SBC, 5060), (SBC, 5060, source, 5060)
    ask = {"call_id": "b", "via": f"{contact}:5060"}
    reply = ask | {"to_tag": "t", "cseq": "1 INVITE"}
    invite = wire.message(
        "INVITE sip:+15550100@lab", **ask, cseq="1 INVITE", contact=contact, body=wire.sdp(media, 10034),
        extra="X-Call-ID: a",
    )  # fmt: skip
    return [
        (0.010, *out, invite),
        (0.012, *back, wire.message("SIP/2.0 100 Trying", **reply)),
        (0.510, *back, wire.message("SIP/2.0 200 OK", **reply, contact=SBC, body=wire.sdp(SBC, 20010, "0"))),
        (0.511, *out, wire.message("ACK sip:+15550100@lab", **ask, cseq="1 ACK", to_tag="t")),
        (3.600, *out, wire.message("BYE sip:+15550100@lab", **ask, cseq="2 BYE", to_tag="t")),
        (3.602, *back, wire.message("SIP/2.0 200 OK", **reply | {"cseq": "2 BYE"})),
        *wire.rtp(0.520, source, 10034, SBC, 20010, 0xAAAA, range(150)),
        *wire.rtp(0.525, SBC, 20010, source, 10034, 0xBBBB, [n for n in range(150) if n not in (70, 71)]),
    ]


def phone_call() -> list[wire.Packet]:
    """The other leg of the same call, with a lost INVITE."""
    out, back = (PHONE, 5060, PBX, 5060), (PBX, 5060, PHONE, 5060)
    ask = {"call_id": "a", "via": f"{PHONE}:5060"}
    reply = ask | {"to_tag": "p", "cseq": "1 INVITE"}
    invite = wire.message("INVITE sip:+15550100@lab", **ask, cseq="1 INVITE", contact=PHONE, body=wire.sdp(PHONE, 4000))
    return [
        (0.000, *out, invite),
        (0.005, *out, invite),
        (0.006, *back, wire.message("SIP/2.0 100 Trying", **reply)),
        (0.512, *back, wire.message("SIP/2.0 200 OK", **reply, contact=PBX, body=wire.sdp(PBX, 10032, "0"))),
        (0.515, *out, wire.message("ACK sip:+15550100@lab", **ask, cseq="1 ACK", to_tag="p")),
    ]


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """Both legs as seen in the LAN."""
    return wire.write(tmp_path / "inside.pcap", [*phone_call(), *trunk_call(PBX, NAT, NAT)])


@pytest.fixture
def two_points(tmp_path: Path) -> Capture:
    """The leg to the provider on both sides of the NAT, with a private address left in Contact and SDP."""
    points = {
        "inside": wire.write(tmp_path / "inside.pcap", trunk_call(PBX, PBX, PBX)),
        "outside": wire.write(tmp_path / "outside.pcap", [
            (time + 0.0002, *rest) for time, *rest in trunk_call(NAT, PBX, PBX)
        ]),
    }  # fmt: skip
    return Capture(points, NAMES)


def arrows(drawn: Ladder, kind: Kind = Kind.SIP) -> list[Arrow]:
    """Arrows of one kind."""
    return [arrow for arrow in drawn.sheet.arrows if arrow.kind is kind]


def test_two_legs_of_a_b2bua_are_told_apart_with_the_evidence(inside: Path) -> None:
    drawn = ladder(Capture({"inside": inside}, NAMES))
    assert ["phone-1001", "pbx", "provider"] == [column.name for column in drawn.layout.columns]
    assert ["phone-1001 to pbx", "pbx to provider"] == [leg.name for leg in drawn.sheet.legs]
    assert "leg b names the Call-ID of leg a in a header" == drawn.sheet.legs[1].evidence
    assert "1001 calls +15550100: answered" == drawn.sheet.title


def test_a_retransmission_is_one_more_arrow_that_names_the_first(inside: Path) -> None:
    assert "INVITE again (F1)" == ladder(inside)["F2"].row.label


def test_media_is_one_arrow_with_both_directions_and_their_loss(inside: Path) -> None:
    drawn = ladder(Capture({"inside": inside}, NAMES))
    (media,) = arrows(drawn, Kind.RTP)
    assert ("pbx", "provider", 1, "RTP PCMU") == (media.source, media.target, media.leg, media.label)
    assert media.forward is not None
    assert media.backward is not None
    assert ((150, 0), (148, 2)) == tuple((flow.packets, flow.lost) for flow in (media.forward, media.backward))
    assert (pytest.approx(0.52), pytest.approx(3.505)) == (media.time_s, media.end_s)


def test_offers_are_summed_up_under_their_messages(inside: Path) -> None:
    drawn = ladder(inside)
    assert (Detail("offer PCMU PCMA 10.10.0.21", 4000),) == arrows(drawn)[0].details
    assert "offer PCMU PCMA 10.10.0.21:4000" in drawn.text(ports=True)


def test_without_names_columns_are_addresses(inside: Path) -> None:
    assert {PHONE, PBX, SBC} == {column.name for column in ladder(str(inside)).layout.columns}


def test_two_captures_are_one_ladder_and_say_what_the_nat_did(two_points: Capture) -> None:
    drawn = ladder(two_points)
    assert ["pbx", "router", "provider"] == [column.name for column in drawn.layout.columns]
    assert [False, True, False] == [column.nat for column in drawn.layout.columns]
    invite, trying, *_ = arrows(drawn)
    assert ("pbx", "router", "provider") == (invite.source, invite.through, invite.target)
    assert [f"source {PBX} → {NAT}", *(f"{name} still says {PBX}" for name in ("Via", "Contact", "SDP"))] == [
        detail.text for detail in invite.changes
    ]
    assert [False, True, True, True] == [detail.alarm for detail in invite.changes]
    assert [f"target {NAT} → {PBX}"] == [detail.text for detail in trying.changes]
    assert 6 == len(arrows(drawn))


def test_media_passes_the_nat_as_one_arrow(two_points: Capture) -> None:
    (media,) = arrows(ladder(two_points), Kind.RTP)
    assert ("pbx", "router", "provider") == (media.source, media.through, media.target)
    assert media.backward is not None
    assert 2 == media.backward.lost


def test_what_the_nat_does_is_told_once(two_points: Capture) -> None:
    told = [arrow.label for arrow in arrows(ladder(two_points)) if arrow.changes]
    assert ["INVITE", "100 Trying"] == told


def test_right_addresses_and_rewritten_ones_are_told_apart() -> None:
    def sighting(time_s: float, source: str, contact: str, media: str) -> Sighting:
        data = wire.message("INVITE sip:b", "x", "1 INVITE", NAT, contact=contact, body=wire.sdp(media, 1))
        return Sighting(time_s, (source, 5060), (SBC, 5060), data)

    way = passage([sighting(1.1, NAT, NAT, NAT), sighting(1.0, PBX, PBX, NAT)])
    assert [f"source {PBX} → {NAT}", f"Contact {PBX} → {NAT}", "already right: Via, SDP"] == [
        detail.text for detail in way.changes
    ]


def test_addresses_are_private_by_their_networks() -> None:
    assert [True, True, False, False, False] == [
        private(each) for each in (PBX, "100.64.1.1", NAT, "example.com", "2001:db8::1")
    ]


def test_parties_on_one_host_have_a_column_each(tmp_path: Path) -> None:
    host = "127.0.0.1"
    ask = {"call_id": "x", "via": f"{host}:5082"}
    packets = [
        (0.0, host, 5082, host, 5080, wire.message("INVITE sip:b", **ask, cseq="1 INVITE", body=wire.sdp(host, 6000))),
        (0.1, host, 5080, host, 5082, wire.message("SIP/2.0 486 Busy", **ask, cseq="1 INVITE", to_tag="t")),
        *wire.rtp(0.05, host, 6000, host, 5080, 1, range(20)),
    ]
    drawn = ladder(wire.write(tmp_path / "one-host.pcap", packets))
    assert ["127.0.0.1:5082", "127.0.0.1:5080"] == [column.name for column in drawn.layout.columns]
    assert "1001 calls +15550100: refused, 486 Busy" == drawn.sheet.title


def test_a_message_to_itself_is_drawn_and_said(tmp_path: Path) -> None:
    host = "127.0.0.1"
    message = wire.message("OPTIONS sip:b", "x", "1 OPTIONS", host)
    drawn = ladder(wire.write(tmp_path / "self.pcap", [(0.0, host, 5060, host, 5060, message)]))
    assert "OPTIONS (to itself)" in str(drawn)
    assert drawn.png()


def test_an_empty_capture_has_a_ladder_that_says_so(tmp_path: Path) -> None:
    drawn = ladder(wire.write(tmp_path / "no-sip.pcap", [(0.0, PHONE, 53, PBX, 53, b"no SIP")]))
    assert str(drawn).startswith("No SIP message to show")
    assert drawn.png()


def test_a_ladder_is_drawn_from_whatever_has_a_trace(inside: Path) -> None:
    class Run:
        trace = open_trace(inside)

    assert str(ladder(inside)) == str(ladder(Run())) == str(ladder(Run.trace)) == str(ladder(ladder(inside)))


def test_one_call_of_many_is_chosen_by_its_number(tmp_path: Path) -> None:
    second = [
        (time + 60, *rest[:4], rest[4].replace(b"Call-ID: a", b"Call-ID: c").replace(b"audio ", b"audio 2"))
        for time, *rest in phone_call()
    ]
    path = wire.write(tmp_path / "two.pcap", [*phone_call(), *second])
    both, one = ladder(path), ladder(path, call=2)
    assert (10, 5) == (len(both.layout.messages), len(one.layout.messages))
    assert 0.0 == one.layout.rows[0].arrow.time_s
    assert ["a"] == sorted({row.sign for row in both.layout.rows})
    with pytest.raises(LabError, match=r"No call 3 in this trace\. It has calls 1 to 2\."):
        ladder(path, call=3)


def test_columns_are_put_in_the_order_asked_for(inside: Path) -> None:
    drawn = ladder(inside, columns=[SBC, PBX])
    assert [SBC, PBX, PHONE] == [column.name for column in drawn.layout.columns]
    with pytest.raises(LabError, match=r"No column nobody.*10\.10\.0\.10"):
        ladder(inside, columns=["nobody"])


def test_a_long_ladder_has_pages_and_says_so(tmp_path: Path) -> None:
    packets = [
        (n / 100, PHONE, 5060, PBX if n < 850 else SBC, 5060, wire.message("MESSAGE sip:b", f"m{n}", "1 MESSAGE", "x"))
        for n in range(900)
    ]
    first = ladder(wire.write(tmp_path / "long.pcap", packets))
    pages = [first, *(ladder(first, page=page) for page in (2, 3))]
    ends = [" ".join(line.strip("│ ") for line in str(each).splitlines()[-2:]) for each in pages]
    assert "page 1 of 3" in ends[0]
    assert "500 messages follow, up to F900" in ends[0]
    assert "page" not in ends[2]
    assert "800 messages before" in str(pages[2])
    numbers = [row.number for each in pages for row in each.layout.messages]
    assert [f"F{n}" for n in range(1, 901)] == numbers
    assert [2, 2, 3] == [len(each.layout.columns) for each in pages]
    assert "F850" == first["F850"].row.number
    with pytest.raises(LabError, match=r"no page 4\. It has 3\."):
        str(ladder(first, page=4))


def test_keepalives_of_a_day_do_not_fill_pages(tmp_path: Path) -> None:
    packets = [
        (30.0 * n, PBX, 5060, SBC, 5060, wire.message("OPTIONS sip:b", f"o{n}", "1 OPTIONS", PBX)) for n in range(2880)
    ]
    drawn = ladder(wire.write(tmp_path / "day.pcap", [*packets, *((86_400 + t, *rest) for t, *rest in phone_call())]))
    assert (1, True) == (drawn.layout.pages, "INVITE" in str(drawn))


def test_damaged_messages_never_break_a_ladder(tmp_path: Path, two_points: Capture) -> None:
    rng = random.Random(1)
    for seed in range(8):
        packets = []
        for time_s, *ends, payload in trunk_call(PBX, PBX, PBX)[:6]:
            data = bytearray(payload)
            for _ in range(rng.randrange(12)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            packets.append((time_s, *ends, bytes(data)))
        path = wire.write(tmp_path / f"{seed}.pcap", packets)
        drawn = ladder(Capture({"inside": path, "outside": two_points.points["outside"]}, NAMES))
        assert drawn.png()
        assert drawn.html()
        assert drawn.mermaid()


def test_a_message_explains_its_headers_and_opens_by_frame(inside: Path) -> None:
    message = ladder(inside)["F1"]
    assert str(message).startswith("INVITE sip:+15550100@lab SIP/2.0\n")
    assert "RFC 3261, 20.42" in message._repr_html_()
    assert str(inside) == message.row.arrow.file


def test_addresses_of_a_message_are_read_where_it_names_them() -> None:
    data = wire.message("SIP/2.0 200 OK", "x", "1 INVITE", PBX, contact=SBC, body=wire.sdp(NAT, 1))
    assert {"Contact": SBC, "SDP": NAT} == named(data)
    assert {} == named(b"\x00\x01")


def test_media_without_signalling_is_drawn_as_well(tmp_path: Path) -> None:
    drawn = ladder(wire.write(tmp_path / "rtp.pcap", wire.rtp(5.0, PBX, 4000, SBC, 5000, 7, range(50))))
    assert ["RTP PCMU"] == [row.label for row in drawn.layout.rows]
    assert 0.0 == drawn.layout.rows[0].arrow.time_s


@pytest.mark.parametrize(("first", "pause_s", "shown"), [(2, 0.02, [52]), (2, 1.0, [2, 50]), (20, 0.02, [20, 50])])
def test_a_few_packets_and_the_stream_that_follows_at_once_are_one_arrow(
    tmp_path: Path, first: int, pause_s: float, shown: list[int]
) -> None:
    signalling = [packet for packet in trunk_call(PBX, PBX, PBX) if 5060 in packet]
    begun = wire.rtp(0.52, SBC, 20010, PBX, 10034, 7, range(first))
    gone_on = wire.rtp(begun[-1][0] + pause_s, SBC, 20010, PBX, 10034, 8, range(50))
    drawn = ladder(wire.write(tmp_path / "call.pcap", [*signalling, *begun, *gone_on]))
    flows = [arrow.forward for arrow in arrows(drawn, Kind.RTP)]
    assert shown == [flow.packets for flow in flows if flow]
