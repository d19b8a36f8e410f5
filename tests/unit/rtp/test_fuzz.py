"""Broken packets: nothing that reads RTP or RTCP fails otherwise than by ParseError, or takes long."""

from __future__ import annotations

from tests.bench.rtp_fuzz import LIMIT_S, fuzz


def test_broken_packets_are_read_or_refused() -> None:
    """A small share of the bench's quarter of a million."""
    outcome = fuzz(500)
    assert outcome.inputs >= 500
    assert outcome.refused > 100
    assert outcome.slowest_s < LIMIT_S
