"""The Tab key offers what there is: Asterisk's words, the lab's files, the dialplan's contexts; nothing in doubt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from labkit.errors import HostError
from labkit.lesson.completing import contexts, offer, words

DIALPLAN = "[general]\nstatic = yes\n\n[from-phones]\nexten => 600,1,Answer()\n[from-provider](+)\n; [not-this]\n"
FILES = {"extensions.conf": DIALPLAN, "pjsip.d/trunk-provider.conf": "", "pjsip.d/global.conf": "", "rtp.conf": ""}
ANSWERS = {
    '_command matchesarray "pjsip show e" "e"': "endpoint endpoint endpoints _EOF_",
    '_command matchesarray "pjsip show endpoint " ""': " 1001 1002 provider provider-ip _EOF_",
    '_command matchesarray "pjs" "pjs"': "pjsip pjsip _EOF_",
}


def asterisk(line: str) -> str:
    return ANSWERS.get(line, "NULL")


@pytest.fixture(scope="module")
def shell() -> Any:
    """An IPython with a lab's magics, as a notebook has it."""
    made = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    for kind, name in (("line", "asterisk"), ("cell", "pbx"), ("cell", "dialplan")):
        made.register_magic_function(lambda *given: None, kind, name)
    offer(made, SimpleNamespace(asterisk=asterisk, config=FILES))  # type: ignore[arg-type]
    return made


def offered(shell: Any, code: str) -> list[str]:
    """What a notebook would show for Tab at the bar."""
    before, _, after = code.partition("|")
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(before + after, len(before))]


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("%asterisk pjs|", ["pjsip"]),
        ("%asterisk pjsip show e|", ["endpoint", "endpoints"]),
        ("x = 1\n%asterisk pjsip show endpoint |", ["1001", "1002", "provider", "provider-ip"]),
        ("%%pbx pjsip.d/|\n[provider]", ["pjsip.d/global.conf", "pjsip.d/trunk-provider.conf"]),
        ("%%pbx r|", ["rtp.conf"]),
        ("%%dialplan from-p|", ["from-phones", "from-provider"]),
    ],
)
def test_tab_offers_what_there_is(shell: Any, code: str, wanted: list[str]) -> None:
    assert offered(shell, code) == wanted


def test_a_lab_that_cannot_tell_offers_no_words_of_its_own(shell: Any) -> None:
    def refuse(line: str) -> str:
        raise HostError("The lab does not run.")

    offer(shell, SimpleNamespace(asterisk=refuse, config={}))  # type: ignore[arg-type]
    assert not {"endpoint", "endpoints"}.intersection(offered(shell, "%asterisk pjsip show e|"))


def test_words_of_asterisk_lose_what_is_none() -> None:
    assert words(asterisk, "pjsip show e") == ["endpoint", "endpoints"]
    assert words(asterisk, "no such command") == []
    assert words(asterisk, 'pjsip "') == []


def test_contexts_are_those_that_a_call_can_be_in() -> None:
    assert contexts(DIALPLAN) == ["from-phones", "from-provider"]
