"""Lines of Asterisk's log are read, those of the dialplan's own Log among them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from labkit.lab.asterisk import Asterisk

LOG = """\
[2026-01-01 06:15:37.063] NOTICE[117][C-0000000c] Ext. +15550108: main trunk: CONGESTION 34
[2026-01-01 06:15:37.064] NOTICE[118] res_pjsip/pjsip_distributor.c: Request 'INVITE' failed
 a second line of the same message
"""


def test_a_line_of_the_dialplan_is_read_like_any_other(tmp_path: Path) -> None:
    runtime: Any = SimpleNamespace(folder=tmp_path)
    pbx = Asterisk(runtime, {}, None)  # type: ignore[arg-type]
    pbx.log_path.parent.mkdir(parents=True)
    pbx.log_path.write_text(LOG)
    assert [str(line) for line in pbx.log(("NOTICE",))] == [
        "NOTICE Ext. +15550108: main trunk: CONGESTION 34",
        "NOTICE res_pjsip/pjsip_distributor.c: Request 'INVITE' failed",
    ]
