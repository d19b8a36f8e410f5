"""A lesson that was recorded on a live lab gives the same answers where none runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import datasets
from labkit.errors import ConfigRejected, ReplayError
from labkit.lab import stage, takes
from labkit.lab.calls import Call
from labkit.lab.lab import Lab
from labkit.lesson.registering import watch
from labkit.lesson.telling import call_text, log, verdict_text
from labkit.lesson.views import attempts, ladder
from labkit.runtime.replay import Replay
from tests.lab.conftest import HERE
from tests.lab.test_same_ladder import drawn

TRUNK = "pjsip.d/trunk-provider.conf"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for takes, and datasets of this test beside those that there are."""
    for entry in datasets.home().iterdir():
        target = tmp_path / "datasets" / entry.name
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(entry) if entry.is_dir() else target.write_bytes(entry.read_bytes())
    monkeypatch.setattr(takes, "FOLDER", "acted")
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path / "datasets"))
    (tmp_path / "kept").mkdir()
    takes.reel.cache_clear()
    yield tmp_path / "kept"
    takes.reel.cache_clear()


def told(call: Call) -> list[Any]:
    """What a lesson shows of a call."""
    return [call_text(call), drawn(ladder(call).text(exact=False))]


def lesson(lab: Lab) -> Iterator[Any]:
    """All kinds of questions and changes, and the answers as a lesson shows them."""
    lab.heal()
    yield told(lab.call("phone-1001", "+15550100", hold_s=0.5))
    scenario = lab.break_("inbound-401")
    yield told(lab.inbound("+442079460000", hold_s=0.5))
    yield str(log(lab, "INVITE"))
    yield lab.asterisk("pjsip show identifies")
    yield lab.evidence(log="No matching endpoint found", layer="signalling", object="identify.match").credit
    yield verdict_text(lab.verify())
    (fix,) = scenario.fix
    lab.config.replace(TRUNK, fix.old, fix.new)
    yield lab.apply().way
    yield verdict_text(lab.verify())
    lab.heal()
    lab.config[TRUNK] += "expires = yes\n"
    with pytest.raises(ConfigRejected) as refused:
        lab.apply()
    yield str(refused.value)
    yield lab.undo().way
    lab.provider.set("trunk.registered.outbound.blocked_prefixes", ["+1555"])
    yield told(lab.call("phone-1001", "+15550100", hold_s=0.5))
    yield attempts(lab, last=1).to_dict()
    lab.provider.forget_registrations()
    yield len(watch(lab, 2.5, "pjsip send register provider").trace.messages.query("method == 'REGISTER'")) > 0
    name = lab.phone("phone-1002").place("1001")
    yield name, lab.phone("phone-1002").wait(name)
    lab.phone("phone-1002").hang_up(name)


def test_a_lesson_is_replayed_as_it_was_recorded(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Lab("acted", HERE[0]) as lab:
        monkeypatch.setenv(stage.VARIABLE, str(kept))
        live = list(lesson(lab.up(fresh=True)))
        monkeypatch.delenv(stage.VARIABLE)
        lab.down()
    takes.register("00-acted", ["lab"], kept, {})
    with Lab("replayed", Replay.name) as lab:
        assert live == list(lesson(lab.up(fresh=True)))
        lab.heal()
        lab.config[TRUNK] += "; mine\n"
        lab.apply()
        with pytest.raises(ReplayError, match="Trying edited files needs a live lab"):
            lab.call("phone-1001", "+15550100", hold_s=0.5)
        lab.down()
