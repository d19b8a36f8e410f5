"""What happens when a lesson's first cell runs: the lab is found or started, the notebook learns to show things."""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython

from labkit.errors import ReplayError
from labkit.lab.calls import Call
from labkit.lab.history import Version
from labkit.lab.lab import Lab
from labkit.lesson.completing import offer
from labkit.lesson.console import asterisk_magic
from labkit.lesson.editing import dialplan_magic, pbx_magic
from labkit.lesson.telling import call_text, verdict_text, version_text
from labkit.scenario.verdict import Verdict

TABLE_WIDTH = 160
"""Characters in a line of a table's text form."""


def open_lesson() -> Lab:
    """The running lab, started where none runs; a notebook also gets its magics, and steady text forms."""
    lab = Lab().up()
    if shell := get_ipython():
        lab.stage.play(shell.user_ns["In"][-1])
        _teach(shell, lab)
    return lab


def _teach(shell: Any, lab: Lab) -> None:
    """Give a notebook the magics, ladders whose text is the same at every run, and tables that are whole."""
    import pandas as pd

    from labkit.show import Ladder

    def text(ladder: Ladder, printer: Any, cycle: bool) -> None:
        printer.text(ladder.text(exact=False))

    def placed(call: Call, printer: Any, cycle: bool) -> None:
        printer.text(call_text(call))

    def applied(version: Version, printer: Any, cycle: bool) -> None:
        printer.text(version_text(version))

    def judged(verdict: Verdict, printer: Any, cycle: bool) -> None:
        printer.text(verdict_text(verdict))

    def told(shell: Any, kind: Any, why: BaseException, trace: Any, tb_offset: int | None = None) -> None:
        shell.showtraceback((kind, why, trace), exception_only=True)

    shell.set_custom_exc((ReplayError,), told)
    shell.register_magic_function(asterisk_magic(lab.asterisk), "line", "asterisk")
    shell.register_magic_function(pbx_magic(lab), "cell", "pbx")
    shell.register_magic_function(dialplan_magic(lab), "cell", "dialplan")
    offer(shell, lab)
    formatter = shell.display_formatter.formatters["text/plain"]
    formatter.for_type(Ladder, text)
    formatter.for_type(Call, placed)
    formatter.for_type(Version, applied)
    formatter.for_type(Verdict, judged)
    pd.set_option("display.width", TABLE_WIDTH, "display.max_columns", None, "display.max_colwidth", None)
