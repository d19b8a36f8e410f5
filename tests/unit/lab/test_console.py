"""A command goes to the console as Asterisk's own client sends it, and what it prints comes back as lines."""

import socket
import struct

import pytest

from labkit.errors import HostError, NotReady
from labkit.lab.console import printed

HELLO = b"host/1/22.10.1\n"


def test_a_command_is_sent_and_its_lines_come_back() -> None:
    ours, asterisk = socket.socketpair()
    with asterisk:
        asterisk.sendall(HELLO + b"Channel  State\n0 active channels\n")
        asterisk.shutdown(socket.SHUT_WR)
        assert ["Channel  State", "0 active channels"] == printed(ours, "core show channels")
        assert b"cli quit after core show channels\0" == asterisk.recv(100)


def test_a_command_that_does_not_end_is_named() -> None:
    ours, asterisk = socket.socketpair()
    asterisk.sendall(HELLO)
    with asterisk, pytest.raises(NotReady, match=r"did not end `core waitfullybooted` within 0.05 s. Look at"):
        printed(ours, "core waitfullybooted", timeout_s=0.05)


def test_an_asterisk_that_goes_away_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        asterisk, _ = server.accept()
    asterisk.sendall(HELLO)
    asterisk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    asterisk.close()  # by a reset
    with pytest.raises(HostError, match=r"closed its console during `core stop now`.*Look at"):
        printed(ours, "core stop now")
