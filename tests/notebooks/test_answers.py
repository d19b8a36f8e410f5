"""The answers of the lessons are what the committed ladders show, and the ladders are compared with live runs."""

from __future__ import annotations

from pathlib import Path

import nbformat

from labkit.lesson import questions

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def ladder(name: str, asked: str) -> list[str]:
    """The lines of the ladder that a cell with these words drew."""
    cells = nbformat.read(NOTEBOOKS / name, as_version=4).cells
    cell = next(cell for cell in cells if cell.cell_type == "code" and asked in cell.source)
    return str(cell.outputs[-1].data["text/plain"]).splitlines()


def row(lines: list[str], number: str) -> str:
    """A message and the small print below it."""
    at = next(at for at, line in enumerate(lines) if line.split()[:1] == [number])
    return "\n".join(lines[at : at + 2])


def test_the_codec_of_leg_b_was_decided_by_the_first_answer_on_it() -> None:
    (number,) = questions.find("01.codec").answer
    decided = row(ladder("01-one-good-call.ipynb", "lab.call"), str(number))
    assert f"{number} b" in decided
    assert "200 OK" in decided
    assert "answer PCMA" in decided


def test_the_provider_learnt_the_media_address_by_the_invite_after_its_challenge() -> None:
    lines = ladder("01-one-good-call.ipynb", "lab.call")
    challenge = next(at for at, line in enumerate(lines) if "407" in line)
    accepted = next(line for line in lines[challenge:] if "INVITE" in line)
    assert (accepted.split()[0],) == questions.find("01.media-address").answer


def test_the_incoming_call_has_as_many_first_invites_as_the_answer_says_and_goes_to_the_public_address() -> None:
    lines = ladder("00-start-here.ipynb", "lab.inbound")
    assert questions.find("00.legs").accepts(sum("INVITE" in line for line in lines))
    assert f"target {questions.find('00.public-address').answer[0]} → 10.10.0.10" in row(lines, "F1")


def test_the_second_did_rings_the_second_phone() -> None:
    assert "phone-1002" in ladder("01-one-good-call.ipynb", "lab.inbound")[2]


def test_the_refused_call_without_a_contact_has_the_response_that_the_one_without_a_pattern_lacks() -> None:
    unreachable, unmatched = (ladder("11-reachability.ipynb", call) for call in ("refused = lab", "again = lab"))
    (name, *_) = questions.find("11.missing").answer
    assert any(str(name) in line for line in unreachable)
    assert not any(str(name) in line for line in unmatched)
    assert all(
        "404 Not Found" in "".join(lines) and "provider" not in "".join(lines) for lines in (unreachable, unmatched)
    )
