"""`%asterisk` gives its words to Asterisk untouched, and shows what it printed in a form that repeats."""

from __future__ import annotations

from labkit.errors import HostError
from labkit.lesson.console import Printout, asterisk_magic

CONTACTS = """
      Contact:  1001/sip:1001@10.10.0.21:5060              e6e0fa2b67 Avail         1.274

 provider/sip:203.0.113.10                                trunk-4420        Registered        (exp. 87s)

"""


def test_the_words_reach_asterisk_as_they_are_and_no_shell_reads_them() -> None:
    heard: list[str] = []
    magic = asterisk_magic(lambda words: heard.append(words) or "done")
    shown = magic('  dialplan show "$(reboot)"; `id` | x  ')
    assert ['dialplan show "$(reboot)"; `id` | x'] == heard
    assert "done" == str(shown)


def test_what_asterisk_measures_anew_is_shown_as_a_tilde_and_kept_in_the_text() -> None:
    one = Printout("pjsip show contacts", CONTACTS)
    other = Printout("pjsip show contacts", CONTACTS.replace("1.274", "0.833").replace("87s", "31s"))
    assert str(one) == str(other)
    assert "Avail             ~" in str(one)
    assert "(exp.  ~s)" in str(one)
    assert "1.274" in one.text


def test_a_command_that_fails_is_told_and_not_raised() -> None:
    def refuse(words: str) -> str:
        raise HostError("The lab does not run. Start it: labkit up")

    assert "The lab does not run. Start it: labkit up" == str(asterisk_magic(refuse)("core show version"))


def test_an_empty_line_gets_an_example() -> None:
    assert "%asterisk pjsip show endpoints" in str(asterisk_magic(str)(""))
