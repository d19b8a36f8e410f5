"""The E-model against published values."""

from __future__ import annotations

import pytest

from labkit.trace.quality import effective_impairment, estimate, mos, r_factor


def test_default_rating_is_that_of_g_107() -> None:
    """ITU-T G.107 (06/2015) section 7.7: all parameters at their defaults give R = 93.2, MOS 4.41."""
    assert 93.2 == round(r_factor(), 1)
    assert 4.41 == round(mos(r_factor()), 2)


@pytest.mark.parametrize(("rating", "score"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_scores_of_g_107_table_b_1(rating: float, score: float) -> None:
    """ITU-T G.107 table B.1: lower limits of R for the classes of user satisfaction and their MOS."""
    assert score == pytest.approx(mos(rating), abs=0.01)


@pytest.mark.parametrize(("rating", "score"), [(-5, 1.0), (0, 1.0), (100, 4.5), (130, 4.5)])
def test_scores_outside_of_the_scale(rating: float, score: float) -> None:
    """ITU-T G.107 annex B."""
    assert score == mos(rating)


@pytest.mark.parametrize(
    ("ie", "bpl", "loss_percent", "impairment"),
    [(0, 4.3, 1, 17.9), (0, 4.3, 2, 30.2), (11, 19.0, 2, 19.0), (11, 19.0, 4, 25.6), (15, 16.1, 2, 23.8)],
)
def test_impairments_of_g_113(ie: float, bpl: float, loss_percent: float, impairment: float) -> None:
    """ITU-T G.107 equation 7-29 with Ie and Bpl of G.113 appendix I: G.711 without concealment, G.729A, G.723.1.

    G.113 table I.2 lists 19 for G.729A at 2 % and 26 at 4 %, 24 for G.723.1 at 2 %, found by listening.
    """
    assert impairment == pytest.approx(effective_impairment(ie, bpl, loss_percent), abs=0.05)


def test_bursts_are_worse_than_single_losses() -> None:
    assert effective_impairment(0, 25.1, 5, 3.0) > effective_impairment(0, 25.1, 5)


def test_delay_costs_little_to_150_ms_and_much_beyond() -> None:
    """ITU-T G.114 section 4: up to 150 ms most applications are not affected; 400 ms is the planning limit."""
    assert r_factor(0) - r_factor(150) < 5
    assert r_factor(150) - r_factor(400) > 20


def test_estimate_names_its_assumptions_or_says_why_there_is_none() -> None:
    assert "G.711 with loss concealment" in estimate("PCMA", 0.01).assumes
    assert (None, None, "no G.113 values for opus") == (
        *(estimate("opus", 0.0).r_factor, estimate("opus", 0.0).mos),
        estimate("opus", 0.0).assumes,
    )
