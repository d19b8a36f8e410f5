"""The voice of a running call as it is heard at each end: loss and jitter, four times a second, as SVG and as words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from labkit.rtp.report import MediaReport, ReceivedStream

RATE_HZ = 4.0
KEPT = 80
"""Samples that are shown."""
_WIDTH, _HEIGHT, _LEFT = 340, 96, 52
_LEAST_JITTER_MS = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one direction."""

    packets: int
    """Received since the look before."""
    lost: int
    """Lost since the look before."""
    jitter_ms: float
    """Interarrival jitter now (RFC 3550, section 6.4.1)."""

    @property
    def loss(self) -> float:
        """Share lost, 0 to 1."""
        return self.lost / (self.packets + self.lost) if self.packets + self.lost else 0.0


@dataclass(slots=True)
class Gauge:
    """One direction: what one end hears."""

    title: str
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=KEPT))
    packets: int = 0
    lost: int = 0

    def take(self, media: MediaReport | None) -> None:
        """Take a look; an end without media adds nothing."""
        if media is None:
            return
        streams = media.received
        packets, lost = sum(each.packets for each in streams), sum(each.lost for each in streams)
        self.samples.append(Sample(max(0, packets - self.packets), max(0, lost - self.lost), _jitter(streams)))
        self.packets, self.lost = packets, lost

    def __str__(self) -> str:
        """The figures in a line."""
        if not self.packets:
            return f"{self.title}: no RTP yet"
        now = self.samples[-1]
        share = 100 * self.lost / (self.packets + self.lost)
        silent = "" if now.packets else ", silent now"
        return (
            f"{self.title}: {self.packets} packets, {self.lost} lost ({share:.1f} %), "
            f"jitter {now.jitter_ms:.1f} ms{silent}"
        )


def _jitter(streams: tuple[ReceivedStream, ...]) -> float:
    newest = max(streams, key=lambda each: each.last_s, default=None)
    return newest.jitter_ms if newest else 0.0


def svg(gauges: Mapping[str, Gauge]) -> str:
    """A chart for each direction: bars are packets lost (%), the line is jitter (ms)."""
    charts = "".join(f'<div style="flex: 1 1 360px">{_chart(each)}</div>' for each in gauges.values())
    return f'<div style="display: flex; flex-wrap: wrap; gap: 10px">{charts}</div>'


def _chart(gauge: Gauge) -> str:
    top_ms = max([_LEAST_JITTER_MS, *(each.jitter_ms for each in gauge.samples)])
    parts = "".join((*_frame(top_ms), *_bars(gauge), _line(gauge, top_ms)))
    words = escape(str(gauge))
    return (
        f'<svg role="img" aria-label="{words}" viewBox="0 0 {_WIDTH + _LEFT} {_HEIGHT + 26}" '
        f'style="width: 100%; max-width: {_WIDTH + _LEFT}px; display: block">{parts}</svg><p>{words}</p>'
    )


def _frame(top_ms: float) -> Iterator[str]:
    yield f'<rect x="{_LEFT}" y="4" width="{_WIDTH}" height="{_HEIGHT}" fill="var(--lk-head)" stroke="var(--lk-line)"/>'
    yield f'<text x="{_LEFT - 6}" y="14" text-anchor="end" class="quiet">{top_ms:.0f} ms</text>'
    yield f'<text x="{_LEFT - 6}" y="{_HEIGHT + 4}" text-anchor="end" class="quiet">0</text>'
    legend = f"line: jitter; bars: share lost; {KEPT / RATE_HZ:.0f} s in all"
    yield f'<text x="{_LEFT}" y="{_HEIGHT + 21}" class="quiet">{legend}</text>'


def _bars(gauge: Gauge) -> Iterator[str]:
    step = _WIDTH / KEPT
    for at, sample in enumerate(gauge.samples):
        if sample.lost:
            high = max(3.0, sample.loss * _HEIGHT)
            x = _LEFT + at * step
            yield (
                f'<rect x="{x:.1f}" y="{4 + _HEIGHT - high:.1f}" width="{step - 1:.1f}" height="{high:.1f}" '
                'fill="var(--lk-bad)"/>'
            )


def _line(gauge: Gauge, top_ms: float) -> str:
    step = _WIDTH / KEPT
    points = " ".join(
        f"{_LEFT + (at + 0.5) * step:.1f},{4 + _HEIGHT * (1 - each.jitter_ms / top_ms):.1f}"
        for at, each in enumerate(gauge.samples)
    )
    return f'<polyline points="{points}" fill="none" stroke="var(--lk-leg)" stroke-width="2"/>'
