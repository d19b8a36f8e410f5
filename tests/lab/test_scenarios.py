"""Every scenario, with another seed each day: broken, wrongly and rightly mended, judged as a learner is.

The matrix (`python -m tests.bench.scenarios`) also walks the healthy lab, every wrong fix, and several seeds.
"""

import datetime
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.cli import main
from labkit.errors import ConfigRejected
from labkit.lab.lab import Lab
from labkit.scenario.reader import FILE
from labkit.scenario.shelf import Shelf
from tests.bench.scenarios import row

TODAY = datetime.date.today().toordinal()
NEW = """
title = "One agent cannot be called from outside"
fault = "B05"
family = "dialplan"
layer = "dialplan"
object = "extensions.exten"
story = "Nobody who calls {{did.second}} gets through."
cause = "The extension has a digit too many."
[[break]]
file = "pbx/extensions.conf"
old = "exten => {{did.second}},1,"
new = "exten => {{did.second}}0,1,"
[[fix]]
file = "pbx/extensions.conf"
old = "exten => {{did.second}}0,1,"
new = "exten => {{did.second}},1,"
[[wrong]]
why = "Phone 1002 must register again."
reply = "It is registered: 1001 can call it."
change = [{ phone = "1002", do = "register" }]
[[call]]
name = "customer"
by = "{{customer}}"
to = "{{did.second}}"
[call.good]
answered = true
at = "phone-1002"
[call.bad]
status = 404
[[evidence]]
message = "404 to INVITE"
from = "pbx"
to = "provider"
[[evidence]]
log = "'{{did.second}}' rejected because extension not found in context 'from-provider'"
[[question]]
id = "who"
text = "Who sent the 404?"
answer = ["pbx"]
hints = ["Look at the arrow.", "Where does it begin?"]
"""


def found() -> Iterator[object]:
    """Every scenario, with what it needs of a runtime."""
    shelf = Shelf.here()
    for slug in shelf.slugs():
        needs = tomllib.loads((shelf.folder(slug) / FILE).read_text()).get("needs", ())
        yield pytest.param(slug, marks=pytest.mark.needs(*needs))


@pytest.fixture(scope="module")
def lab(runtime_name: str) -> Iterator[Lab]:
    """One lab for all scenarios, as one learner has it."""
    made = Lab("scenarios").up(fresh=True)
    yield made
    made.down()


@pytest.fixture
def healed(lab: Lab) -> Iterator[Lab]:
    """The lab, healthy again after the test."""
    yield lab
    lab.heal()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("slug", list(found()))
def test_a_scenario_does_what_it_says(lab: Lab, slug: str) -> None:
    assert row(lab, slug, TODAY, quick=True).failures == []


def test_a_scenario_is_a_folder_and_nothing_else(healed: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one-agent-unreachable").mkdir()
    (tmp_path / "one-agent-unreachable/scenario.toml").write_text(NEW)
    monkeypatch.setenv("LABKIT_SCENARIOS", str(tmp_path))
    assert row(healed, "one-agent-unreachable", 5).failures == []
    assert "one-agent-unreachable" in Shelf.here().slugs()


def test_a_broken_lab_is_found_again_with_its_seed(healed: Lab) -> None:
    healed.break_("inbound-401", seed=11)
    with Lab.attach(healed.name) as found:
        assert found.scenario is not None
        assert (found.scenario.slug, found.seed) == ("inbound-401", 11)
        assert found.values["did.first"] == healed.values["did.first"] != "+442079460000"
        assert not found.verify().passed


def test_an_edit_that_asterisk_refuses_is_a_verdict_and_can_be_undone(healed: Lab) -> None:
    name = "pjsip.d/trunk-provider.conf"
    before = healed.config[name]
    healed.config.replace(name, "send_pai = yes", "send_pie = yes")
    with pytest.raises(ConfigRejected, match=rf"named 'send_pie' in {name}, line \d+"):
        healed.apply()
    verdict = healed.verify()
    assert "Asterisk takes the configuration" in [check.name for check in verdict.failed]
    assert healed.history[-1].errors
    healed.undo()
    assert healed.config[name] == before
    assert str(healed.verify()).startswith("Passed")


def test_edits_that_were_never_applied_survive_healing(healed: Lab) -> None:
    healed.config["extensions.conf"] += "; my own note\n"
    healed.heal()
    assert healed.config.changed() == []
    assert any("; my own note" in version.files["extensions.conf"] for version in healed.history)


def test_a_lab_whose_asterisk_cannot_start_has_a_verdict_and_is_healed(healed: Lab) -> None:
    del healed.config["modules.conf"]
    del healed.config["manager.conf"]
    healed.verify()
    healed.heal()
    assert str(healed.verify()).startswith("Passed")


def test_a_manager_that_tells_us_nothing_is_not_waited_for(healed: Lab) -> None:
    healed.config.replace("manager.conf", "read = all\n", "")
    with pytest.raises(ConfigRejected, match="did not answer"):
        healed.apply()
    began_s = time.monotonic()
    healed.heal()
    assert time.monotonic() - began_s < 8  # to ask takes ten seconds
    assert "22." in healed.status().asterisk


def test_a_break_that_was_killed_loses_nothing(healed: Lab) -> None:
    healed.config["extensions.conf"] += "; written before the crash\n"
    words = [sys.executable, "-m", "labkit", "break", "inbound-401", "--lab", healed.name, "--seed", "3"]
    breaking = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    while (state := healed.home.state) is not None and not state.scenario and breaking.poll() is None:
        time.sleep(0.002)
    breaking.kill()
    breaking.wait()
    with Lab.attach(healed.name) as found:
        found.heal()
        assert str(found.verify()).startswith("Passed")
        assert any("before the crash" in version.files["extensions.conf"] for version in found.history)


def test_the_command_line_walks_the_learner_s_way(healed: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = ["--lab", healed.name]
    assert main(["break", "inbound-401", "--seed", "4", *lab]) == 0
    assert "Files: " in capsys.readouterr().out
    assert main(["hint", "who", *lab]) == 0
    assert main(["verify", "--json", *lab]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["passed"] is False
    name = "pjsip.d/trunk-provider.conf"
    old = next(line for line in healed.config[name].splitlines() if line.startswith("match = "))
    healed.config.replace(name, old, f"match = {healed.values['provider']}")
    assert main(["diff", *lab]) == main(["diff", "--broken", *lab]) == 0
    assert f"-{old}" in capsys.readouterr().out
    assert main(["apply", *lab]) == 0
    assert "reload, no errors" in capsys.readouterr().out
    assert main(["verify", *lab]) == 0
    assert main(["history", *lab]) == main(["undo", *lab]) == 0
    assert main(["verify", *lab]) == 1
    assert main(["heal", *lab]) == 0
    assert healed.config.changed() == []
