"""Charts: fates of packets, sparklines, panels and lanes, each with its text form."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from labkit.errors import LabError
from labkit.show.arrivals import loss_map, sequence_plot
from labkit.show.fates import CAME, LATE, LOST, TWICE, Burst, Fates, Track
from labkit.show.lanes import Bar, Lane, lanes
from labkit.show.panels import Scale, Series, blank, chart
from labkit.show.pictures import Picture
from labkit.show.spark import spark


def track(sequence: list[int], name: str = "a → b PCMU") -> Track:
    """A track with a packet every 20 ms of its own clock."""
    numbers = np.array(sequence)
    return Track(name, (numbers - numbers[0]) * 0.02 + 1.0, numbers)


@pytest.mark.parametrize(
    ("sequence", "fates"),
    [
        ([5, 6, 7], [CAME, CAME, CAME]),
        ([5, 7], [CAME, LOST, CAME]),
        ([5, 7, 6], [CAME, LATE, CAME]),
        ([5, 6, 6, 7], [CAME, TWICE, CAME]),
        ([5], [CAME]),
        ([6, 5, 9], [LATE, CAME, LOST, LOST, CAME]),
    ],
)
def test_each_packet_has_one_fate(sequence: list[int], fates: list[int]) -> None:
    assert fates == Fates.of(track(sequence)).fate.tolist()


def test_bursts_are_runs_of_lost_packets_with_their_times() -> None:
    fates = Fates.of(track([0, 1, 4, 5, 7]))
    assert [2, 1] == [burst.packets for burst in fates.bursts()]
    assert pytest.approx([1.04, 1.12]) == [burst.time_s for burst in fates.bursts()]
    assert "8 expected, 3 lost (37.5 %) in 2 bursts, longest 2 at 1.04 s" == fates.summary()
    assert Burst(1.0, 2) != Burst(1.0, 1)


def test_the_text_of_a_loss_map_shows_the_rows_with_trouble_only() -> None:
    numbers = [n for n in range(150) if n not in (70, 71)]
    lines = str(loss_map([track(numbers)])).splitlines()
    assert "a → b PCMU: 150 expected, 2 lost (1.3 %) in 1 burst, longest 2 at 2.40 s" == lines[1]
    assert ["      2.00 s  " + "·" * 20 + "xx" + "·" * 28] == lines[2:]


def test_the_text_of_a_bad_stream_is_cut_and_says_so() -> None:
    lines = str(loss_map([track(list(range(0, 2000, 2)))])).splitlines()
    assert 2 + 12 + 1 == len(lines)
    assert "  and 28 more rows" == lines[-1]


def test_a_million_packets_are_drawn_soon() -> None:
    began = time.process_time()
    loss_map([track(list(range(1_000_000)))]).png()
    assert time.process_time() - began < 5.0


def test_a_spark_shows_the_peak_of_each_stretch_and_blanks_where_nothing_is() -> None:
    assert "▁█  ▄ " == spark([0.0, 0.2, 0.3, 0.7], [0.0, 0.0, 8.0, 4.0], (0.0, 1.0), 8.0, 6).replace("▅", "▄")
    assert "▁" == spark([0.0], [1.0], (0.0, 0.0), 0.0, 1)
    assert " " == spark([0.0], [float("nan")], (0.0, 1.0), 1.0, 1)


def series(name: str, peak: float) -> Series:
    """Ten seconds with one peak."""
    values = np.ones(10)
    values[5] = peak
    return Series(name, np.arange(10.0), values, f"max {peak:.1f} ms")


def test_the_text_of_a_chart_has_one_line_a_series() -> None:
    lines = str(chart(Scale("Jitter", "ms"), [series("a → b", 3.0), series("bb → a", 8.0)])).splitlines()
    assert "Jitter, ms, 0.0 s to 9.0 s, full bar 8.64" == lines[0]
    assert lines[1].startswith("a → b   ▁")
    assert lines[2].endswith("max 8.0 ms")
    assert "█" in lines[2]
    assert "█" not in lines[1]


def test_lanes_tell_bars_in_order_of_time_over_all_parties() -> None:
    a = Lane("a", (Bar(0.0, 1.0, "offer", "offers PCMU", firm=False), Bar(1.0, 9.0, "PCMU", "PCMU agreed")))
    b = Lane("bee", (Bar(0.5, 9.0, "PCMU", "answers PCMU"),))
    expected = "SDP\n    0.000 s  a    offers PCMU\n    0.500 s  bee  answers PCMU\n    1.000 s  a    PCMU agreed"
    assert expected == str(lanes("SDP", [a, b]))


PICTURES = {
    "chart": chart(Scale("Jitter", "ms", line=2.0, line_name="two"), [series("a", 3.0)] * 3),
    "many": chart(Scale("MOS", "", bottom=1.0, style="steps"), [series("a", 3.0)] * 12),
    "map": loss_map([track([0, 1, 3, 2, 2, 9])] * 3),
    "sequence": sequence_plot([track([0, 1, 3, 2, 2, 9])]),
    "lanes": lanes("DTMF", [Lane("a", (Bar(0.0, 0.1, "5", "digit 5"), Bar(1.0, 3.0, "longer", "x", firm=False)))]),
    "empty lanes": lanes("DTMF", []),
    "blank": blank("Jitter", "no RTP in this trace"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("picture", PICTURES.values(), ids=list(PICTURES))
def test_every_picture_is_small_has_its_text_as_alternative_and_the_same_bytes_again(
    picture: Picture, theme: str
) -> None:
    picture = picture.on(theme)
    html = picture._repr_html_()
    assert html.startswith('<div class="labkit-picture"><img alt="')
    assert html.count("<") == 3
    assert len(picture.png()) <= 60_000
    assert picture.png() == picture.png()


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".txt", b"Jitter"), (".html", b"<!doctype")]
)
def test_a_picture_is_saved_by_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    assert PICTURES["chart"].save(tmp_path / f"a{suffix}").read_bytes().startswith(start)
    with pytest.raises(LabError, match=r"\.bmp"):
        PICTURES["chart"].save(tmp_path / "a.bmp")
