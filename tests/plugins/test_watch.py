"""The watch does see what it is there to see."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plugins.watch import ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, MARK, Watch, listeners, of_the_lab

ETHERNET = bytes(12)
LISTEN = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.{kind}); s.bind(({address!r}, 0))
if socket.{kind} == socket.SOCK_STREAM: s.listen()
print(flush=True); sys.stdin.read()
"""


def ipv4(source: str, target: str, payload: bytes = b"") -> bytes:
    return ETHERNET + b"\x08\x00" + bytes(12) + socket.inet_aton(source) + socket.inet_aton(target) + payload


def arp(source: str, target: str) -> bytes:
    asking = b"\x08\x06" + bytes(14) + socket.inet_aton(source) + bytes(6) + socket.inet_aton(target)
    return ETHERNET + asking


@pytest.mark.parametrize(
    ("frame", "kind", "why"),
    [
        (ipv4("10.10.0.10", "192.0.2.1"), ETH_P_IP, "address 10.10.0.10"),
        (ipv4("192.0.2.1", "203.0.113.10"), ETH_P_IP, "address 203.0.113.10"),
        (arp("192.0.2.1", "10.10.0.1"), ETH_P_ARP, "address 10.10.0.1"),
        (arp("203.0.113.66", "192.0.2.1"), ETH_P_ARP, "address 203.0.113.66"),
        (ipv4("192.0.2.1", "192.0.2.2", b"OPTIONS sip:x SIP/2.0"), ETH_P_IP, "SIP"),
        (ETHERNET + b"\x86\xdd" + bytes(40) + b"SIP/2.0 200 OK", ETH_P_IPV6, "SIP"),
        (ipv4("192.0.2.1", "192.0.2.2", b"GET / HTTP/1.1"), ETH_P_IP, None),
        (b"", ETH_P_IP, None),
    ],
)
def test_a_frame_of_the_lab_is_known_by_its_addresses_and_by_sip(frame: bytes, kind: int, why: str | None) -> None:
    assert why == of_the_lab(frame, kind)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A watch of its own, to which loopback is as real as any other interface."""
    one = Watch("a-run-of-its-own", unreal=())
    one.start()
    yield one
    one.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at packets")
def test_a_packet_of_the_lab_is_caught(watch: Watch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.sendto(b"OPTIONS sip:a@b SIP/2.0\r\n", ("127.0.0.1", 9))
    assert eventually(lambda: any("SIP" in seen for seen in watch.seen_packets))


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_a_listener_beyond_loopback_is_caught_with_its_owner(watch: Watch, kind: str) -> None:
    with listening(watch, kind, "0.0.0.0"):
        assert eventually(lambda: any(kind in whose for whose in watch.seen_listeners.values()))


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_a_listener_on_loopback_is_not(watch: Watch, kind: str) -> None:
    with listening(watch, kind, "127.0.0.7"):
        before = watch.samples
        assert eventually(lambda: watch.samples > before + 2)
    assert {} == watch.seen_listeners


def test_addresses_are_read_in_the_machines_byte_order(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text("head\n 0: 0100007F:1F90 00000000:0000 0A a b c 0 0 77 x\n")
    (tmp_path / "udp").write_text("head\n 0: 0100000A:13C4 00000000:0000 07 a b c 0 0 78 x\n")
    (tmp_path / "tcp6").write_text(f"head\n 0: {'0' * 24}01000000:0016 {'0' * 32}:0000 0A a b c 0 0 79 x\n")
    found = [(one.protocol, one.address, one.port) for one in listeners(tmp_path)]
    assert ([("udp", "10.0.0.1", 5060)] if sys.byteorder == "little" else found) == found


def listening(watch: Watch, kind: str, address: str) -> subprocess.Popen[str]:
    """A process of that watch's run which listens until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTEN.format(kind=kind, address=address)],
        env=os.environ | {MARK: watch.mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    return process


def eventually(true: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
