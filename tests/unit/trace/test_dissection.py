"""One frame opened by tshark, inside a running event loop as in a notebook's kernel."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import pytest

from labkit.errors import CaptureError
from labkit.runtime import rootfs
from labkit.trace import tshark
from labkit.trace.dissection import Dissection, Node, dissect

OPTIONS = b"OPTIONS sip:bob@10.10.0.10 SIP/2.0\r\nCall-ID: <folded>\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\r\n"

needs_tshark = pytest.mark.skipif(
    tshark.find() is None and rootfs.find() is None, reason="neither this machine nor the lab's cache has tshark"
)


@pytest.fixture(autouse=True)
def _tshark_of_the_lab() -> None:
    """Where this machine has no tshark, the lab's serves."""
    rootfs.offer_tshark()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of one SIP request over UDP and IPv4 (link type 101, raw IP)."""
    udp = struct.pack(">HHHH", 5060, 5060, 8 + len(OPTIONS), 0) + OPTIONS
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, b"\x0a\x0a\0\x15", b"\x0a\x0a\0\x0a")
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    path = tmp_path / "options.pcap"
    path.write_bytes(header + struct.pack("<IIII", 1, 0, len(ip + udp), len(ip + udp)) + ip + udp)
    return path


@needs_tshark
async def test_a_frame_opens_while_an_event_loop_runs(capture: Path) -> None:
    assert asyncio.get_running_loop().is_running()
    assert ["<folded>"] == dissect(capture, 1).find("sip.Call-ID")


@needs_tshark
def test_the_tree_is_nested_as_tshark_nests_it(capture: Path) -> None:
    dissection = dissect(capture, 1)
    depths = {node.name: depth for layer in dissection.layers for depth, node in layer.walk()}
    assert (0, 1, 2) == (depths["sip"], depths["sip.Request-Line"], depths["sip.Method"])
    assert "Session Initiation Protocol (OPTIONS)" == dissection.layers[-1].label


@needs_tshark
def test_nothing_is_left_on_stderr(capture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        dissect(capture, 1)
    assert "" == capfd.readouterr().err


@needs_tshark
def test_a_frame_beyond_the_end_is_named(capture: Path) -> None:
    with pytest.raises(CaptureError, match="no frame 7 in"):
        dissect(capture, 7)


@needs_tshark
def test_what_is_no_capture_is_refused_in_words_of_tshark(tmp_path: Path) -> None:
    path = tmp_path / "text.pcap"
    path.write_text("root:x:0:0\n" * 50)
    with pytest.raises(CaptureError, match=r"text\.pcap could not be read"):
        dissect(path, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"none\.pcap"):
        dissect(tmp_path / "none.pcap", 1)


def test_without_tshark_the_message_says_what_to_do(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LABKIT_TSHARK", raising=False)
    with pytest.raises(CaptureError, match="tshark was not found"):
        dissect(capture, 1)


def test_the_innermost_layer_is_unfolded_and_labels_are_escaped() -> None:
    inner = Node("sip", "SIP", children=(Node("sip.Call-ID", "Call-ID: <x>"),))
    html = Dissection(Path("a"), 1, (Node("ip", "IP", children=(inner,)), inner))._repr_html_()
    assert html.count("<details open>") == 1
    assert "<x>" not in html
    assert "&lt;x&gt;" in html


def test_its_version_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tshark"
    program.write_text(f"#!/bin/sh\necho asked >>{tmp_path}/log\necho 'TShark (Wireshark) 3.7.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("LABKIT_TSHARK", str(program))
    for _ in range(2):
        with tshark.Version() as version:
            assert version() == (3, 7)
    assert (tmp_path / "log").read_text() == "asked\n"
