"""docs/tables.md names every column of every table, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.trace import Trace, open_trace

TEXT = (Path(__file__).parents[3] / "docs" / "tables.md").read_text()


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """A call with a stream."""
    here, there = Call().media
    media = [
        (wire.START_S + 2 + 0.02 * n, wire.ethernet(wire.udp(here, there, wire.rtp(n, 160 * n, 3)))) for n in range(50)
    ]
    frames = sorted([*Call().frames(), *media], key=lambda frame: frame[0])
    return open_trace(wire.pcap(tmp_path_factory.mktemp("documented") / "x.pcap", frames))


@pytest.mark.parametrize(
    "table", ["messages", "transactions", "legs", "calls", "offers", "streams", "intervals", "findings", "dtmf"]
)
def test_columns_are_documented(trace: Trace, table: str) -> None:
    section = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(f"{table}\n"))
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = re.findall(r"`(\w+)`", text if table == "dtmf" else "".join(rows))
    assert set(getattr(trace, table).columns) == set(named)
