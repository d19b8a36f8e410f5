"""Numbers find their extension as in Asterisk; every step knows its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ParseError
from labkit.pjsip import patterns
from labkit.pjsip.dialplan import HINT, Dialplan, read_dialplan

PLAN = """[general]
static = yes
[globals]
DESK = 1001

[from-provider]
exten => +442079460000,1(start),Dial(PJSIP/1001,30)
 same => n,GotoIf($["${DIALSTATUS}" = "BUSY"]?busy,1)
 same => n+5(end),Hangup(${HANGUPCAUSE})
exten => _+44X.,1,Goto(wrong,${EXTEN},1)
exten => _+44X./_07X.,1,Congestion()
include => shared
include => night|18:00-06:00,mon-fri,*,*

[shared]
exten => ${DESK},hint,PJSIP/1001
exten => ${DESK},1,Dial(PJSIP/1001)
exten => i,1,Hangup()
[night]
exten => 999,1,Answer
exten => 999,n,Playback,sorry
switch => Realtime/x
"""


@pytest.fixture
def plan() -> Dialplan:
    return read_dialplan({"extensions.conf": PLAN})


def test_a_step_knows_its_application_and_place(plan: Dialplan) -> None:
    found = plan.find("+442079460000", "from-provider")
    assert found is not None
    assert str(found.extension) == "+442079460000@from-provider: Dial(PJSIP/1001,30) (extensions.conf:7)"
    assert [(step.priority, step.label, step.application) for step in found.extension.steps.values()] == [
        (1, "start", "Dial"),
        (2, "", "GotoIf"),
        (8, "end", "Hangup"),
    ]


def test_the_way_through_includes_is_told(plan: Dialplan) -> None:
    found = plan.find("1001", "from-provider")
    assert found is not None
    assert found.way == ("from-provider", "shared")
    assert found.extension.steps[HINT].application == "PJSIP/1001"
    assert [include.times for include in plan.contexts["from-provider"].includes] == ["", "18:00-06:00,mon-fri,*,*"]


def test_the_old_comma_form_is_read(plan: Dialplan) -> None:
    found = plan.find("999", "from-provider")
    assert found is not None
    assert [str(step) for step in found.extension.steps.values()] == ["Answer()", "Playback(sorry)"]


@pytest.mark.parametrize(("caller", "application"), [("0770", "Congestion"), ("", "Goto"), ("1234", "Goto")])
def test_an_extension_for_some_callers_comes_first(plan: Dialplan, caller: str, application: str) -> None:
    found = plan.find("+4412", "from-provider", caller)
    assert found is not None
    assert found.extension.first.application == application


def test_what_no_extension_takes_is_not_found(plan: Dialplan) -> None:
    assert plan.find("442079460000", "from-provider") is None
    assert plan.find("+442079460000", "nowhere") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("100", "_1XX"),
        ("_1XX", "_XXX"),
        ("_N", "_Z"),
        ("_Z", "_X"),
        ("_[1-3]", "_N"),
        ("_XX", "_X."),
        ("_X.", "_X!"),
        ("_X!", "_X"),
        ("_+X.", "_X."),
    ],
)
def test_the_narrower_extension_comes_first(first: str, second: str) -> None:
    assert patterns.rank(first) < patterns.rank(second)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("_X.", ["12", "1*"], ["1", "+44", ""]),
        ("_+X.", ["+44"], ["44", "+4", "+"]),
        ("_[15-7]Z", ["12", "61"], ["10", "82"]),
        ("_9!", ["9", "91"], ["8"]),
        ("_1-2 3", ["123", "1-23"], ["12"]),
        ("44-20", ["4420", "44-20"], ["44"]),
        ("_[1", [], ["1", "[1"]),
    ],
)
def test_patterns_match(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [number for number in yes if not patterns.matches(pattern, number)] == []
    assert [number for number in no if patterns.matches(pattern, number)] == []


@settings(deadline=None)
@given(st.text("0123456789+*-[]XZN.!_ ", max_size=8), st.text("0123456789+*-", max_size=6))
def test_what_matches_begins_as_well(pattern: str, number: str) -> None:
    patterns.rank(pattern)
    if patterns.matches(pattern, number) and pattern.lower() != number.lower():
        assert patterns.begins(pattern, number)


def test_what_is_read_over_is_remarked() -> None:
    lines = ["[a]", "same => n,Hangup()", "exten => 1,x,Dial()", "exten => 1,1,A()", "exten => 1,1,B()", "foo = 1"]
    plan = read_dialplan({"extensions.conf": "\n".join(lines)})
    assert [(remark.line, remark.text) for remark in plan.remarks] == [
        (2, "there is no extension before it"),
        (3, "'x' is no priority"),
        (5, "1 has priority 1 already; this line is lost"),
        (6, "there is no 'foo' in a dialplan"),
    ]


def test_contexts_that_include_each_other_end() -> None:
    plan = read_dialplan({"extensions.conf": "[a]\ninclude => b\n[b]\ninclude => a\nexten => 1,1,Hangup()\n"})
    found = plan.find("1", "a")
    assert found is not None
    assert found.way == ("a", "b")


def test_sections_of_one_name_are_one_context() -> None:
    plan = read_dialplan({"extensions.conf": "[a]\nexten => 1,1,A()\n[b]\n[a]\nexten => 2,1,B()\nexten => 1,2,C()\n"})
    assert [extension.pattern for extension in plan.contexts["a"].extensions] == ["1", "2"]
    assert list(plan.contexts["a"].extensions[0].steps) == [1, 2]


PARTS = ["[a]\n", "exten => ", "_X.", "/", ",1,", "n(x)", "Dial(", ")", "\n", " same =>", '"', "[1", "include => a\n",
         "${X}", "hint"]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=25))
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    try:
        plan = read_dialplan({"extensions.conf": "[z]\n" + "".join(parts)})
    except ParseError:
        return
    plan.find("1", "a")
    plan.partial("1", "a")
