"""Packets in pcap files (the format of libpcap, pcap-savefile(5)), as Ethernet frames that hold IPv4 and UDP."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import Struct

Address = tuple[str, int]
"""IPv4 address and port."""

Record = tuple[float, bytes]
"""When (seconds since 1970) and the frame."""

_MAGIC_MICROSECONDS = 0xA1B2C3D4
_LINKTYPE_ETHERNET = 1
_MAX_FRAME_BYTES = 262144
_ETHERNET = bytes(12) + b"\x08\x00"
_UDP = 17

_FILE = Struct("<IHHiIII")
_RECORD = Struct("<IIII")
_IP = Struct("!BBHHHBBH4s4s")
_PORTS = Struct("!HHHH")

HEADER = _FILE.pack(_MAGIC_MICROSECONDS, 2, 4, 0, 0, _MAX_FRAME_BYTES, _LINKTYPE_ETHERNET)
"""What a file begins with."""


def frame(source: Address, destination: Address, payload: bytes) -> bytes:
    """The frame of one datagram (RFC 791, RFC 768 without checksum), as the loopback interface would show it."""
    length = _PORTS.size + len(payload)
    words = [0x45, 0, _IP.size + length, 0, 0, 64, _UDP, 0, *(socket.inet_aton(ip) for ip, _ in (source, destination))]
    words[7] = _checksum(_IP.pack(*words))
    return _ETHERNET + _IP.pack(*words) + _PORTS.pack(source[1], destination[1], length, 0) + payload


def _checksum(header: bytes) -> int:
    total = sum(int.from_bytes(header[at : at + 2], "big") for at in range(0, len(header), 2))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ends(record: Record) -> tuple[str, str]:
    """Source and destination address of a record's frame; empty texts for what is not IPv4."""
    data = record[1]
    if data[12:14] != b"\x08\x00" or len(data) < 34:
        return "", ""
    return socket.inet_ntoa(data[26:30]), socket.inet_ntoa(data[30:34])


def datagram(record: Record) -> bytes:
    """What makes a datagram the same one in two files: addresses, ports, payload."""
    return record[1][26:38] + record[1][42:]


def told_whose(record: Record, owner: Address) -> Record:
    """The record with the owner's address and port where the frame's are 0."""
    time_s, data = record
    host, port = socket.inet_aton(owner[0]), owner[1].to_bytes(2, "big")
    hosts = [data[at : at + 4] if any(data[at : at + 4]) else host for at in (26, 30)]
    ports = [data[at : at + 2] if any(data[at : at + 2]) else port for at in (34, 36)]
    return time_s, data[:26] + b"".join(hosts + ports) + data[38:]


def packed(record: Record) -> bytes:
    """A record as the file holds it."""
    time_s, data = record
    micros = round(time_s * 1e6)
    return _RECORD.pack(micros // 1_000_000, micros % 1_000_000, len(data), len(data)) + data


def read(path: Path, offset: int = 0) -> Iterator[Record]:
    """Records of a file of ours from a byte offset on; one that is still being written is left out."""
    with path.open("rb") as file:
        file.seek(max(offset, _FILE.size))
        while len(head := file.read(_RECORD.size)) == _RECORD.size:
            seconds, micros, length, _ = _RECORD.unpack(head)
            data = file.read(length)
            if len(data) == length:
                yield seconds + micros / 1e6, data


def write(path: Path, records: Iterable[Record]) -> None:
    """Write a file of these records in the order of time."""
    with path.open("wb") as file:
        file.write(HEADER)
        for record in sorted(records, key=lambda record: record[0]):
            file.write(packed(record))
