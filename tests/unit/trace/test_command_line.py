"""The commands that read captures, as scripts use them."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.cli import output
from labkit.cli import trace as commands


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints."""
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    options = parser.parse_args(words)
    assert 0 == options.run(options)
    return capsys.readouterr().out


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """A call with a stream of one packet lost."""
    here, there = Call().media
    media = [
        (wire.START_S + 2 + 0.02 * n, wire.ethernet(wire.udp(here, there, wire.rtp(n, 160 * n, 0xAB))))
        for n in range(50)
        if n != 9
    ]
    frames = sorted([*Call().frames(), *media], key=lambda frame: frame[0])
    return str(wire.pcap(tmp_path / "x.pcap", frames))


def test_messages_as_json(capsys: pytest.CaptureFixture[str], capture: str) -> None:
    rows = json.loads(run(capsys, "messages", capture, "--json"))
    assert ["INVITE", None, None, "ACK", "BYE", None] == [row["method"] for row in rows]
    assert {
        "frame": 1, "time_s": 0.0, "src": "192.0.2.10", "src_port": 5060, "dst": "198.51.100.20", "dst_port": 5060,
        "transport": "UDP", "method": "INVITE", "code": None, "reason": None, "cseq": "1 INVITE",
        "call_id": "call-1@192.0.2.10",
    } == rows[0]  # fmt: skip
    assert (180, "Ringing") == (rows[1]["code"], rows[1]["reason"])


def test_two_processes_write_what_one_writes(
    capsys: pytest.CaptureFixture[str], capture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run(capsys, "messages", capture, "--json")
    monkeypatch.setattr(commands, "_SHARED", 1)
    assert alone == run(capsys, "messages", capture, "--json")


def test_text_of_a_second_process_is_made_here_when_that_fails() -> None:
    here = os.getpid()

    def parts() -> Iterator[str]:
        yield "one"
        if os.getpid() != here:
            raise OSError
        yield "two"

    assert ["one", "two"] == list(output.elsewhere(parts()))


def test_streams_as_json(capsys: pytest.CaptureFixture[str], capture: str) -> None:
    (row,) = json.loads(run(capsys, "streams", capture, "--json"))
    assert (0, "PCMA" if row["payload_type"] else "PCMU") != (row["lost"], row["codec"])
    assert ("0x000000ab", 8, "PCMA", 49, 1, 49, 1) == tuple(
        row[name] for name in ("ssrc", "payload_type", "codec", "packets", "lost", "tshark_packets", "tshark_lost")
    )
    assert set(commands.STREAM_COLUMNS) <= set(row)


@pytest.mark.parametrize("table", ["messages", "calls", "streams", "sdp"])
def test_every_table_in_every_form(capsys: pytest.CaptureFixture[str], capture: str, table: str) -> None:
    rows = json.loads(run(capsys, table, capture, "--json"))
    lines = list(csv.DictReader(io.StringIO(run(capsys, table, capture, "--csv"))))
    assert len(rows) == len(lines) == len(run(capsys, table, capture).splitlines()) - 1
    assert list(rows[0]) == list(lines[0])


def test_capture_without_any_sip_gives_empty_lists(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(wire.pcap(tmp_path / "x.pcap", [(wire.START_S, bytes(60))]))
    assert [[], [], [], []] == [
        json.loads(run(capsys, table, path, "--json")) for table in ("messages", "calls", "streams", "sdp")
    ]


def test_pandas_is_not_loaded_for_json(capture: str) -> None:
    script = (
        "import argparse, sys; from labkit.cli import trace; p = argparse.ArgumentParser(); "
        "trace.add_commands(p.add_subparsers()); o = p.parse_args(sys.argv[1:]); o.run(o); "
        "sys.exit('pandas' in sys.modules)"
    )
    for table in ("messages", "calls", "streams", "sdp"):
        subprocess.run([sys.executable, "-c", script, table, capture, "--json"], check=True, stdout=subprocess.DEVNULL)
