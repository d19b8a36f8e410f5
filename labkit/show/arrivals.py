"""Charts made of single packets: the loss map and the sequence plot."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from labkit.show.fates import CAME, LATE, LOST, NAMES, SIGNS, TWICE, Fates, Track
from labkit.show.palette import Palette
from labkit.show.panels import MOST, SMALL, WIDTH, Scale, Series, chart, place, sheet, write
from labkit.show.pictures import Picture

ROW = 50
"""Packets in a row of the map: one second at 20 ms a packet."""
CELL = 6.6
"""Pitch of the cells in CSS pixels."""
MOST_ROWS = 40
"""A longer map has several packets to the cell, of which the worst is shown."""
MOST_LINES = 12
"""Rows with trouble that the text form shows of one stream."""
WORST_FIRST = np.array([0, 3, 2, 1])
"""Weight of each fate where a cell stands for several packets."""


def loss_map(tracks: Sequence[Track]) -> Picture:
    """Each packet as a cell, fifty to the row, so that single losses, bursts and periods show as what they are."""
    fates = [(track.name, Fates.of(track)) for track in tracks]
    return Picture(_words(fates), lambda palette: _figure(fates, palette))


def sequence_plot(tracks: Sequence[Track]) -> Picture:
    """Sequence number over time: a straight line is good, a step is loss, a point below the line came late."""
    series = []
    for track in tracks:
        fates = Fates.of(track)
        rise = track.sequence - fates.first
        lost_s = fates.times_s[fates.fate == LOST]
        series.append(Series(track.name, track.times_s, rise.astype(float), fates.summary(), lost_s))
    scale = Scale("Sequence number over time", "packets since the first", style="points", mark_name="a lost packet")
    return chart(scale, series)


def _words(fates: Sequence[tuple[str, Fates]]) -> str:
    lines = [f"Packets, {ROW} in a row: " + ", ".join(f"{s} {n}" for s, n in zip(SIGNS, NAMES, strict=True))]
    for name, each in fates:
        lines += [f"{name}: {each.summary()}", *_troubled(each)]
    return "\n".join(lines)


def _troubled(fates: Fates) -> list[str]:
    rows = [
        f"  {fates.times_s[start]:8.2f} s  {''.join(SIGNS[fate] for fate in fates.fate[start : start + ROW])}"
        for start in range(0, len(fates.fate), ROW)
        if (fates.fate[start : start + ROW] != CAME).any()
    ]
    more = [f"  and {len(rows) - MOST_LINES} more rows"] if len(rows) > MOST_LINES else []
    return rows[:MOST_LINES] + more


def _figure(fates: Sequence[tuple[str, Fates]], palette: Palette) -> Figure:
    shown = fates[:MOST]
    grids = [_cells(each) for _, each in shown]
    heights = [42 + CELL * len(grid) for grid, _ in grids]
    pairs = [max(heights[row : row + 2]) for row in range(0, len(heights), 2)]
    figure = sheet(WIDTH, 44 + sum(pairs) + 44, palette)
    write(figure, 18, 28, "Every packet in its place", palette.ink, 14, bold=True)
    for index, ((name, each), (grid, packets)) in enumerate(zip(shown, grids, strict=True)):
        x, y = 64 + (index % 2) * 385, 44 + sum(pairs[: index // 2])
        write(figure, x, y + 14, name, palette.ink, 12, bold=True)
        each_cell = f"{packets} packets a cell" if packets > 1 else ""
        write(figure, x + CELL * ROW, y + 14, each_cell, palette.quiet, align="right")
        axes = place(figure, x, y + 22, CELL * ROW, CELL * len(grid), palette)
        axes.set_xlim(0, ROW)
        axes.set_ylim(len(grid), 0)
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        ticks = list(range(0, len(grid), max(2, ceil(len(grid) / 6))))
        axes.set_yticks([tick + 0.5 for tick in ticks])
        axes.set_yticklabels([f"{each.times_s[tick * ROW * packets]:.1f} s" for tick in ticks])
        axes.tick_params(length=0)
        for fate in (CAME, LATE, TWICE, LOST):
            axes.add_collection(_marks(grid, fate, palette))
    _key(figure, 44 + sum(pairs) + 22, palette)
    return figure


def _cells(fates: Fates) -> tuple[np.ndarray, int]:
    """The worst fate of each cell in rows of fifty (-1 beyond the end), and packets per cell."""
    packets = ceil(len(fates.fate) / (ROW * MOST_ROWS))
    padded = np.full(ceil(len(fates.fate) / (ROW * packets)) * ROW * packets, -1, dtype=np.int64)
    padded[: len(fates.fate)] = fates.fate
    groups = padded.reshape(-1, packets)
    weight = np.where(groups < 0, -1, WORST_FIRST[groups])
    worst = groups[np.arange(len(groups)), weight.argmax(axis=1)]
    return worst.reshape(-1, ROW), packets


def _marks(grid: np.ndarray, fate: int, palette: Palette) -> PolyCollection:
    """All cells of one fate, each fate with a shape of its own."""
    rows, columns = np.nonzero(grid == fate)
    outline = np.array(SHAPES[fate])
    corners = outline[None, :, :] + np.stack([columns, rows], axis=1)[:, None, :]
    return PolyCollection(list(corners), facecolors=_inks(palette)[fate], edgecolors="none")


SHAPES = {
    CAME: ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)),
    LOST: ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98)),
    LATE: ((0.5, 0.0), (1.0, 0.9), (0.0, 0.9)),
    TWICE: ((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)),
}
"""A dot, a full square, a triangle and a diamond, in cells."""


def _inks(palette: Palette) -> dict[int, str]:
    return {CAME: palette.line, LOST: palette.bad, LATE: palette.ask, TWICE: palette.legs[1]}


def _key(figure: Figure, y: float, palette: Palette) -> None:
    total_y = float(figure.get_size_inches()[1]) * 96
    x = 64.0
    for fate in (CAME, LOST, LATE, TWICE):
        axes = figure.add_axes((x / WIDTH, 1 - (y + 1) / total_y, 9 / WIDTH, 9 / total_y))
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(1, 0)
        axes.add_collection(_marks(np.array([[fate]]), fate, palette))
        write(figure, x + 14, y, NAMES[fate], palette.quiet, SMALL)
        x += 110
