"""What Asterisk refuses is shown with its place; a new REGISTER is asked for where one tells something new."""

import re

import pytest

from labkit.lab.asterisk import LogLine
from labkit.lab.staging import _WHERE, _logins, _registrar, _where

FILES = {
    "pjsip.conf": "#include pjsip.d/*.conf\n",
    "pjsip.d/trunk.conf": "[t]\ntype = registration\nserver_uri = sip:a\n\n[t]\ntype = endpoint\nmach=1\n",
}
ERROR = "Could not find option suitable for category 't' named 'mach' at line 130 of /lab/pbx/etc/pjsip.d/trunk.conf"


def test_a_misspelt_option_is_named_with_its_own_line() -> None:
    shown = _WHERE.sub(lambda found: _where(found, FILES), ERROR)
    assert shown.endswith("named 'mach' in pjsip.d/trunk.conf, line 7")


def test_an_option_of_a_file_that_is_gone_is_named_without_a_line() -> None:
    found = re.search(_WHERE, ERROR)
    assert found is not None
    assert _where(found, {}) == "named 'mach' in pjsip.d/trunk.conf"


def test_an_open_bracket_is_shown_at_its_own_line() -> None:
    line = "parse error: no closing ']', line 130 of /lab/pbx/etc/pjsip.d/trunk.conf"
    files = {"pjsip.d/trunk.conf": "; [not\n[t]\ntype = registration\n\n[t ; and no more\ntype = endpoint\n"}
    shown = _WHERE.sub(lambda found: _where(found, files), line)
    assert shown == "parse error: no closing ']' in pjsip.d/trunk.conf, line 5"
    assert LogLine("WARNING", "config.c", line).refuses
    assert not LogLine("WARNING", "config.c", "No '=' (equal sign) in line 3").refuses


@pytest.mark.parametrize(
    ("old", "new", "anew"),
    [("sip:a", "sip:b", True), ("mach=1", "match=1", False), ("type = endpoint", "type = auth", True)],
)
def test_only_a_change_of_how_we_log_in_asks_for_a_register(old: str, new: str, anew: bool) -> None:
    changed = {name: text.replace(old, new) for name, text in FILES.items()}
    assert (_logins(changed) != _logins(FILES)) is anew


def test_files_that_cannot_be_read_have_no_logins() -> None:
    assert _logins({}) == []


@pytest.mark.parametrize(("key", "anew"), [("password", True), ("digest", True), ("dids", False), ("limits", False)])
def test_only_a_change_of_who_is_let_in_asks_for_a_register(key: str, anew: bool) -> None:
    trunk = {"name": "registered", "password": "a"}
    assert (_registrar({"trunk": [trunk]}) != _registrar({"trunk": [{**trunk, key: "b"}]})) is anew
