"""A check says whether and why, and survives whatever a learner gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

from labkit import journal
from labkit.lesson import check, hint, questions

LESSON = """
[codec]
answer = ["PCMA", "G.711 A-law"]
right = "The provider's 200 names PCMA first."
hints = ["Look at the SDP.", "Look at the answer, not the offer."]
[codec.wrong]
PCMU = "PCMU was only offered."

[rate]
answer = 50
within = 1
right = "One packet every 20 ms."
hints = []

[share]
answer = [34.8, "34.8 %"]
within = 0.3
right = "A third of the sound is missing."
hints = []
[share.wrong]
"67.8" = "That is a buffer of 20 ms."

[refusal]
answer = 401
right = "It asks for credentials."
hints = ["Look at F2."]

[decided]
answer = "F12"
right = "F12 holds the answer."
hints = ["Look for the answer."]

[answered]
answer = true
right = "A 200 came."
hints = ["Look for the 200."]
"""


class Hostile:
    """What a learner's own object may be like."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.fixture(autouse=True)
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One lesson, 42, in place of the real ones."""
    (tmp_path / "42.toml").write_text(LESSON)
    monkeypatch.setattr(questions, "FOLDER", tmp_path)
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "progress.jsonl"))
    questions.load.cache_clear()
    yield
    questions.load.cache_clear()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("42.codec", "PCMA"),
        ("42.codec", " pcma "),
        ("42.codec", "g711 a-law"),
        ("42.refusal", "401 Unauthorized"),
        ("42.decided", "f12"),
        ("42.decided", 12),
        ("42.rate", 50),
        ("42.rate", 50.9),
        ("42.rate", "49"),
        ("42.share", "35 %"),
        ("42.share", "about 34.8%"),
        ("42.answered", True),
        ("42.answered", "True"),
    ],
)
def test_right_answers_are_right_however_they_are_spelt(name: str, answer: object) -> None:
    reply = check(name, answer)
    assert reply.right is True
    assert str(reply).startswith("Right. ")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("42.codec", "opus"),
        ("42.codec", ["PCMA", "PCMU"]),
        ("42.codec", pandas.DataFrame({"codec": ["PCMA"] * 99})),
        ("42.codec", 8),
        ("42.rate", 52),
        ("42.rate", "fifty"),
        ("42.refusal", "401 Forbidden"),
        ("42.decided", "F1"),
        ("42.answered", 1),
        ("42.answered", "False"),
        ("42.rate", True),
        ("42.rate", "50 ms"),
        ("42.share", "35 ms"),
        ("42.rate", float("nan")),
        ("42.codec", Hostile()),
    ],
)
def test_wrong_answers_are_not_and_lead_to_the_hints(name: str, answer: object) -> None:
    reply = check(name, answer)
    assert reply.right is False
    assert f'hint("{name}")' in str(reply)


def test_a_name_of_the_configuration_keeps_its_small_letters() -> None:
    assert questions.find("choppy-at-the-far-end.wish").right.startswith("a=ptime:20")
    assert questions.find("choppy-at-the-far-end.layer").right.startswith("sdp: ")


def test_half_of_an_object_is_told_what_is_missing() -> None:
    assert "Of which object" in str(check("choppy-at-the-far-end.object", "allow"))
    assert "Which one?" in str(check("choppy-at-the-far-end.object", "endpoint"))


def test_another_option_of_the_right_object_is_told_apart() -> None:
    assert "An option of endpoint it is, but not rtp_symmetric." in str(
        check("choppy-at-the-far-end.object", "endpoint.rtp_symmetric")
    )


def test_words_for_a_number_are_told_that_one_is_wanted() -> None:
    assert "The answer is a number." in str(check("42.rate", "one every 20 ms"))


def test_a_foreseen_wrong_answer_gets_its_own_reply() -> None:
    assert "Not yet. PCMU was only offered." == str(check("42.codec", "pcmu"))


@pytest.mark.parametrize("answer", [..., None, ""])
def test_no_answer_is_neither_right_nor_wrong(answer: object) -> None:
    reply = check("42.codec", answer)
    assert reply.right is None
    assert "No answer yet" in str(reply)


@pytest.mark.parametrize("ask", [check, hint])
@pytest.mark.parametrize("name", ["42.codek", "", 7, None])
def test_an_unknown_question_is_told_the_nearest_and_nothing_is_raised(ask: object, name: object) -> None:
    assert "Did you mean '42." in str(ask(name))  # type: ignore[operator]


def test_no_reply_to_a_wrong_answer_gives_the_right_one_away() -> None:
    assert "PCMA" not in f"{check('42.codec', 'opus')}{check('42.codec', 'PCMU')}"


def test_a_reply_shows_its_verdict_in_words_and_escapes_what_it_quotes() -> None:
    shown = check("42.codec", "<script>")._repr_html_()
    assert "Not yet." in shown
    assert "<script>" not in shown


def test_each_hint_lies_folded_in_the_one_before_it() -> None:
    shown = hint("42.codec")._repr_html_()
    first, second = shown.index("Hint 1 of 2"), shown.index("Hint 2 of 2")
    assert first < second < shown.index("</details></details>")
    assert "2 hints, the first: Look at the SDP." == str(hint("42.codec"))


def test_a_question_without_hints_says_so() -> None:
    assert "no hints" in hint("42.rate")._repr_html_()


def test_answers_and_hints_are_kept_in_the_journal_and_what_is_neither_is_not() -> None:
    check("42.codec", ...)
    check("42.none", 1)
    check("42.codec", "opus")
    check("42.codec", "PCMA")
    hint("42.codec")
    told = [(event.what, event.name, event.right, event.hints) for event in journal.read()]
    assert told == [
        ("check", "42.codec", False, 0),
        ("check", "42.codec", True, 0),
        ("hint", "42.codec", None, 2),
    ]
