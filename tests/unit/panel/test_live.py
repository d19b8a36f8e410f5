"""What the live view measures, draws and does, without a browser and without a lab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labkit.errors import CaptureError
from labkit.panel.gauges import KEPT, Gauge, svg
from labkit.panel.live import CallPanel
from labkit.rtp.report import MediaReport, ReceivedStream
from labkit.rtp.tone import MeasuredTone
from tests.unit.panel.fakes import FakeLab, FakeParty, call


def media(packets: int, lost: int = 0, jitter_ms: float = 1.0) -> MediaReport:
    stream = ReceivedStream(1, (), packets, packets + lost, lost, 0, 0, 0, jitter_ms, 0, {8: packets}, 0.0, 1.0)
    return MediaReport(("10.10.0.21", 4000), (), (stream,), MeasuredTone(0.0, 0.0), (), 0, 0)


def test_each_look_tells_what_came_and_was_lost_since_the_look_before() -> None:
    gauge = Gauge("heard by phone-1001")
    assert str(gauge) == "heard by phone-1001: no RTP yet"
    for report in (media(12), media(20, 4, 3.5), media(20, 4, 3.5)):
        gauge.take(report)
    gauge.take(None)
    assert [(each.packets, each.lost) for each in gauge.samples] == [(12, 0), (8, 4), (0, 0)]
    assert gauge.samples[1].loss == pytest.approx(1 / 3)
    assert str(gauge) == "heard by phone-1001: 20 packets, 4 lost (16.7 %), jitter 3.5 ms, silent now"


def test_a_new_stream_with_smaller_figures_counts_nothing_backwards() -> None:
    gauge = Gauge("x")
    for report in (media(100, 9), media(10, 0)):
        gauge.take(report)
    assert gauge.samples[-1].packets == gauge.samples[-1].lost == 0


def test_the_charts_have_words_a_bar_for_each_loss_and_no_more_than_twenty_seconds() -> None:
    gauge = Gauge("heard by <b>")
    for look in range(1, 3 * KEPT):
        gauge.take(media(12 * look, look // KEPT))
    drawn = svg({"one": gauge})
    assert len(gauge.samples) == KEPT
    assert 'role="img" aria-label="heard by &lt;b&gt;: ' in drawn
    assert drawn.count('fill="var(--lk-bad)"') == sum(1 for each in gauge.samples if each.lost)
    assert drawn.count(",") >= KEPT


class Recorder(SimpleNamespace):
    capture = SimpleNamespace(points={})


class CallingLab(FakeLab):
    """A lab whose one call is up until it is hung up."""

    @contextmanager
    def capture(self, title: str) -> Iterator[Any]:
        self.asked.append(f"lab.capture(title={title!r})")
        yield Recorder()

    def phone(self, name: str) -> Any:
        party = FakeParty(f"lab.phone({name!r})", self.asked, self._calls)
        party.report = lambda name: self._calls[0]  # type: ignore[attr-defined]
        return party

    @property
    def provider(self) -> Any:
        return self.phone("provider")

    @property
    def parties(self) -> Any:
        return self


@pytest.fixture
def lab(tmp_path: Path) -> CallingLab:
    return CallingLab(tmp_path, [call("confirmed")])


@pytest.fixture
def panel(lab: CallingLab, monkeypatch: pytest.MonkeyPatch) -> CallPanel:
    made = CallPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(made, "draw", lambda capture, grows=False: None)
    return made


def until(asked: list[str], text: str) -> None:
    for _ in range(500):
        if any(text in each for each in asked):
            return
        time.sleep(0.01)
    raise AssertionError(f"{text} was never asked: {asked}")


def test_a_call_is_captured_placed_and_watched_until_it_is_hung_up(panel: CallPanel, lab: CallingLab) -> None:
    panel.out.click()
    until(lab.asked, "place")
    assert "Hang up ends it" in panel.frame.doing
    panel.hang_up.click()
    panel.settle()
    assert lab.asked == [
        "lab.capture(title='live')",
        "lab.phone('phone-1001').place('+15550100')",
        "lab.phone('phone-1001').hang_up('call-7')",
        "lab.phone('phone-1001').wait('call-7', 'ended', 2.0)",
    ]
    assert panel.frame.twin == 'lab.call("phone-1001", "+15550100", hold_s=10)'


def test_a_call_that_ends_by_itself_ends_the_watch(panel: CallPanel, lab: CallingLab) -> None:
    lab._calls = [call("ended")]
    panel.incoming.click()
    panel.settle()
    assert "lab.phone('provider').place('+442079460000', caller='+15550123')" in lab.asked
    assert "200 OK" in panel.frame.said


def test_without_a_call_there_is_nothing_to_hang_up_or_hear(panel: CallPanel) -> None:
    panel.hang_up.click()
    assert panel.frame.said == "No call is watched. Press Call out or Call in first."
    panel.listen.click()
    panel.settle()
    assert panel.frame.said == "Nothing to listen to yet: place a call first."


def test_the_line_is_made_bad_and_good_while_a_call_is_up(panel: CallPanel, lab: CallingLab) -> None:
    panel.quality.value = (0.05, 0.0)
    assert panel.frame.twin == "lab.impair(loss=0.05, jitter_ms=0, delay_ms=0)"
    panel.quality.value = (0.0, 0.0)
    panel._side.settle()
    assert lab.asked == ["lab.impair(loss=0.05, jitter_ms=0.0, delay_ms=0.0)", "lab.impair()"]


def test_what_cannot_be_read_yet_is_told_and_the_view_goes_on(lab: CallingLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*_: Any, **__: Any) -> None:
        raise CaptureError("the file ends in the middle of a packet")

    monkeypatch.setattr("labkit.show.ladders.ladder", half)
    made = CallPanel("default", lambda: lab)  # type: ignore[arg-type,return-value]
    made.draw(Recorder())  # type: ignore[arg-type]
    assert "in the middle of a packet" in made.words.value
