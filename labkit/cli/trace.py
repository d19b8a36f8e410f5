"""`labkit messages`, `calls`, `streams`, `sdp`, `ladder`: the tables of capture files on the command line.

The JSON forms are documented in docs/tables.md and do not change. Nothing here imports pandas, which alone would cost
half a second: rows go from the arrays straight to the output.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.trace import Trace

MESSAGE_COLUMNS = ("frame", "time_s", "src", "src_port", "dst", "dst_port", "transport", "method", "code", "reason",
                   "cseq", "call_id")  # fmt: skip
STREAM_COLUMNS = ("src", "src_port", "dst", "dst_port", "ssrc", "payload_type", "codec", "packets", "expected", "lost",
                  "duplicates", "reordered", "jitter_mean_ms", "jitter_max_ms", "delta_max_ms", "first_s", "duration_s",
                  "drift_ppm", "bitrate_kbps", "tshark_packets", "tshark_lost", "tshark_delta_max_ms",
                  "tshark_jitter_mean_ms", "tshark_jitter_max_ms")  # fmt: skip
_WHOLE = ("tshark_packets", "tshark_lost")
_SHOWN = {
    "messages": ("frame", "time_s", "src", "dst", "transport", "start", "cseq", "call_id"),
    "calls": ("call", "legs", "from_user", "to_user", "src", "dst", "state", "code", "reason", "start_s", "duration_s"),
    "streams": ("src", "src_port", "dst", "dst_port", "ssrc", "codec", "packets", "lost", "duplicates", "reordered",
                "jitter_mean_ms", "jitter_max_ms", "delta_max_ms"),
    "sdp": ("leg", "frame", "time_s", "message", "side", "role", "kind", "address", "port", "direction", "codecs"),
}  # fmt: skip
_WIDEST = 44
_AT_A_TIME = 1000
_BY_LINES = json.JSONEncoder(check_circular=False, separators=("\n", ":"))


def add_commands(subparsers: Any) -> None:
    """Add the commands that read capture files."""
    for name, help_, rows in (
        ("messages", "the SIP messages of a capture", _messages), ("calls", "its calls, with their legs", _calls),
        ("streams", "its RTP streams with loss and jitter", _streams), ("sdp", "its offers and answers", _offers),
    ):  # fmt: skip
        parser = subparsers.add_parser(name, help=help_)
        parser.add_argument("file", nargs="+", help="capture file; several of the same traffic are read as one")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="a list of objects, as documented")
        form.add_argument("--csv", action="store_true", help="a header line and one line a row")
        parser.add_argument("--keylog", metavar="FILE", help="TLS secrets, as SSLKEYLOGFILE writes them")
        parser.set_defaults(run=_run, rows=rows, table=name)
    parser = subparsers.add_parser("ladder", help="the ladder diagram of a capture")
    parser.add_argument("file", nargs="+", help="capture file; two of the same traffic stand on one ladder")
    parser.add_argument("--save", metavar="PATH", help="write it to a file: .png, .svg, .txt or .mmd")
    parser.add_argument("--json", action="store_true", help="the messages on it, as `labkit messages --json`")
    parser.add_argument("--csv", action="store_true", help="the messages on it, as `labkit messages --csv`")
    parser.add_argument("--keylog", metavar="FILE", help="TLS secrets, as SSLKEYLOGFILE writes them")
    parser.set_defaults(run=_ladder, rows=_messages, table="messages")


def _open(options: argparse.Namespace) -> Trace:
    import os

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its matrices are small here, its threads only in the way
    from dataclasses import replace
    from pathlib import Path

    from labkit.runtime import rootfs
    from labkit.trace import Capture, open_trace

    rootfs.offer_tshark()

    capture = Capture.of(options.file)
    return open_trace(replace(capture, keylog=Path(options.keylog)) if options.keylog else capture)


def _run(options: argparse.Namespace) -> int:
    gc.disable()  # a short life with very many small values: looking for cycles among them would take a third of it
    try:
        _write(options, _open(options))
    finally:
        gc.enable()
    return 0


def _write(options: argparse.Namespace, trace: Trace) -> None:
    columns, rows = options.rows(trace)
    if options.json:
        _write_json(columns, rows)
    elif options.csv:
        _write_csv(columns, rows)
    else:
        _write_table(options.table, columns, rows)
    for note in trace.notes:
        print(f"labkit: {note}", file=sys.stderr)


def _ladder(options: argparse.Namespace) -> int:
    if options.json or options.csv:
        return _run(options)
    from labkit import show

    drawn = show.ladder(_open(options))
    if options.save:
        print(drawn.save(options.save))
    else:
        print(drawn)
    return 0


Rows = tuple[Sequence[str], Iterator[Sequence[Any]]]


def _messages(trace: Trace) -> Rows:
    several = len(trace.capture.points) > 1
    columns = ("point", *MESSAGE_COLUMNS) if several else MESSAGE_COLUMNS
    first = 0 if several else 1
    return columns, (message[first:13] for message in trace.sip)


def _calls(trace: Trace) -> Rows:
    return _from_columns(trace.columns("calls"))


def _offers(trace: Trace) -> Rows:
    return _from_columns(trace.columns("offers"))


def _streams(trace: Trace) -> Rows:
    from labkit.trace import rows

    found = rows.streams(trace)
    wanted = ("point", *STREAM_COLUMNS) if len(trace.capture.points) > 1 else STREAM_COLUMNS
    columns = (
        {name: found[name] for name in (*wanted, *(name for name in found if name not in wanted))} if found else {}
    )
    return _from_columns(columns)


def _from_columns(columns: dict[str, Any]) -> Rows:
    values = (value.tolist() if hasattr(value, "tolist") else value for value in columns.values())
    return tuple(columns), (
        [_plain(name, value) for name, value in zip(columns, row, strict=True)]
        for row in zip(*values, strict=True)
    )  # fmt: skip


def _plain(name: str, value: Any) -> Any:
    """A value as JSON has it: no NaN, and counts as whole numbers."""
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if name in _WHOLE else round(value, 6)
    return value


def _write_json(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write a list of objects, one a line."""
    row = "{" + ", ".join(f"{json.dumps(name)}: %s" for name in columns) + "}"
    separator = "["
    while some := list(islice(rows, _AT_A_TIME)):
        encoded = zip(*map(_encoded, zip(*some, strict=True)), strict=True)
        sys.stdout.write(separator + ",\n".join([row % cells for cells in encoded]))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[" else "]\n")


def _encoded(column: Sequence[Any]) -> list[str]:
    """The values of a column as JSON, all at once, because the encoder is then at its fastest.

    JSON text has no line end within a string, so line ends part the values; lists are encoded one by one.
    """
    if any(type(value) is list for value in column):
        return [json.dumps(value) for value in column]
    return _BY_LINES.encode(column)[1:-1].split("\n")


def _write_csv(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows([_text(value) for value in row] for row in rows)


def _write_table(table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    shown = [name for name in ("point", *_SHOWN[table]) if name in columns or name == "start"]
    lines = [shown]
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        if "start" in shown:
            values["start"] = values["method"] or f"{values['code']} {values['reason']}"
        lines.append([_text(values[name])[:_WIDEST] for name in shown])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
