"""Asterisk's configuration language: places are exact, edits change one value, nothing breaks the reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import ParseError
from labkit.pjsip.config import Option, edited, read

TRUNK = """; a trunk
[base](!)
type = endpoint
allow = alaw,ulaw    ; both laws

[provider](base)
context = from-provider
match => 203.0.113.10 ;-- inline --; ; tail
empty =
"""

SECTIONS = ("[a]", "[b](!)", "[a](+)", "(b)", "[", "]", "(", ")", "+")
OPTIONS = ("x=1", "y => 2", "z += 3", "=", ";", ";--", "--;", "\\;", "#include f", "#tryinclude g*", "#exec x")
ODD = ("\n", "\r\n", " ", "\ufeff", "é", "\x00", '"', "<f>", "a" * 9000)
FRAGMENTS = st.sampled_from([*SECTIONS, *OPTIONS, *ODD])


def option(text: str, name: str) -> Option:
    return next(each for section in read({"f": text}, "f").sections for each in section.options if each.name == name)


def test_every_option_knows_its_place() -> None:
    found = option(TRUNK, "match")
    assert (found.file, found.line, found.value) == ("f", 8, "203.0.113.10")
    assert TRUNK[slice(*found.span)] == "203.0.113.10"


def test_a_template_gives_its_options_with_their_own_place() -> None:
    provider = read({"f": TRUNK}, "f").find("provider", "endpoint")
    assert provider is not None
    assert provider.bases == ("base",)
    assert [(each.name, each.line, each.inherited) for each in provider.options][:2] == [
        ("type", 3, True),
        ("allow", 4, True),
    ]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("allow", "ulaw", "allow = ulaw    ; both laws"),
        ("match", "a;b", "match => a\\;b ;-- inline --; ; tail"),
        ("empty", "full", "empty =full"),
    ],
)
def test_an_edit_changes_one_value_and_nothing_else(name: str, value: str, line: str) -> None:
    after = edited(TRUNK, option(TRUNK, name), value)
    before = TRUNK.splitlines()
    changed = [number for number, text in enumerate(after.splitlines()) if text != before[number]]
    assert [after.splitlines()[number] for number in changed] == [line]
    assert option(after, name).value == value


def test_what_asterisk_reads_over_is_remarked() -> None:
    config = read({"f": "[a]\nno sign\n=x\n#exec /bin/true\n#weird\n#include\n"}, "f")
    assert [(remark.line, remark.text) for remark in config.remarks] == [
        (2, "there is no = in the line, so it is left out"),
        (3, "there is no name before the ="),
        (4, "#exec is not run"),
        (5, "there is no directive #weird"),
        (6, "#include needs a file's name"),
    ]


def test_a_refused_file_is_named_with_its_line() -> None:
    with pytest.raises(ParseError, match=r"g, line 2: the section's \] is missing: \[oops") as caught:
        read({"f": "[a]\n#include g\n", "g": "\n[oops\n"}, "f")
    assert (caught.value.file, caught.value.line) == ("g", 2)


def test_a_file_that_includes_itself_is_refused() -> None:
    with pytest.raises(ParseError, match="includes itself: f > f"):
        read({"f": "[a]\n#include f\n"}, "f")


def test_a_missing_file_is_named_with_those_there_are() -> None:
    with pytest.raises(ParseError, match="no file 'x'; there are: f, g"):
        read({"f": "", "g": ""}, "x")


@settings(deadline=None)
@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        config = read({"f": text, "g": "[g]\nq=1\n"}, "f")
    except ParseError:
        return
    for section in config.sections:
        for each in section.options:
            assert 0 <= each.span[0] <= each.span[1] <= len(text)


@settings(deadline=None)
@given(
    st.lists(FRAGMENTS, max_size=20).map("".join), st.text(st.characters(exclude_characters="\n\r\\;-"), max_size=10)
)
def test_an_edit_is_read_back(text: str, value: str) -> None:
    text = f"[first]\nkey = old\n{text}"
    try:
        first = read({"f": text, "g": ""}, "f").sections[0].options[0]
    except ParseError:
        return
    after = edited(text, first, value)
    assert read({"f": after, "g": ""}, "f").sections[0].options[0].value == value.strip("".join(map(chr, range(33))))
