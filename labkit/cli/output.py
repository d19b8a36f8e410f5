"""Rows of tables on standard output: JSON, CSV, or columns for people.

Columns are encoded as a whole, some rows at a time, because that is where the time of very long tables goes.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import IO, Any, NoReturn

Rows = tuple[Sequence[str], Iterator[Sequence[Any]]]
"""Names of the columns, and the rows."""

_AT_A_TIME = 1000
_READ_AT_ONCE = 1 << 20
_WIDEST = 44
_BY_LINES = json.JSONEncoder(check_circular=False, separators=("\n", ":"))


def write_json(*parts: Iterator[str]) -> None:
    """Write a list whose objects are given as text."""
    before = "["
    for part in parts:
        for text in part:
            sys.stdout.write(before + text)
            before = ""
        before = before or ",\n"
    sys.stdout.write("[]\n" if before == "[" else "]\n")


def objects(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> Iterator[str]:
    """The rows as JSON objects, one a line."""
    row, before = "{" + ", ".join(f"{json.dumps(name)}: %s" for name in columns) + "}", ""
    while some := list(islice(rows, _AT_A_TIME)):
        encoded = zip(*map(_encoded, zip(*some, strict=True)), strict=True)
        yield before + ",\n".join([row % cells for cells in encoded])
        before = ",\n"


def elsewhere(parts: Iterator[str]) -> Iterator[str]:
    """The same text; a second process makes it from now on, so that a second core works."""
    sys.stdout.flush()
    kept = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed where it is read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of a library may live, but none that matters here
        child = os.fork()
    if not child:
        _make(parts, kept)
    return _awaited(child, kept, parts)


def _make(parts: Iterator[str], kept: IO[str]) -> NoReturn:
    """The second process: its exit code tells whether all is written."""
    code = 1
    try:
        kept.writelines(parts)
        kept.flush()
        code = 0
    finally:
        os._exit(code)


def _awaited(child: int, kept: IO[str], parts: Iterator[str]) -> Iterator[str]:
    with kept:
        failed = os.waitpid(child, 0)[1]
        kept.seek(0)
        yield from parts if failed else iter(partial(kept.read, _READ_AT_ONCE), "")


def _encoded(column: Sequence[Any]) -> list[str]:
    """The values of a column as JSON, all at once, because the encoder is then at its fastest.

    JSON text has no line end within a string, so line ends part the values; a column of lists is encoded one by one.
    """
    if isinstance(column[0], list):
        return [json.dumps(value) for value in column]
    return _BY_LINES.encode(column)[1:-1].split("\n")


def write_csv(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write a header line and one line a row."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows([_text(value) for value in row] for row in rows)


def write_table(wanted: Sequence[str], columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """Write some of the columns side by side; "start" is what a message begins with, its method or its code."""
    shown = [name for name in ("point", *wanted) if name in columns or name == "start"]
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
