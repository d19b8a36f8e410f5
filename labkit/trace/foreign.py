"""What our own reader does not own: TCP, TLS and WebSocket, fragments, tunnels. tshark reads it, in a small copy.

Only the frames in question are copied, so tshark's frame numbers are places in the copy; they are turned back here.
"""

from __future__ import annotations

import json
import socket
import struct
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import CaptureError
from labkit.trace import tshark
from labkit.trace.records import source
from labkit.trace.scan import TEXT, Datagram, Flow, Foreign, Media, Scan

_FIELDS = ("frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
           "udp.srcport", "udp.dstport", "udp.payload")  # fmt: skip


def complete(scan: Scan, keylog: Path | None = None) -> Scan:
    """Add to a scan what tshark finds in the frames that are not ours; a note says so if that is not possible."""
    segments, packets = _chosen(scan.foreign, bool(keylog or scan.secrets))
    if not segments.size and not packets.size:
        return scan
    try:
        texts = _copied(scan, segments, lambda copy: _sip(copy, keylog))
        datagrams = _copied(scan, packets, _datagrams)
    except CaptureError as why:
        count = len(segments) + len(packets)
        return replace(
            scan, notes=[*scan.notes, f"{scan.path}: {count} frames (TCP, fragments, tunnels) were not read: {why}"]
        )
    return _merged(scan, texts, datagrams)


def _chosen(foreign: Foreign, keys: bool) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows of TCP connections that carry SIP (any, if there are keys to open them), and rows of all other packets."""
    segments = foreign.flow >= 0
    speaking = np.isin(foreign.flow, np.unique(foreign.flow[foreign.speaks]))
    return np.flatnonzero(segments & (speaking | keys)), np.flatnonzero(~segments)


def _copied(scan: Scan, rows: npt.NDArray[np.intp], ask: Any) -> list[Datagram]:
    """Ask about a copy of some frames; frame numbers and times of the answers are those of the original."""
    if not rows.size:
        return []
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        copy = Path(folder) / "frames.pcapng"
        with copy.open("wb") as out:
            out.writelines(_pcapng(scan, rows))
        answers: Iterable[Datagram] = ask(copy)
        frame, time_ns = scan.foreign.frame[rows], scan.foreign.time_ns[rows]
        return [
            each._replace(frame=int(frame[each.frame - 1]), time_ns=int(time_ns[each.frame - 1])) for each in answers
        ]


def _pcapng(scan: Scan, rows: npt.NDArray[np.intp]) -> Iterator[bytes]:
    """A pcapng file with some packets, one interface for each link type, and the TLS secrets of the original."""
    foreign = scan.foreign
    links = sorted({int(link) for link in foreign.link[rows]})
    yield _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link in links:
        yield _block(1, struct.pack("<HHI", link, 0, 0) + struct.pack("<HHB3xI", 9, 1, 9, 0))
    yield from scan.secrets
    with source(scan.path) as file:
        for row in rows:
            file.seek(int(foreign.at[row]))
            packet = file.read(int(foreign.size[row]))
            time_ns = int(foreign.time_ns[row]) & 0xFFFF_FFFF_FFFF_FFFF
            number = links.index(int(foreign.link[row]))
            head = struct.pack("<5I", number, time_ns >> 32, time_ns & 0xFFFF_FFFF, len(packet), len(packet))
            yield _block(6, head + packet)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def _sip(copy: Path, keylog: Path | None) -> Iterator[Datagram]:
    """SIP messages in TCP connections; several may end in one frame."""
    keys = ["-o", f"tls.keylog_file:{keylog}"] if keylog else []
    answer = tshark.ask(
        copy, ["-Y", "sip", "-T", "json", "-x", "--no-duplicate-keys", "-j", "frame sip tls websocket", *keys]
    )
    for packet in json.loads(answer or b"[]"):
        layers = packet["_source"]["layers"]
        frame, transport, flow = int(layers["frame"]["frame.number"]), _transport(layers), _flow(layers)
        for data in _raw(layers, "sip"):
            yield Datagram(frame, 0, flow, data, transport)


def _raw(layers: dict[str, Any], name: str) -> list[bytes]:
    """Bytes of a layer, of each if the frame has several of the name."""
    value = layers.get(f"{name}_raw") or []
    entries = value if value and isinstance(value[0], list) else [value]
    return [bytes.fromhex(entry[0]) for entry in entries if entry]


def _flow(layers: dict[str, Any]) -> Flow:
    """The innermost addresses and ports of a frame."""
    ports = struct.unpack_from(">HH", (_raw(layers, "tcp") or _raw(layers, "udp") or [bytes(4)])[-1])
    if four := _raw(layers, "ip"):
        src, dst = socket.inet_ntoa(four[-1][12:16]), socket.inet_ntoa(four[-1][16:20])
    else:
        six = (_raw(layers, "ipv6") or [bytes(40)])[-1]
        src, dst = socket.inet_ntop(socket.AF_INET6, six[8:24]), socket.inet_ntop(socket.AF_INET6, six[24:40])
    return Flow(src, ports[0], dst, ports[1])


def _transport(layers: dict[str, Any]) -> str:
    secure, web = "tls_raw" in layers, "websocket_raw" in layers
    return {(False, False): "TCP", (True, False): "TLS", (False, True): "WS", (True, True): "WSS"}[secure, web]


def _datagrams(copy: Path) -> Iterator[Datagram]:
    """The innermost UDP datagrams of frames, put together from their fragments."""
    fields = [option for name in _FIELDS for option in ("-e", name)]
    for line in tshark.ask(copy, ["-Y", "udp", "-T", "fields", "-E", "occurrence=l", *fields]).splitlines():
        number, protocols, *addresses, src_port, dst_port, payload = line.decode().split("\t")
        inner = protocols.rpartition(":udp")[0].split(":")
        version = max(("ip", "ipv6"), key=lambda name: (name in inner) and len(inner) - inner[::-1].index(name))
        src, dst = addresses[:2] if version == "ip" else addresses[2:]
        yield Datagram(int(number), 0, Flow(src, int(src_port), dst, int(dst_port)), bytes.fromhex(payload))


def _merged(scan: Scan, texts: list[Datagram], datagrams: list[Datagram]) -> Scan:
    found = [each for each in datagrams if len(each.data) >= 8]
    texts += [each for each in found if TEXT.match(each.data)]
    versioned = [each for each in found if each.data[0] >> 6 == 2]
    control = [each for each in versioned if 192 <= each.data[1] <= 223]
    media = [each for each in versioned if not 192 <= each.data[1] <= 223 and len(each.data) >= 12]
    streams = list(scan.streams)
    return replace(
        scan, texts=_in_order([*scan.texts, *texts]), control=_in_order([*scan.control, *control]),
        media=_with_media(scan.media, media, streams), streams=streams,
        payloads={each.frame: each.data for each in media},
    )  # fmt: skip


def _in_order(datagrams: list[Datagram]) -> list[Datagram]:
    return sorted(datagrams, key=lambda each: each.frame)


def _with_media(media: Media, more: Sequence[Datagram], streams: list[tuple[Flow, int]]) -> Media:
    """Media with the RTP packets that tshark found, in order of arrival; streams that are new are appended."""
    if not more:
        return media
    numbers = {key: number for number, key in enumerate(streams)}
    rows = []
    for each in more:
        _, marked, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", each.data)
        number = numbers.setdefault((each.flow, ssrc), len(numbers))
        rows.append((each.frame, each.time_ns, number, sequence, timestamp, marked, len(each.data), -1))
    streams[:] = list(numbers)
    columns = zip(Media.__slots__, zip(*rows, strict=True), strict=True)
    joined = {name: np.append(getattr(media, name), np.array(column)) for name, column in columns}
    kinds = {name: getattr(media, name).dtype for name in joined}
    order = np.argsort(joined["frame"], kind="stable")
    return Media(**{name: column[order].astype(kinds[name]) for name, column in joined.items()})
