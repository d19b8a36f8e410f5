"""A call centre's old sip.conf, what becomes of each of its lines, and the lab on what was made of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit import show
from labkit.lesson.telling import Lines
from labkit.pjsip.graph import object_graph
from labkit.pjsip.migration import Migration
from labkit.pjsip.migration.draft import Draft, Written
from labkit.pjsip.objects import read_objects
from labkit.runtime.topology import lab_env
from labkit.scenario.values import render

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.lab import Lab
    from labkit.show.pictures import Picture

NEW = "pjsip.d/migrated.conf"
"""Where a migrated configuration is written."""
_ORIGIN = re.compile(r"(?P<said>\S+ =.*) \((?P<file>[^():]+):(?P<line>\d+)\)$")
_SECRET = ("password", "password_digest")


def legacy(lab: Lab) -> Lines:
    """The sip.conf with which this call centre ran before chan_sip left Asterisk, with the lab's own addresses."""
    path = lab_env() / "legacy/sip.conf"
    return Lines(tuple(render(path.read_text("utf-8"), lab.values, path.name).splitlines()))


def preview(migration: Migration) -> Picture:
    """The objects of a migrated configuration and their links, before any Asterisk reads it."""
    return show.objects(object_graph(read_objects({"pjsip.conf": str(migration)})))


def carried(migration: Migration, name: str) -> pd.DataFrame:
    """Every option that was written for a name such as "provider", a row each.

    Columns: object (its type, and its name where that is another), option, value, line (of sip.conf; empty where it is
    from no line), because.
    """
    import pandas as pd

    rows = [
        {
            "object": _called(draft, name),
            "option": line.name,
            "value": "..." if line.name in _SECRET else line.value,
            **_because(line.why),
        }
        for draft in migration.drafts
        if draft.name in (name, f"{name}-login", f"{name}-out")
        for line in draft.lines
    ]
    return pd.DataFrame(rows, columns=["object", "option", "value", "line", "because"]).set_index("object")


def _called(draft: Draft, name: str) -> str:
    return draft.type if draft.name == name else f"{draft.type} {draft.name}"


def _shown(line: Written) -> str:
    return "..." if line.name in _SECRET else line.value


def _because(why: str) -> dict[str, str]:
    found = _ORIGIN.search(why)
    return {"line": found["line"], "because": found["said"]} if found else {"line": "", "because": why}


def lost(migration: Migration) -> pd.DataFrame:
    """What of a sip.conf has no place in PJSIP, and what to do instead: a row for each option of a section."""
    import pandas as pd

    rows = [
        {"section": each.section, "option": each.option.name, "line": each.option.line, "why": each.reason}
        for each in migration.lost
    ]
    return pd.DataFrame(rows, columns=["section", "option", "line", "why"]).set_index("section")


def adopt(lab: Lab, migration: Migration) -> Lines:
    """Let the lab's Asterisk run on a migrated configuration alone; `lab.heal()` brings its own files back."""
    for name in [name for name in lab.config if name.startswith("pjsip.d/")]:
        del lab.config[name]
    lab.config[NEW] = str(migration)
    lab.restart()
    return Lines((f"Asterisk was restarted and has read {NEW}, and no other file of pjsip.d.",))
