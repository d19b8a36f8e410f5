"""Packets written to a file are read back, also by others' rules."""

from pathlib import Path

from labkit.runtime import pcap

PBX, PROVIDER = ("127.5.0.10", 5060), ("127.5.1.10", 5060)


def record(time_s: float, payload: bytes) -> pcap.Record:
    return time_s, pcap.frame(PBX, PROVIDER, payload)


def test_records_come_back_in_the_order_of_time(tmp_path: Path) -> None:
    pcap.write(tmp_path / "two.pcap", [record(2.000001, b"BYE"), record(1.5, b"INVITE")])
    assert [record(1.5, b"INVITE"), record(2.000001, b"BYE")] == list(pcap.read(tmp_path / "two.pcap"))


def test_reading_goes_on_at_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcap"
    pcap.write(path, [record(1, b"INVITE")])
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(pcap.packed(record(2, b"ACK")))
    assert [record(2, b"ACK")] == list(pcap.read(path, size))


def test_a_record_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "torn.pcap"
    pcap.write(path, [record(1, b"INVITE"), record(2, b"ACK")])
    path.write_bytes(path.read_bytes()[:-1])
    assert [record(1, b"INVITE")] == list(pcap.read(path))


def test_the_header_checksum_proves_right() -> None:
    header = pcap.frame(PBX, PROVIDER, b"x" * 300)[14:34]
    words = [int.from_bytes(header[at : at + 2], "big") for at in range(0, 20, 2)]
    total = sum(words)
    assert 0xFFFF == (total & 0xFFFF) + (total >> 16)


def test_a_frame_knows_its_ends() -> None:
    assert ("127.5.0.10", "127.5.1.10") == pcap.ends(record(1, b""))
    assert ("", "") == pcap.ends((1, bytes(12) + b"\x08\x06" + bytes(28)))


def test_the_same_datagram_is_known_in_spite_of_another_header() -> None:
    one = record(1, b"OPTIONS")
    other = (2.0, one[1][:18] + b"\x12\x34" + one[1][20:])
    assert pcap.datagram(one) == pcap.datagram(other)
    assert pcap.datagram(one) != pcap.datagram(record(1, b"options"))
