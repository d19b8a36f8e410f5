"""The lamps of a call in a lesson: red where the lab is broken, the same words at every run, a picture with text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from labkit import datasets
from labkit.lab.session import Session
from labkit.lesson import diagnosis, lamps
from labkit.runtime import topology
from labkit.scenario import changes
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import address_values, own_values
from labkit.trace import open_trace
from labkit.trace.capture import Capture

SLUG = "inbound-401"


def broken() -> tuple[Any, Any]:
    """The first recorded call of a broken lab, and what a lab says of itself."""
    folder = datasets.fetch(f"{SLUG}/broken") / "calls"
    points = {point: folder / f"1-{point}.pcap.gz" for point in ("inside", "outside")}
    folders = dict.fromkeys(("lab", "modules", "data"), "/lab")
    values = {**address_values(topology.load()), **own_values(None), **folders, "pbx.control": "127.0.0.1"}
    scenario = Shelf.here().read(SLUG)
    texts = changes.applied(changes.healthy(values), (*scenario.scene, *scenario.broken))
    files = {name.removeprefix("pbx/"): text for name, text in texts.items()}
    log = Session.load(folder.parent).log
    call = SimpleNamespace(trace=open_trace(Capture(points, topology.load().names)))
    return call, SimpleNamespace(config=files, log_since_change=lambda: log)


def test_a_call_is_triaged_with_the_files_and_the_log_of_its_lab() -> None:
    call, lab = broken()
    found = diagnosis(call, lab)
    assert found.first is not None
    assert (found.first.layer, found.first.place) == ("signalling", "identify.match")
    assert {each.kind for each in found.first.evidence} >= {"message", "log", "config"}


def test_the_lamps_are_a_picture_whose_words_have_no_frames_and_times() -> None:
    picture = lamps(*broken())
    lines = str(picture).splitlines()
    assert lines[0] == " FAULT  SIP signalling"
    assert lines[-1].startswith("identify.match: The 401 is ours")
    assert "frame" not in str(picture)
    assert picture.figure() is not None
