"""Every form of capture file gives the same packets."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import trace_wire as wire
from trace_wire import START_S

from labkit.errors import CaptureError
from labkit.trace import records

FRAMES = [(START_S + 0.25 * n, bytes([n]) * (20 + 7 * n)) for n in range(9)]


def read(path: Path) -> tuple[list[tuple[int, int, bytes]], list[int], records.Reader]:
    """Frame number, time in ns and bytes of every packet; the link types; the reader."""
    with records.opened(path) as reader:
        found, links = [], []
        for block in reader.blocks():
            for number, time_ns, start, size in zip(block.frame, block.time_ns, block.start, block.size, strict=True):
                found.append((int(number), int(time_ns), block.data[start : start + size].tobytes()))
            links += block.link.tolist()
        return found, links, reader


EXPECTED = [(n + 1, round(START_S) * 10**9 + n * 250_000_000, packet) for n, (_, packet) in enumerate(FRAMES)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_of_either_byte_order_and_resolution(tmp_path: Path, order: str, nano: bool) -> None:
    found, links, reader = read(wire.pcap(tmp_path / "x.pcap", FRAMES, 113, order, nano))
    assert EXPECTED == found
    assert {113} == set(links)
    assert (None, 0) == (reader.damage, reader.unread_bytes)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("resolution", "ticks"), [(None, 10**6), (9, 10**9), (3, 10**3), (0x80 | 20, 2**20)])
def test_pcapng_of_either_byte_order_and_resolution(
    tmp_path: Path, order: str, resolution: int | None, ticks: int
) -> None:
    blocks = [
        wire.enhanced(packet, int(time_s) * ticks + round(time_s % 1 * ticks), order) for time_s, packet in FRAMES
    ]
    path = tmp_path / "x.pcapng"
    path.write_bytes(wire.section(order) + wire.interface(order, 1, resolution) + b"".join(blocks))
    assert EXPECTED == read(path)[0]


def test_pcapng_interfaces_have_their_own_link_type(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    packets = [wire.enhanced(b"abcd", 5, number=number) for number in (0, 1, 1)]
    path.write_bytes(wire.section() + wire.interface(link=1) + wire.interface(link=276) + b"".join(packets))
    assert [1, 276, 276] == read(path)[1]


def test_pcapng_byte_order_may_change_with_the_section(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    parts = [wire.section(order) + wire.interface(order) + wire.enhanced(b"abcd", 5, order) for order in "<><"]
    path.write_bytes(b"".join(parts))
    found, _, reader = read(path)
    assert [(n, 5000, b"abcd") for n in (1, 2, 3)] == found
    assert reader.damage is None


def test_gzipped_capture_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap.gz"
    path.write_bytes(gzip.compress(wire.pcap(tmp_path / "x", FRAMES).read_bytes()))
    assert EXPECTED == read(path)[0]


def test_unfinished_last_record_is_left_out_and_counted(tmp_path: Path) -> None:
    path = wire.pcap(tmp_path / "x.pcap", FRAMES)
    path.write_bytes(path.read_bytes()[:-10])
    found, _, reader = read(path)
    assert EXPECTED[:-1] == found
    assert 16 + len(FRAMES[-1][1]) - 10 == reader.unread_bytes


def test_lying_length_is_named_with_file_and_offset(tmp_path: Path) -> None:
    path = wire.pcap(tmp_path / "x.pcap", FRAMES)
    data = bytearray(path.read_bytes())
    second = 24 + 16 + len(FRAMES[0][1])
    data[second + 8 : second + 12] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    found, _, reader = read(path)
    assert EXPECTED[:1] == found
    assert f"{path}: a record claims 4294967295 bytes at byte {second}; what follows was not read" == reader.damage


def test_growing_file_is_read_on(tmp_path: Path) -> None:
    path = wire.pcap(tmp_path / "x.pcap", FRAMES)
    whole = path.read_bytes()
    path.write_bytes(b"")
    with records.opened(path) as reader:
        numbers = []
        for end in (10, 100, 101, 300, len(whole)):
            path.write_bytes(whole[:end])
            numbers += [int(number) for block in reader.blocks() for number in block.frame]
    assert list(range(1, 10)) == numbers


@pytest.mark.parametrize(
    ("data", "likeness"),
    [
        (b"", "it is empty"),
        (b"INVITE sip:x SIP/2.0\r\n", "it is text beginning with 'INVITE sip:x SIP/2.0'"),
        (b"\x89PNG\r\n\x1a\n", "it is a PNG picture"),
        (b"\x01\x02\x03\x04", "it is unknown data beginning with 01 02 03 04"),
    ],
)
def test_what_is_no_capture_says_what_it_looks_like(tmp_path: Path, data: bytes, likeness: str) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    with pytest.raises(CaptureError, match="is not a capture file") as why:
        read(path)
    assert likeness in str(why.value)


def test_many_chunks_and_lanes_give_what_one_by_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    sizes = rng.integers(0, 900, 3000)
    frames = [(START_S + n * 0.001, rng.bytes(size)) for n, size in enumerate(sizes)]
    path = wire.pcap(tmp_path / "x.pcap", frames)
    monkeypatch.setattr(records, "CHUNK", 300_000)
    found, _, _ = read(path)
    assert [packet for _, packet in frames] == [packet for _, _, packet in found]
