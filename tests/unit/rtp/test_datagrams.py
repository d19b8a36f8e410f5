"""Datagrams come in order with sender and time, read by the batch or one by one; packets that are alike in one go."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from labkit.rtp.datagrams import LARGEST, MOST, Batch, _read_one_by_one, read_waiting
from labkit.rtp.packet import RtpPacket
from labkit.rtp.ports import SO_TIMESTAMPNS, open_socket, stamping

LOCALHOST = {"ipv4": "127.0.0.1", "ipv6": "::1"}


@pytest.fixture(params=LOCALHOST)
def sockets(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, ...]]:
    """One that receives, two that send."""
    made = tuple(open_socket(LOCALHOST[request.param], 0) for _ in range(3))
    yield made
    for sock in made:
        sock.close()


Sockets = tuple[socket.socket, ...]


def packet(sequence: int, size: int = 160) -> bytes:
    return bytes(RtpPacket(8, sequence, 160 * sequence, 7, bytes([sequence]) * size))


def read(sock: socket.socket) -> Batch:
    batch = read_waiting(sock)
    assert batch
    return batch


def test_packets_of_one_sender_and_size_are_unpacked_field_by_field(sockets: Sockets) -> None:
    to, sender, _ = sockets
    before_s = time.time()
    for sequence in (1, 2, 3):
        sender.sendto(packet(sequence), to.getsockname())
    alike = read(to).alike()
    assert alike
    (heads, sequences, timestamps, ssrcs, payloads), address, arrivals_s = alike
    assert ((0x8008,) * 3, (1, 2, 3), (160, 320, 480), (7, 7, 7)) == (heads, sequences, timestamps, ssrcs)
    assert tuple(bytes([n]) * 160 for n in (1, 2, 3)) == payloads
    assert sender.getsockname()[:2] == address
    assert [*sorted(arrivals_s)] == arrivals_s
    assert before_s - 0.01 <= arrivals_s[0] <= time.time()


@pytest.mark.parametrize("sizes", [(160, 80), (160, 0), ()])
def test_others_come_one_after_the_other(sockets: Sockets, sizes: tuple[int, ...]) -> None:
    to, sender, stranger = sockets
    sent = [(packet(n, size), sender) for n, size in enumerate(sizes)] or [(packet(n), sockets[n]) for n in (1, 2)]
    for data, source in [*sent, (b"", stranger), (bytes(3000), stranger)]:
        source.sendto(data, to.getsockname())
    batch = read(to)
    assert None is batch.alike()
    expected = [(data, source.getsockname()[:2]) for data, source in sent]
    expected += [(b"", stranger.getsockname()[:2]), (bytes(LARGEST), stranger.getsockname()[:2])]
    assert expected == [found[:2] for found in batch.datagrams()]


def test_datagrams_too_short_for_rtp_are_not_unpacked(sockets: Sockets) -> None:
    to, sender, _ = sockets
    sender.sendto(bytes(11), to.getsockname())
    assert None is read(to).alike()


def test_a_batch_ends_and_nothing_is_none(sockets: Sockets) -> None:
    to, sender, _ = sockets
    for n in range(MOST + 2):
        sender.sendto(packet(n), to.getsockname())
    assert [MOST, 2] == [len(read(to)) for _ in range(2)]
    assert None is read_waiting(to)
    to.close()
    assert None is read_waiting(to)


def test_a_system_without_recvmmsg_reads_the_same(sockets: Sockets) -> None:
    to, sender, stranger = sockets
    for _ in range(2):
        sender.sendto(packet(1), to.getsockname())
        stranger.sendto(b"no RTP", to.getsockname())
    together = read(to).datagrams()[:2]
    sender.sendto(packet(1), to.getsockname())
    stranger.sendto(b"no RTP", to.getsockname())
    listed = _read_one_by_one(to)
    assert listed
    assert [found[:2] for found in together] == [found[:2] for found in listed.datagrams()]
    assert None is listed.alike()
    assert together[1][2] <= listed.datagrams()[0][2] <= time.time()
    assert None is _read_one_by_one(to)


@pytest.mark.parametrize("read", [read_waiting, _read_one_by_one])
def test_a_refusal_of_what_was_sent_does_not_hide_what_came(
    sockets: Sockets, read: Callable[[socket.socket], Batch | None]
) -> None:
    to, sender, _ = sockets
    to.connect(sender.getsockname())
    sender.sendto(packet(1), to.getsockname())
    sender.close()
    to.send(packet(2))  # nobody is there any more, and ICMP says so
    batch = read(to)
    assert batch
    assert [packet(1)] == [data for data, _, _ in batch.datagrams()]


def test_a_program_asks_for_stamps_once_and_keeps_asking() -> None:
    assert stamping() is stamping()
    assert stamping().fileno() >= 0
    if sys.platform == "linux":
        assert stamping().getsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS) == 1
