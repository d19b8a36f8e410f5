"""A scenario folder is read whole, or refused with file, line, key and the nearest right one."""

from pathlib import Path

import pytest
from scenario_sample import TEXT, values, written

from labkit.errors import ScenarioError
from labkit.scenario.model import Expected, Range
from labkit.scenario.reader import read_scenario
from labkit.scenario.shelf import Shelf

REFUSED = [
    ('family = "inbound"', 'family = "inbond"', r"line 4: family is 'inbond'; did you mean 'inbound'\?"),
    ('layer = "signalling"', 'layer = "nonsense"', r"line 5: layer is 'nonsense'; there are: signalling, sdp"),
    ('fault = "A01"', 'fault = "A1"', "line 3: fault is 'A1'; expected one such as A01"),
    ('fault = "A01"', "fault = 1", "line 3: fault is 1; expected a text"),
    ("{{did.first}}.", "{{did.frst}}.", r"line 8: there is no value {{did.frst}}; did you mean {{did.first}}\?"),
    ('at = "phone-1001"', 'art = "phone-1001"', r"line 35: call.good has no 'art'; did you mean 'at'\?"),
    ("status = 401", 'status = "401"', "line 40: call.bad.status is '401'; expected a whole number"),
    ('by = "{{customer}}"', 'by = "phone-1003"', r"line 31: by is 'phone-1003'; expected a number or one of"),
    ('message = "401 to INVITE"', 'mesage = "401"', "line 42: an evidence has exactly one of message, log"),
    ('call = "customer"', 'call = "customr"', r"line 47: no call is named 'customr'; did you mean 'customer'\?"),
    ('"^WWW-Authenticate"', '"(WWW"', r"line 42: '\(WWW' is no pattern"),
    ('hints = ["Look at the arrow.", "Where does it begin?"]', "", "question 'who' has 0 hints; two at least"),
    ("trunk-provider.conf", "trunk-provder.conf", "there is no file 'pbx/pjsip.d/trunk-provder.conf'; did you mean"),
    (
        'old = "match = {{provider}} "',
        'old = "mach = {{provider}} "',
        "line 16: .* holds 'mach = 203.0.113.10 ' 0 times",
    ),
    ('name = "customer"', 'nam = "customer"', r"line 30: call has no 'nam'; did you mean 'name'\?"),
    ("[[fix]]", "[[repair]]", "the scenario lacks fix"),
    ("tone = true", 'tone = "yes"', "line 38: call.good.tone is 'yes'; expected true or false"),
    ('title = "Registered', 'title = Registered"', r"cannot be read: .*line 2"),
    ("[[call]]", "[[before]]\nfile = 'pbx/x'\n[[call]]", "line 30: before the calls no file is changed"),
]


def test_a_scenario_shown_in_a_cell_gives_nothing_of_its_cause_away(tmp_path: Path) -> None:
    assert repr(read_scenario(written(tmp_path), values())) == "Scenario('inbound-refused')"


def test_a_scenario_is_read_with_its_values_filled(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path), values())
    assert scenario.slug == "inbound-refused"
    assert scenario.story == "Nobody can call +442079460000."
    assert scenario.broken[0].new == "match = 198.51.100.7 "
    assert scenario.call[0].good == Expected(True, (), "phone-1001", "+15550123", both_ways=True, tone=True)
    assert scenario.call[0].bad == Expected(status=(401,))
    assert scenario.evidence[0].source == "pbx"
    assert scenario.evidence[0].count == Range(1)


def test_a_caller_of_the_pstn_may_show_a_number_without_a_plus(tmp_path: Path) -> None:
    folder = written(tmp_path, TEXT.replace('by = "{{customer}}"', 'by = "tel:1001"'))
    assert "1001" == read_scenario(folder, values()).call[0].pstn


def test_a_likely_wrong_answer_may_be_a_value(tmp_path: Path) -> None:
    folder = written(tmp_path, TEXT + '"{{did.first}}" = "That is who was called."\n')
    assert "+442079460000" in read_scenario(folder, values()).question[0].wrong


def test_a_value_in_a_pattern_stands_for_itself(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path), values())
    assert scenario.evidence[1].subject.startswith(r"failed for '203\.0\.113\.10:")


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    folder = written(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(ScenarioError, match=message):
        read_scenario(folder, values())


def test_a_provider_s_value_that_its_policy_does_not_know_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace("[[fix]]", '[[break]]\nprovider = "trunk.registered.inbound.did_frm"\nvalue = "e164"\n[[fix]]')
    with pytest.raises(ScenarioError, match=r"line 20: .*has no setting 'did_frm'"):
        read_scenario(written(tmp_path, text), values())


def test_a_fix_must_fit_the_broken_lab(tmp_path: Path) -> None:
    text = TEXT.replace('old = "match = {{old_host}} "', 'old = "match = {{provider}} "')
    with pytest.raises(ScenarioError, match=r"line 21: .*holds 'match = 203.0.113.10 ' 0 times, not once"):
        read_scenario(written(tmp_path, text), values())


def test_the_shelf_names_the_nearest_slug(tmp_path: Path) -> None:
    written(tmp_path)
    shelf = Shelf((tmp_path,))
    assert shelf.slugs() == ["inbound-refused"]
    with pytest.raises(ScenarioError, match="did you mean 'inbound-refused'"):
        shelf.read("inbound-refusd")


def test_further_folders_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    monkeypatch.setenv("LABKIT_SCENARIOS", str(tmp_path))
    assert Shelf.here().read("inbound-refused").fault == "A01"
