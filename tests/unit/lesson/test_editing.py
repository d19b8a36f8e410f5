"""A context is replaced in its place, what goes wrong in a cell is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from labkit.errors import ConfigRejected
from labkit.lesson.editing import dialplan_magic, pbx_magic, with_context

DIALPLAN = """; The dialplan.

[from-phones]
exten => 600,1,Answer()

[from-provider](+)
exten => 1,1,Answer()
"""


class FakeFiles(dict[str, str]):
    """Files without a lab; what is tested here is what the cell says."""


def lab(refusal: tuple[str, ...] = ()) -> Any:
    def apply() -> Any:
        if refusal:
            raise ConfigRejected("Asterisk refused this", errors=refusal)
        return SimpleNamespace(way="reload")

    return SimpleNamespace(config=FakeFiles({"extensions.conf": DIALPLAN}), apply=apply)


def test_a_context_is_replaced_where_it_stands_and_the_rest_stays() -> None:
    text = with_context(DIALPLAN, "from-phones", "exten => 601,1,Echo()")
    assert text.index("601") < text.index("[from-provider](+)")
    assert "600" not in text
    assert text.startswith("; The dialplan.\n\n[from-phones]\nexten => 601,1,Echo()\n\n[from-provider](+)")


def test_a_new_context_comes_at_the_end() -> None:
    assert with_context(DIALPLAN, "ivr", "exten => s,1,Answer()").endswith("\n\n[ivr]\nexten => s,1,Answer()\n")


def test_the_body_of_a_context_is_taken_word_for_word() -> None:
    assert r"Set(X=\1${EXTEN:1})" in with_context(DIALPLAN, "from-phones", r"same => n,Set(X=\1${EXTEN:1})")


def test_a_cell_shows_what_it_changed() -> None:
    shown = str(dialplan_magic(lab())("from-phones", "exten => 601,1,Echo()\n"))
    assert shown.startswith("extensions.conf: written, reload, no errors.")
    assert "+exten => 601,1,Echo()" in shown
    assert "-exten => 600,1,Answer()" in shown


def test_what_asterisk_refuses_is_shown_and_the_text_is_kept() -> None:
    broken = lab(refusal=("[trunk] endpoint: no option 'contxt'",))
    edit = pbx_magic(broken)("pjsip.d/x.conf", "[trunk]\n")
    assert "not accepted" in str(edit)
    assert "contxt" in edit._repr_html_()
    assert broken.config["pjsip.d/x.conf"] == "[trunk]\n"


def test_a_cell_without_a_name_gets_an_example() -> None:
    assert "%%pbx pjsip.d/trunk-provider.conf" in str(pbx_magic(lab())("", "x"))
    assert "%%dialplan from-provider" in str(dialplan_magic(lab())(" ", "x"))
