"""What RTCP says about streams: the columns rtcp_* (RFC 3550 section 6.4)."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import trace_wire as wire
from trace_dialogs import Call

from labkit.rtp.rtcp import ReceiverReport, ReportBlock, SenderReport, middle_bits, ntp_time
from labkit.trace import open_trace

HERE, THERE = Call().media
SSRC, OTHER = 0xAB, 0xCD
SENT_S = 2.0


def control(at_s: float, packet: SenderReport | ReceiverReport, back: bool = False, mux: bool = False) -> wire.Frame:
    """A packet of RTCP, on the port above that of RTP or on the same (RFC 5761)."""
    (src, port), (dst, far) = (THERE, HERE) if back else (HERE, THERE)
    above = not mux
    return wire.START_S + at_s, wire.ethernet(wire.udp((src, port + above), (dst, far + above), bytes(packet)))


def sender(at_s: float) -> SenderReport:
    return SenderReport(SSRC, ntp_time(wire.START_S + at_s), 0, 50, 8000)


def block(lost: int, fraction: float, jitter: int, answers_s: float | None = None, delay_s: float = 0.0) -> ReportBlock:
    last = middle_bits(ntp_time(wire.START_S + answers_s)) if answers_s is not None else 0
    return ReportBlock(SSRC, round(fraction * 256), lost, 50, jitter, last, round(delay_s * 65_536))


def row(path: Path, frames: list[wire.Frame]) -> pd.Series:
    """The stream from here to there, with some RTCP beside it."""
    media = [
        (wire.START_S + 1.2 + 0.02 * n, wire.ethernet(wire.udp(HERE, THERE, wire.rtp(n, 160 * n, SSRC))))
        for n in range(100)
    ]
    whole = sorted([*Call().frames(), *media, *frames], key=lambda frame: frame[0])
    return open_trace(wire.pcap(path / "x.pcap", whole)).streams.iloc[0]


@pytest.mark.parametrize("mux", [False, True])
def test_last_loss_worst_fraction_and_worst_jitter_are_kept(tmp_path: Path, mux: bool) -> None:
    told = [(2.5, block(4, 0.25, 40)), (3.0, block(7, 0.125, 160)), (3.1, block(6, 0.0, 80))]
    stream = row(tmp_path, [control(at_s, ReceiverReport(OTHER, (each,)), True, mux) for at_s, each in told])
    assert (3, 6, 0.25) == (stream.rtcp_reports, stream.rtcp_lost, stream.rtcp_loss_max)
    assert 20.0 == stream.rtcp_jitter_max_ms  # 160 ticks of 8 kHz


def test_reports_come_in_the_sender_reports_of_the_other_side_too(tmp_path: Path) -> None:
    both = SenderReport(OTHER, ntp_time(wire.START_S), 0, 1, 1, (block(3, 0.5, 8),))
    assert 3 == row(tmp_path, [control(2.5, both, back=True)]).rtcp_lost


def test_round_trip_is_from_the_capture_to_the_receiver_and_back(tmp_path: Path) -> None:
    answer = ReceiverReport(OTHER, (block(0, 0.0, 0, SENT_S, delay_s=0.4),))
    stream = row(tmp_path, [control(SENT_S, sender(SENT_S)), control(SENT_S + 0.46, answer, back=True)])
    assert 60.0 == pytest.approx(stream.rtcp_rtt_ms, abs=0.1)


@pytest.mark.parametrize("answers_s", [None, 1.5])
def test_without_the_sender_report_there_is_no_round_trip(tmp_path: Path, answers_s: float | None) -> None:
    answer = ReceiverReport(OTHER, (block(0, 0.0, 0, answers_s, 0.4),))
    stream = row(tmp_path, [control(SENT_S, sender(SENT_S)), control(SENT_S + 0.46, answer, back=True)])
    assert 1 == stream.rtcp_reports
    assert math.isnan(stream.rtcp_rtt_ms if stream.rtcp_rtt_ms is not None else math.nan)


def test_reports_of_somebody_else_do_not_count(tmp_path: Path) -> None:
    own = ReceiverReport(OTHER, (block(9, 0.5, 800),))
    assert 0 == row(tmp_path, [control(2.5, own)]).rtcp_reports


def test_broken_rtcp_says_nothing(tmp_path: Path) -> None:
    time_s, frame = control(2.5, ReceiverReport(OTHER, (block(9, 0.5, 800),)), back=True)
    stream = row(tmp_path, [(time_s, frame[:-6])])
    assert 0 == stream.rtcp_reports
    assert pd.isna(stream.rtcp_lost)
