"""G.711 against the values of ITU-T G.711: ends of the tables, the digital milliwatt, the levels."""

from __future__ import annotations

import math
from array import array

import pytest

from labkit.rtp.g711 import A_LAW, MU_LAW, Law

MILLIWATT = {"PCMU": "1E0B0B1E9E8B8B9E", "PCMA": "342121 34B4A1A1B4".replace(" ", "")}
"""One period of 1 kHz at 0 dBm0 (ITU-T G.711, tables 5 and 6)."""

VALUES = [
    (MU_LAW, 0xFF, 0),
    (MU_LAW, 0x7F, 0),
    (MU_LAW, 0x80, 4 * 8031),
    (MU_LAW, 0x00, -4 * 8031),
    (MU_LAW, 0xEF, 4 * 33),
    (A_LAW, 0xD5, 8 * 1),
    (A_LAW, 0x55, -8 * 1),
    (A_LAW, 0xAA, 8 * 4032),
    (A_LAW, 0x2A, -8 * 4032),
]
"""Law, octet on the line, decoder output of tables 1a to 2b on the 16-bit scale."""


@pytest.mark.parametrize(("law", "octet", "value"), VALUES)
def test_decoder_output_is_that_of_the_tables(law: Law, octet: int, value: int) -> None:
    assert law.decoding[octet] == value


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_every_octet_survives_decoding_and_encoding(law: Law) -> None:
    octets = bytes(octet for octet in range(256) if (law.name, octet) != ("PCMU", 0x7F))
    assert law.encode(law.decode(octets)) == octets


def test_mu_law_writes_zero_as_positive_zero() -> None:
    assert MU_LAW.encode(array("h", [0])) == b"\xff"


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_every_sample_gets_the_nearest_value(law: Law) -> None:
    values = sorted(law.decoding)
    for sample in range(-32768, 32768, 37):
        nearest = min(abs(sample - value) for value in values)
        assert abs(law.decode(law.encode(array("h", [sample])))[0] - sample) <= nearest


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_digital_milliwatt_has_zero_dbm0(law: Law) -> None:
    samples = law.decode(bytes.fromhex(MILLIWATT[law.name]))
    peak = math.sqrt(2 * sum(sample * sample for sample in samples) / len(samples))
    assert 20 * math.log10(peak / law.zero_dbm0_peak) == pytest.approx(0, abs=0.01)
