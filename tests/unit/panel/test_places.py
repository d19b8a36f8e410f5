"""Errors of Asterisk and nft are brought to their line; each line of a file tells which option stands there."""

from __future__ import annotations

import pytest

from labkit.lab.config import ROUTER
from labkit.panel.places import Mark, help_at, marks, option_at

TRUNK = """; the trunk
[provider]
type = endpoint
allow = bogus,ulaw
context = from-provider

[provider]
type = identify
mach = 203.0.113.10
"""
FILES = {
    "pjsip.conf": "[global]\ntype = global\n#include pjsip.d/trunk.conf\n",
    "pjsip.d/trunk.conf": TRUNK,
    "extensions.conf": "[from-phones]\nexten => 600,1,Echo()\n",
    ROUTER: "table ip lab {\n  bad\n}\n",
}


@pytest.mark.parametrize(
    ("error", "place"),
    [
        ("Could not find option suitable for category 'provider' named 'mach' in pjsip.d/trunk.conf, line 9", 9),
        ("Error parsing allow=bogus,ulaw at line 119 of /lab/pbx/etc/pjsip.d/trunk.conf", 4),
        ("Could not create an object of type 'identify' with id 'provider' from configuration file 'pjsip.conf'", 7),
        ("'pjsip.conf' could not be loaded; it contains a duplicate object: 'provider' of type 'endpoint'", 2),
        ("something at line 3 of /lab/pbx/etc/pjsip.d/trunk.conf", 3),
    ],
)  # fmt: skip
def test_an_error_of_asterisk_is_brought_to_its_line(error: str, place: int) -> None:
    assert marks([error], FILES) == (Mark(error, "pjsip.d/trunk.conf", place),)


def test_an_error_of_nft_is_brought_to_the_line_of_the_rules_without_the_definitions_above() -> None:
    error = "nft failed on router (exit 1): /dev/stdin:31:57-60: Error: syntax error, unexpected string"
    assert marks([error], FILES, above=29) == (Mark(error, ROUTER, 2),)


@pytest.mark.parametrize(
    "error", ["Unable to retrieve PJSIP transport 'x'", "Error parsing allow=opus at line 9 of /lab/pbx/etc/none.conf"]
)
def test_an_error_without_a_place_is_told_all_the_same(error: str) -> None:
    assert marks([error], FILES) == (Mark(error),)


def test_what_makes_a_file_unreadable_is_told_though_asterisk_only_warns() -> None:
    (mark,) = marks([], {**FILES, "extensions.conf": "[from-phones]\n\n[from-provider\n"})
    assert (mark.file, mark.line) == ("extensions.conf", 3)
    assert "] is missing" in str(mark)


@pytest.mark.parametrize(
    ("line", "name"), [(1, ""), (2, "endpoint"), (3, ""), (4, "endpoint.allow"), (6, ""), (9, "identify.mach")]
)
def test_each_line_tells_its_option(line: int, name: str) -> None:
    assert option_at(FILES, "pjsip.d/trunk.conf", line) == name


def test_files_that_hold_no_objects_have_no_options() -> None:
    assert option_at(FILES, "extensions.conf", 2) == ""
    assert option_at(FILES, "gone.conf", 1) == ""
    assert option_at({"a.conf": "[a\n"}, "a.conf", 1) == ""


def test_help_tells_meaning_default_and_the_value_in_force() -> None:
    files = {**FILES, "pjsip.d/trunk.conf": TRUNK.replace("bogus", "alaw")}
    said = help_at(files, "pjsip.d/trunk.conf", 5)
    assert said.startswith("endpoint.context: ")
    assert "in force from-provider  [provider] pjsip.d/trunk.conf:5" in said


def test_help_on_a_misspelt_option_names_the_right_one_and_on_a_section_its_kind() -> None:
    assert "did you mean identify.match?" in help_at(FILES, "pjsip.d/trunk.conf", 9)
    assert help_at(FILES, "pjsip.d/trunk.conf", 2).startswith("endpoint: an object with ")
    assert help_at(FILES, "pjsip.d/trunk.conf", 1) == ""
