"""SIP in connections that tshark has to open: TLS with its secrets, WebSockets, both; fragments; tunnels."""

from __future__ import annotations

import os
import ssl
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.runtime import rootfs
from labkit.trace import Capture, open_trace

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "trace"))

import trace_connections as connections
import trace_wire as wire
from trace_dialogs import Call

HERE, THERE = ("192.0.2.10", 40_000), ("198.51.100.20", 5061)
ASKED = Call().message("INVITE sip:x SIP/2.0", body=Call().sdp(0))
ANSWERED = Call().message("SIP/2.0 200 OK", body=Call().sdp(1))
CONFIRMED = Call().message("ACK sip:x SIP/2.0", "ACK")
SAID = [(True, ASKED), (False, ANSWERED), (True, CONFIRMED)]
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tshark of LABKIT_TSHARK, else that of the lab's own Linux."""
    monkeypatch.setenv("LABKIT_TSHARK", os.environ.get("LABKIT_TSHARK") or str(rootfs.ensure().tshark()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return connections.certificate(tmp_path_factory.mktemp("tls"))


def seen(path: Path, keylog: Path | None = None) -> list[tuple[str, bytes]]:
    """Transport and bytes of all messages."""
    return [(each.transport, each.data) for each in open_trace(Capture({"here": path}, keylog=keylog)).sip]


@pytest.mark.parametrize("version", VERSIONS)
def test_tls_is_opened_with_a_key_log(tmp_path: Path, certificate: Path, version: ssl.TLSVersion) -> None:
    keylog = tmp_path / "keys"
    said = connections.tls(SAID, certificate, keylog, version)
    path = wire.pcap(tmp_path / "x.pcap", connections.frames(HERE, THERE, said))
    assert [] == seen(path)
    assert [("TLS", data) for _, data in SAID] == seen(path, keylog)


def test_tls_is_opened_with_the_secrets_in_the_file(tmp_path: Path, certificate: Path) -> None:
    keylog = tmp_path / "keys"
    frames = connections.frames(HERE, THERE, connections.tls(SAID, certificate, keylog, VERSIONS[1]))
    secrets = keylog.read_bytes()
    blocks = [
        wire.section(),
        wire.interface(),
        wire.block("<", 10, struct.pack("<II", 0x544C534B, len(secrets)) + secrets),
    ]
    path = tmp_path / "x.pcapng"
    path.write_bytes(b"".join([*blocks, *(wire.enhanced(packet, int(time_s * 1e6)) for time_s, packet in frames)]))
    assert [("TLS", data) for _, data in SAID] == seen(path)


@pytest.mark.parametrize("port", [8088, 5066])
def test_websockets_are_opened(tmp_path: Path, port: int) -> None:
    frames = connections.frames(HERE, (THERE[0], port), connections.websocket(SAID), largest=200)
    path = wire.pcap(tmp_path / "x.pcap", frames)
    assert [("WS", data) for _, data in SAID] == seen(path)
    trace = open_trace(path)
    assert ["INVITE", "200 OK", "ACK"] == [each.start for each in trace.sip]
    assert [(HERE, (THERE[0], port))] == [(each[3:5], each[5:7]) for each in trace.sip[:1]]


def test_websockets_within_tls_are_opened(tmp_path: Path, certificate: Path) -> None:
    keylog = tmp_path / "keys"
    said = connections.tls(connections.websocket(SAID), certificate, keylog, VERSIONS[1])
    path = wire.pcap(tmp_path / "x.pcap", connections.frames(HERE, (THERE[0], 443), said))
    assert [("WSS", data) for _, data in SAID] == seen(path, keylog)


def gre(packet: bytes) -> bytes:
    return wire.ip("10.0.0.1", "10.0.0.2", 47, b"\0\0\x08\0" + packet)


def in_ip(packet: bytes) -> bytes:
    return wire.ip("10.0.0.1", "10.0.0.2", 4, packet)


def gtp(packet: bytes) -> bytes:
    return wire.udp(("10.0.0.1", 2152), ("10.0.0.2", 2152), struct.pack(">BBHI", 0x30, 255, len(packet), 7) + packet)


@pytest.mark.parametrize("tunnel", [gre, in_ip, gtp])
def test_tunnels_are_opened(tmp_path: Path, tunnel: Callable[[bytes], bytes]) -> None:
    plain = [(time_s, frame[14:]) for time_s, frame in Call().frames()]
    here, there = Call().media
    plain += [(wire.START_S + 2 + 0.02 * n, wire.udp(here, there, wire.rtp(n, 160 * n, 7))) for n in range(20)]
    frames = [(time_s, wire.ethernet(tunnel(packet))) for time_s, packet in sorted(plain, key=lambda each: each[0])]
    trace = open_trace(wire.pcap(tmp_path / "x.pcap", frames))
    assert ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK"] == [each.start for each in trace.sip]
    assert [("192.0.2.10", 20)] == [(each.src, each.packets) for each in trace.streams.itertuples()]


def test_fragments_of_ip_version_6_are_put_together(tmp_path: Path) -> None:
    ends = "2001:db8::1", "2001:db8::2"
    datagram = wire.udp((ends[0], 5060), (ends[1], 5060), ASKED + bytes(800))[40:]
    pieces = [
        wire.ip(*ends, 44, struct.pack(">BBHI", 17, 0, at | (at == 0), 9) + datagram[at : at + 800])
        for at in range(0, len(datagram), 800)
    ]
    path = wire.pcap(tmp_path / "x.pcap", [(wire.START_S + n, wire.ethernet(each)) for n, each in enumerate(pieces)])
    ((transport, data),) = seen(path)
    assert ("UDP", True) == (transport, data.startswith(ASKED))
