"""What a lesson shows of a broken trunk is the same at every run."""

from __future__ import annotations

from labkit.lab.history import Version
from labkit.lesson.telling import steady, verdict_text, version_text
from labkit.scenario.verdict import Check, Verdict


def test_a_line_of_the_log_loses_what_never_repeats() -> None:
    one = "NOTICE x.c: Request 'INVITE' failed (callid: 9a1b@h) - channel PJSIP/1001-0000001f at 0x7f00aa11"
    other = one.replace("9a1b", "77ff").replace("0000001f", "000000aa").replace("7f00aa11", "7f00bb22")
    assert steady(one) == steady(other)
    assert "failed (callid: ~)" in steady(one)


def test_a_verdict_shows_what_failed_first_and_no_figures() -> None:
    checks = (
        Check("out: answered", True, "200", "200"),
        Check("out: tone", True, "440 Hz", "440.1 Hz"),
        Check("in: answered", False, "200", "401", "outside frame 12"),
    )
    text = verdict_text(Verdict("x", "No call comes in", checks))
    assert text == "Not passed: No call comes in\n  FAIL  in: answered\n  pass  out: answered, tone"


def test_a_version_says_what_applying_it_did_and_no_time() -> None:
    assert version_text(Version(31, "apply", "2026-11-23 06:27:27", {}, "reload")) == (
        "Applied: Asterisk read its files again."
    )


def test_the_token_of_a_registration_s_line_never_repeats() -> None:
    assert steady("sip:trunk@h:5060;line=hfwywgi for 300 s") == "sip:trunk@h:5060;line=~ for 300 s"
