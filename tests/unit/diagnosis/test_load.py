"""The time of a triage grows with the messages, no faster, whatever the calls come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.triage_load import LOG, PJSIP, REFUSALS, made, made_of_refusals, measured

FEW, MANY = 60, 480
MOST = 2.5
"""Times as long a call may take among many as among few: some parts are sorted, and machines have caches."""


def test_healthy_calls_light_no_lamp(tmp_path: Path) -> None:
    made(tmp_path / "x.pcap", 30, seed=1)
    found, _ = measured(tmp_path / "x.pcap")
    assert [each.layer for each in found.lamps if each.state == "red"] == []


@pytest.mark.parametrize("status", REFUSALS)
def test_refused_calls_are_not_compared_each_with_each(tmp_path: Path, status: str) -> None:
    (config := tmp_path / "pjsip.conf").write_text(PJSIP)
    taken_s = []
    for calls in (FEW, MANY):
        path = tmp_path / f"{calls}.pcap"
        made_of_refusals(path, calls, status, seed=1)
        taken_s.append(min(measured(path, config, LOG[:100])[1] for _ in range(3)) / calls)
    assert taken_s[1] < MOST * taken_s[0]
