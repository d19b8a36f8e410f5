"""Addresses of labs on loopback, and taps: all that needs neither Asterisk nor a rootfs."""

import socket
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.rtp.datagrams import read_waiting
from labkit.runtime import loopback, pcap, topology
from labkit.runtime.base import Impairment
from labkit.runtime.loopback import Loopback
from labkit.runtime.tap import Tap, tapped


def test_every_host_has_an_address_of_its_own_within_loopback(tmp_path: Path) -> None:
    lab = Loopback(tmp_path).topology
    addresses = [address for host in lab.hosts.values() for each in host.addresses.values() for address in each]
    assert len(addresses) == len(set(addresses)) == len(topology.load().names)
    assert all(IPv4Address(address) in IPv4Network("127.0.0.0/8") for address in addresses)
    assert lab.host("pbx").address.endswith(".10")
    assert lab.host("pbx").gateway == lab.host("router").addresses["lan"][0]


def test_labs_in_other_folders_begin_to_look_elsewhere(tmp_path: Path) -> None:
    blocks = [tuple(next(loopback._blocks(tmp_path / str(number))).values()) for number in range(50)]
    assert len(set(blocks)) >= 49


def test_no_two_blocks_overlap(tmp_path: Path) -> None:
    blocks = list(loopback._blocks(tmp_path))
    subnets = {network for block in blocks for network in block.values()}
    assert 2 * len(blocks) == len(subnets)
    assert IPv4Network("127.0.0.0/24") not in subnets


def test_a_block_in_which_somebody_speaks_sip_is_passed_over(tmp_path: Path) -> None:
    first, second = islice(loopback._blocks(tmp_path), 2)
    pbx = topology.load().moved(first).host("pbx").address
    assert loopback._free(first)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((pbx, 5060))
        assert not loopback._free(first)
        assert loopback._free(second)


def test_a_capture_point_sees_a_host_or_beyond_a_router_a_network() -> None:
    lab = topology.load()
    assert [IPv4Network(f"{lab.host('pbx').address}/32")] == loopback._seen_at(lab, "inside")
    assert [lab.networks["wan"]] == loopback._seen_at(lab, "outside")


@pytest.mark.parametrize("deed", [lambda lab: lab.filter(""), lambda lab: lab.impair("router", "wan", Impairment(0.1))])
def test_what_it_lacks_is_refused_with_a_way_out(deed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RuntimeUnavailable, match="--runtime compose"):
        deed(Loopback(tmp_path))


def test_a_good_link_needs_no_making(tmp_path: Path) -> None:
    Loopback(tmp_path).impair("router", "wan", None)


def test_a_lab_that_never_started_does_not_live_and_ends_quietly(tmp_path: Path) -> None:
    lab = Loopback(tmp_path)
    assert not lab.alive()
    assert {} == lab.running()
    lab.down()


def test_a_pid_that_belongs_to_somebody_else_is_no_program_of_the_lab(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    stat = Path("/proc/self/stat").read_text().split()
    stat[21] = "1"
    (tmp_path / "run/asterisk.stat").write_text(" ".join(stat))
    lab = Loopback(tmp_path)
    assert {} == lab.running()
    lab.down()


def test_a_tapped_socket_writes_down_both_directions_but_not_what_a_peer_wrote_down(tmp_path: Path) -> None:
    path = tmp_path / "phone.tap"
    made = tapped(Tap(str(path), frozenset({"127.5.0.22"})))
    with made(socket.AF_INET, socket.SOCK_DGRAM) as phone, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pbx:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            for sock, address in ((phone, "127.5.0.21"), (pbx, "127.5.0.10"), (peer, "127.5.0.22")):
                sock.bind((address, 0))
                sock.settimeout(2)
            phone.sendto(b"REGISTER", pbx.getsockname())
            pbx.sendto(b"200", phone.getsockname())
            assert b"200" == phone.recvfrom(100)[0]
            pbx.sendto(b"NOTIFY", phone.getsockname())
            assert b"NOTIFY" == phone.recvmsg(100, 32)[0]
            peer.sendto(b"RTP", phone.getsockname())
            assert b"RTP" == phone.recvfrom(100)[0]
            pbx.sendto(b"RTP back", phone.getsockname())
            batch = read_waiting(phone)
            assert batch
            assert [b"RTP back"] == [data for data, _, _ in batch.datagrams()]
            phone.connect(pbx.getsockname())
            phone.send(b"RTP there")
        ends = [(pcap.ends(record), record[1][42:]) for record in pcap.read(path)]
    there, back = ("127.5.0.21", "127.5.0.10"), ("127.5.0.10", "127.5.0.21")
    assert [(there, b"REGISTER"), (back, b"200"), (back, b"NOTIFY")] == ends[:3]
    assert [(back, b"RTP back"), (there, b"RTP there")] == ends[3:]


def test_a_tap_that_grows_too_large_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.runtime.tap._MAX_FILE_BYTES", 500)
    tap = Tap(str(tmp_path / "phone.tap"), frozenset())
    for number in range(10):
        tap.note(("127.0.0.1", 1), ("127.0.0.2", 2), bytes([number]) * 100)
    kept = [record[1][42] for record in pcap.read(tmp_path / "phone.tap")]
    assert 9 == kept[-1]
    assert (tmp_path / "phone.tap").stat().st_size <= 700
