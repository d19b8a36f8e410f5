"""`labkit messages`, `calls`, `streams`, `sdp`, `ladder`: the tables of capture files on the command line.

The JSON forms are documented in docs/tables.md and do not change. Nothing here imports pandas, which alone would cost
half a second: rows go from the arrays straight to the output.
"""

from __future__ import annotations

import argparse
import gc
import math
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from labkit.cli import output
from labkit.cli.output import Rows

if TYPE_CHECKING:
    from labkit.trace import Trace

MESSAGE_COLUMNS = ("frame", "time_s", "src", "src_port", "dst", "dst_port", "transport", "method", "code", "reason",
                   "cseq", "call_id")  # fmt: skip
STREAM_COLUMNS = ("src", "src_port", "dst", "dst_port", "ssrc", "payload_type", "codec", "packets", "expected", "lost",
                  "duplicates", "reordered", "jitter_mean_ms", "jitter_max_ms", "delta_max_ms", "first_s", "duration_s",
                  "drift_ppm", "bitrate_kbps", "tshark_packets", "tshark_lost", "tshark_delta_max_ms",
                  "tshark_jitter_mean_ms", "tshark_jitter_max_ms")  # fmt: skip
_SHOWN = {
    "messages": ("frame", "time_s", "src", "dst", "transport", "start", "cseq", "call_id"),
    "calls": ("call", "legs", "from_user", "to_user", "src", "dst", "state", "code", "reason", "start_s", "duration_s"),
    "streams": ("src", "src_port", "dst", "dst_port", "ssrc", "codec", "packets", "lost", "duplicates", "reordered",
                "jitter_mean_ms", "jitter_max_ms", "delta_max_ms"),
    "sdp": ("leg", "frame", "time_s", "message", "side", "role", "kind", "address", "port", "direction", "codecs"),
}  # fmt: skip
_SHARED = 20_000
"""So many messages are worth a second process."""


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
    parser.add_argument("--page", metavar="N", type=int, default=1, help="of a ladder with more than 400 rows")
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

    from labkit.trace import Capture, open_trace, tshark

    if tshark.find() is None:
        from labkit.runtime import rootfs

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
    if options.json:
        output.write_json(*_objects(options.rows, trace))
    elif options.csv:
        output.write_csv(*options.rows(trace))
    else:
        output.write_table(_SHOWN[options.table], *options.rows(trace))
    for note in trace.notes:
        print(f"labkit: {note}", file=sys.stderr)


def _objects(rows: Callable[[Trace], Rows], trace: Trace) -> list[Iterator[str]]:
    """All rows as JSON; of very many messages, the second half is made by a second process meanwhile."""
    points = list(trace.scans.items()) if rows is _messages else []
    if len(points) != 1 or len(points[0][1].texts) < _SHARED:
        return [output.objects(*rows(trace))]
    from labkit.trace.sipscan import messages

    ((point, scan),) = points
    half = len(scan.texts) // 2
    first, second = (
        output.objects(MESSAGE_COLUMNS, (each[1:13] for each in messages(texts, point, scan.first_ns)))
        for texts in (scan.texts[:half], scan.texts[half:])
    )
    return [first, output.elsewhere(second)]


def _ladder(options: argparse.Namespace) -> int:
    if options.json or options.csv:
        return _run(options)
    from labkit import show

    drawn = show.ladder(_open(options), page=options.page)
    if options.save:
        print(drawn.save(options.save))
    else:
        print(drawn)
    return 0


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
    return tuple(columns), zip(*(_plain(name, values) for name, values in columns.items()), strict=True)


def _plain(name: str, values: Any) -> list[Any]:
    """The values of a column as JSON has them: no NaN, and counts as whole numbers."""
    count = name in ("tshark_packets", "tshark_lost")
    return [
        (None if math.isnan(value) else int(value) if count else round(value, 6)) if isinstance(value, float) else value
        for value in (values.tolist() if hasattr(values, "tolist") else values)
    ]
