"""The picture of the lamps: each with a sign, a word and its reason, and what the findings rest on."""

from itertools import pairwise

import pytest

from labkit import show
from labkit.diagnosis.finding import LAYERS, Evidence, Finding
from labkit.diagnosis.triage import Lamp, Triage
from labkit.show.canvas import text_width
from labkit.show.lamp_row import wrapped

FINDING = Finding(
    "no-identify", "signalling", "identify", "match", 0.93,
    "The INVITE from 203.0.113.11 got our own 401: no identify matches that address: Asterisk cannot know who calls.",
    (Evidence("message", "401 Unauthorized, 10.10.0.10 to 203.0.113.11, at 0.003 s", "inside", 12),
     Evidence("log", "No matching endpoint found")),
    "pjsip show identifies; compare with the source of the INVITE.", ("A01",),
)  # fmt: skip
STATES = {"signalling": "red", "dialplan": "green", "nat": "green"}
LAMPS = [Lamp(layer, STATES.get(layer, "unknown"), f"Seen in {LAYERS[layer]} of this call.") for layer in LAYERS]
TRIAGE = Triage(tuple(LAMPS), (FINDING,), ())


def letters(triage: Triage, theme: str = "light") -> list[str]:
    return [text.get_text() for text in show.lamps(triage).on(theme).figure().texts]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_lamp_has_a_sign_a_name_and_a_word(theme: str) -> None:
    drawn = letters(TRIAGE, theme)
    assert set(LAYERS.values()) <= set(drawn)
    assert (drawn.count("✕"), drawn.count("✓"), drawn.count("?")) == (1, 2, 3)
    assert (drawn.count("fault"), drawn.count("works"), drawn.count("cannot tell")) == (1, 2, 3)


def test_a_finding_is_told_with_its_evidence_and_what_to_do_next() -> None:
    drawn = letters(TRIAGE)
    assert "identify.match   93% sure   SIP signalling" in drawn
    assert "· 401 Unauthorized, 10.10.0.10 to 203.0.113.11, at 0.003 s (inside frame 12)" in drawn
    assert "→ pjsip show identifies; compare with the source of the INVITE." in drawn


def test_no_finding_is_said() -> None:
    assert "Nothing wrong was found." in letters(Triage(TRIAGE.lamps, (), ()))


def test_the_text_form_is_the_triages() -> None:
    assert str(show.lamps(TRIAGE)) == str(TRIAGE)


def test_a_text_is_wrapped_to_its_room_and_loses_no_word() -> None:
    lines = wrapped(FINDING.says, 12, 188)
    assert " ".join(lines) == FINDING.says
    assert all(text_width(line, 12) <= 188 for line in lines)


def test_each_lamp_can_be_chosen_and_tells_its_reason_and_its_findings() -> None:
    spots = show.lamps(TRIAGE).spots
    assert [spot.name for spot in spots][:2] == ["SIP signalling: fault", "SDP: cannot tell"]
    assert spots[0].words == f"SIP signalling: fault. Seen in SIP signalling of this call.\n\n{FINDING}"
    assert spots[1].words == "SDP: cannot tell. Seen in SDP of this call."
    assert all(one.left + one.width <= two.left or one.top + one.height <= two.top for one, two in pairwise(spots))
    assert all(spot.top >= 0 and spot.top + spot.height <= 1 and spot.left + spot.width <= 1 for spot in spots)
