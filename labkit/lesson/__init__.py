"""What a lesson imports: `from labkit.lesson import check, hint, lab, ladder, log, media, story`.

`lab` is the running lab, found again after a restart of the kernel and started where none runs; to import it also
gives the notebook `%asterisk`, `%%pbx` and `%%dialplan`. Each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.lesson.alerting import ringing as ringing
    from labkit.lesson.clocks import ending as ending
    from labkit.lesson.clocks import header as header
    from labkit.lesson.clocks import repeats as repeats
    from labkit.lesson.clocks import spans as spans
    from labkit.lesson.diagnosing import diagnosis as diagnosis
    from labkit.lesson.diagnosing import lamps as lamps
    from labkit.lesson.keypad import keys as keys
    from labkit.lesson.keypad import presses as presses
    from labkit.lesson.keypad import understood as understood
    from labkit.lesson.listening import buffered as buffered
    from labkit.lesson.listening import compare as compare
    from labkit.lesson.listening import figures as figures
    from labkit.lesson.listening import quality as quality
    from labkit.lesson.listening import rating as rating
    from labkit.lesson.listening import recording as recording
    from labkit.lesson.moving import adopt as adopt
    from labkit.lesson.moving import carried as carried
    from labkit.lesson.moving import legacy as legacy
    from labkit.lesson.moving import lost as lost
    from labkit.lesson.moving import preview as preview
    from labkit.lesson.reach import ask as ask
    from labkit.lesson.reach import contacts as contacts
    from labkit.lesson.registering import bindings as bindings
    from labkit.lesson.registering import outage as outage
    from labkit.lesson.registering import registers as registers
    from labkit.lesson.registering import watch as watch
    from labkit.lesson.replies import check as check
    from labkit.lesson.replies import hint as hint
    from labkit.lesson.telling import file as file
    from labkit.lesson.telling import log as log
    from labkit.lesson.telling import registration as registration
    from labkit.lesson.telling import story as story
    from labkit.lesson.views import agreed as agreed
    from labkit.lesson.views import attempts as attempts
    from labkit.lesson.views import carriers as carriers
    from labkit.lesson.views import doctor as doctor
    from labkit.lesson.views import identities as identities
    from labkit.lesson.views import ladder as ladder
    from labkit.lesson.views import media as media
    from labkit.lesson.views import offers as offers
    from labkit.lesson.views import parties as parties
    from labkit.lesson.views import trunks as trunks

    lab: Lab

__all__ = [
    "adopt",
    "agreed",
    "ask",
    "attempts",
    "bindings",
    "buffered",
    "carried",
    "carriers",
    "check",
    "compare",
    "contacts",
    "diagnosis",
    "doctor",
    "ending",
    "figures",
    "header",
    "hint",
    "identities",
    "keys",
    "lab",
    "ladder",
    "lamps",
    "legacy",
    "log",
    "lost",
    "media",
    "outage",
    "parties",
    "presses",
    "preview",
    "progress",
    "quality",
    "rating",
    "recording",
    "registers",
    "registration",
    "repeats",
    "ringing",
    "spans",
    "story",
    "trunks",
    "understood",
    "watch",
]

_HOMES = {
    "adopt": "labkit.lesson.moving",
    "agreed": "labkit.lesson.views",
    "ask": "labkit.lesson.reach",
    "attempts": "labkit.lesson.views",
    "bindings": "labkit.lesson.registering",
    "buffered": "labkit.lesson.listening",
    "carried": "labkit.lesson.moving",
    "carriers": "labkit.lesson.views",
    "check": "labkit.lesson.replies",
    "compare": "labkit.lesson.listening",
    "contacts": "labkit.lesson.reach",
    "diagnosis": "labkit.lesson.diagnosing",
    "doctor": "labkit.lesson.views",
    "ending": "labkit.lesson.clocks",
    "figures": "labkit.lesson.listening",
    "file": "labkit.lesson.telling",
    "header": "labkit.lesson.clocks",
    "hint": "labkit.lesson.replies",
    "identities": "labkit.lesson.views",
    "keys": "labkit.lesson.keypad",
    "ladder": "labkit.lesson.views",
    "lamps": "labkit.lesson.diagnosing",
    "legacy": "labkit.lesson.moving",
    "log": "labkit.lesson.telling",
    "lost": "labkit.lesson.moving",
    "media": "labkit.lesson.views",
    "offers": "labkit.lesson.views",
    "outage": "labkit.lesson.registering",
    "parties": "labkit.lesson.views",
    "presses": "labkit.lesson.keypad",
    "preview": "labkit.lesson.moving",
    "progress": "labkit.course.chart",
    "quality": "labkit.lesson.listening",
    "rating": "labkit.lesson.listening",
    "recording": "labkit.lesson.listening",
    "registers": "labkit.lesson.registering",
    "registration": "labkit.lesson.telling",
    "repeats": "labkit.lesson.clocks",
    "ringing": "labkit.lesson.alerting",
    "spans": "labkit.lesson.clocks",
    "story": "labkit.lesson.telling",
    "trunks": "labkit.lesson.views",
    "understood": "labkit.lesson.keypad",
    "watch": "labkit.lesson.registering",
}


def __getattr__(name: str) -> Any:
    """Open the lesson when it asks for the lab; load any other name from its home."""
    if name == "lab":
        from labkit.lesson.opening import open_lesson

        return open_lesson()
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"labkit.lesson has no {name!r}; it has: {', '.join(__all__)}")
