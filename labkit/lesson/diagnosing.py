"""The diagnosis in a lesson: a call that the lab placed, with the lab's own configuration and log beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labkit import show
from labkit.diagnosis import Case, Triage, triage
from labkit.diagnosis.finding import LAYERS
from labkit.diagnosis.settings import Settings
from labkit.lab.lab import Lab

if TYPE_CHECKING:
    from labkit.lab.calls import Call
    from labkit.show.pictures import Picture


def diagnosis(call: Call, lab: Lab | None = None) -> Triage:
    """What the capture of a call, the files of a lab and its log since the last change say: layer, object, option."""
    lab = lab or Lab()
    return triage(Case(call.trace, Settings(dict(lab.config)), tuple(map(str, lab.log_since_change()))))


def lamps(call: Call, lab: Lab | None = None) -> Picture:
    """The lamps of a call, and what is likeliest wrong; the text form leaves frames and times out."""
    found = diagnosis(call, lab)
    words = [f"{each.sign:>6}  {LAYERS[each.layer]}" for each in found.lamps]
    words += ["", f"{found.first.place}: {found.first.says}" if found.first else "Nothing wrong was found."]
    return replace(show.lamps(found), words="\n".join(words))
