"""TCP connections made for captures: plain, with a real TLS handshake, and WebSockets."""

from __future__ import annotations

import base64
import ssl
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import trace_wire as wire

End = tuple[str, int]
Said = tuple[bool, bytes]
"""Whether the client says it, and what."""


def frames(client: End, server: End, said: Iterable[Said], largest: int = 1400) -> list[wire.Frame]:
    """A connection as packets, from the handshake on."""
    ends, next_ = {True: (client, server), False: (server, client)}, {True: 1000, False: 9000}
    found: list[wire.Frame] = []

    def segment(mine: bool, flags: int, payload: bytes = b"") -> None:
        (src, dst), at = ends[mine], wire.START_S + 0.01 * len(found)
        head = struct.pack(">HHIIBBHHH", src[1], dst[1], next_[mine], next_[not mine], 0x50, flags, 8192, 0, 0)
        found.append((at, wire.ethernet(wire.ip(src[0], dst[0], 6, head + payload))))
        next_[mine] += len(payload) + (flags & 0x02 > 0)

    for mine, flags in ((True, 0x02), (False, 0x12), (True, 0x10)):
        segment(mine, flags)
    for mine, data in said:
        for begin in range(0, len(data), largest):
            segment(mine, 0x18, data[begin : begin + largest])
    return found


def certificate(folder: Path) -> Path:
    """A certificate and its key in one file."""
    path, key = folder / "certificate.pem", folder / "key.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab"]
    subprocess.run(["openssl", *words, "-keyout", key, "-out", path], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


def tls(said: Iterable[Said], certificate: Path, keylog: Path, version: ssl.TLSVersion) -> Iterator[Said]:
    """The same as a TLS connection carries it, its secrets written to a key log."""
    contexts = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts[0].check_hostname, contexts[0].verify_mode = False, ssl.CERT_NONE
    contexts[0].maximum_version, contexts[0].keylog_filename = version, str(keylog)
    contexts[1].load_cert_chain(certificate)
    wires = {True: ssl.MemoryBIO(), False: ssl.MemoryBIO()}
    sides = {mine: contexts[not mine].wrap_bio(wires[not mine], wires[mine], server_side=not mine) for mine in wires}
    for mine in (True, False) * 3:
        before = wires[mine].pending
        with suppress(ssl.SSLWantReadError):
            sides[mine].do_handshake()
        if sent := _waiting(wires[mine])[before:]:
            yield mine, sent
    for mine, data in said:
        before = wires[mine].pending
        sides[mine].write(data)
        yield mine, _waiting(wires[mine])[before:]
        assert data == sides[not mine].read(1 << 16)


def _waiting(wire_: ssl.MemoryBIO) -> bytes:
    """What the other side has not read yet."""
    data = wire_.read()
    wire_.write(data)
    return data


def websocket(said: Iterable[Said]) -> Iterator[Said]:
    """The same within a WebSocket for SIP (RFC 6455, RFC 7118)."""
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n"
    key = base64.b64encode(b"sixteen bytes...").decode()
    asked = f"GET /ws HTTP/1.1\r\nHost: lab\r\n{upgrade}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    yield True, asked.encode()
    yield False, f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}Sec-WebSocket-Accept: x\r\n\r\n".encode()
    for mine, data in said:
        mask = b"\x11\x22\x33\x44" if mine else b""
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)) if mine else data
        yield mine, struct.pack(">BBH", 0x81, 126 | mine << 7, len(data)) + mask + masked
