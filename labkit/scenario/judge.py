"""Whether calls and states are as expected: each expectation becomes a check that says what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labkit.rtp.report import MediaReport
from labkit.scenario.model import CallPlan, Expected, StatePlan
from labkit.scenario.run import Placed, Run
from labkit.scenario.verdict import Check
from labkit.sip.report import CallReport

WHOLE = 0.98
"""Share of RTP packets that must arrive."""

_EDGE_S = 0.3
"""RTP may begin so late, or end so early, in all."""
_TONE_HZ = 5.0
"""How far a measured tone may be off."""


def judged(plans: Iterable[CallPlan], states: Iterable[StatePlan], run: Run, bad: bool = False) -> Iterator[Check]:
    """Checks of all calls and states against what is good, or against the symptom that is bad."""
    for plan in plans:
        expected = plan.bad if bad else plan.good
        if expected is not None:
            yield from call_checks(expected, run.call(plan.name))
    seen = {each.name: each.state for each in run.states}
    for state in states:
        if wanted := state.bad if bad else state.good:
            is_now = seen.get(state.name, "")
            yield Check(state.name, is_now in wanted, " or ".join(wanted), is_now or "there is none")


def call_checks(expected: Expected, placed: Placed) -> Iterator[Check]:
    """Checks of one call."""
    outcome = _outcome(placed)
    if expected.answered is not None:
        wanted = "answered" if expected.answered else "not answered"
        yield Check(f"{placed.name}: {wanted}", placed.answered is expected.answered, wanted, outcome)
    if expected.status:
        wanted = " or ".join("no final answer" if each == 0 else str(each) for each in expected.status)
        yield Check(f"{placed.name}: status", placed.status in expected.status, wanted, outcome)
    if expected.at:
        right = placed.at == ("" if expected.at == "nobody" else expected.at)
        yield Check(f"{placed.name}: reaches {expected.at}", right, expected.at, placed.at or "nobody")
    if expected.presented is not None:
        shown = "nobody was reached" if not placed.at else placed.presented or "withheld"
        right = bool(placed.at) and placed.presented == expected.presented
        yield Check(f"{placed.name}: number shown", right, expected.presented or "withheld", shown)
    if expected.provisional:
        wanted = ", ".join(map(str, expected.provisional))
        right = _provisional(placed.near) == expected.provisional
        yield Check(f"{placed.name}: before the answer", right, wanted, _before(placed.near))
    if expected.ringback is not None:
        wanted = "a 180 last, or RTP before the answer"
        yield Check(f"{placed.name}: ringback", _rings(placed.near) is expected.ringback, wanted, _before(placed.near))
    yield from _media_checks(expected, placed)
    yield from _length_checks(expected, placed)


def _media_checks(expected: Expected, placed: Placed) -> Iterator[Check]:
    near, far = ((report.media if report else None) for report in (placed.near, placed.far))
    heard, packet_ms, name = expected.heard, expected.packet_ms, f"{placed.name}: {{}} the "
    yield from _whole_checks(expected.both_ways, near, far, placed)
    yield from _packet_checks(name + "caller", near, packet_ms.near)
    yield from _packet_checks(name + "called party", far, packet_ms.far)
    for end, media, ear, hz in (
        ("caller", near, heard.near, placed.near_hears_hz),
        ("called party", far, heard.far, placed.far_hears_hz),
    ):
        yield from _ear_checks(name + end, media, ear or ("tone" if expected.tone and hz else ""), hz)
    if expected.keys is not None:
        keys = _keys(placed.far)
        yield Check(f"{placed.name}: keys recognised", keys == expected.keys, expected.keys or "none", keys or "none")


def _whole_checks(
    wanted: bool | None, near: MediaReport | None, far: MediaReport | None, placed: Placed
) -> Iterator[Check]:
    """That RTP came whole at both ends, or that it did not."""
    ends = {"caller": _whole(near, placed.up_s), "called party": _whole(far, placed.up_s)}
    if wanted:
        for end, (right, seen) in ends.items():
            yield Check(f"{placed.name}: RTP to the {end}", right, f"at least {WHOLE:.0%} of the whole call", seen)
    elif wanted is False:
        seen = ", ".join(f"to the {end} {figures}" for end, (_, figures) in ends.items())
        right = not all(whole for whole, _ in ends.values())
        yield Check(f"{placed.name}: RTP is missing", right, f"less than {WHOLE:.0%} at one end", seen)


def _packet_checks(name: str, media: MediaReport | None, wanted_ms: float) -> Iterator[Check]:
    if wanted_ms:
        found_ms = _packet_ms(media)
        right = abs(found_ms - wanted_ms) <= 0.1 * wanted_ms
        yield Check(name.format("packets to"), right, f"{wanted_ms:g} ms each", f"{found_ms:.0f} ms each")


def _ear_checks(name: str, media: MediaReport | None, ear: str, hz: float) -> Iterator[Check]:
    if ear == "nothing":
        packets = sum(stream.packets for stream in media.received) if media else 0
        yield Check(name.format("silence at"), packets == 0, "no RTP", f"{packets} RTP packets")
    elif ear == "tone":
        heard = media.tone.frequency_hz if media else None
        right = heard is not None and hz > 0 and abs(heard - hz) <= _TONE_HZ
        yield Check(name.format("tone at"), right, f"{hz:.0f} Hz", f"{heard:.0f} Hz" if heard else "no tone")


def _length_checks(expected: Expected, placed: Placed) -> Iterator[Check]:
    seen = (
        f"{'over' if placed.ended_early else 'up'} after {placed.up_s:.1f} s" if placed.answered else _outcome(placed)
    )
    if expected.lasts_s:
        right = placed.answered and placed.up_s >= expected.lasts_s - 0.1
        yield Check(f"{placed.name}: lasts", right, f"up for {expected.lasts_s:g} s", seen)
    if expected.max_lasts_s:
        right = placed.answered and placed.ended_early and placed.up_s <= expected.max_lasts_s
        yield Check(f"{placed.name}: is cut", right, f"over within {expected.max_lasts_s:g} s", seen)


def _whole(media: MediaReport | None, up_s: float) -> tuple[bool, str]:
    """Whether RTP came all the time and without loss beyond what is allowed; and the figures.

    Asterisk may number anew when it begins to pass packets through; what time has no room for was not expected.
    """
    if media is None or not media.received:
        return False, "no RTP"
    arrived = sum(stream.expected - stream.lost for stream in media.received)
    span_s = max(stream.last_s for stream in media.received) - min(stream.first_s for stream in media.received)
    room = round(1000 * span_s / (_packet_ms(media) or 20.0)) + 1
    expected = max(arrived, min(sum(stream.expected for stream in media.received), room))
    right = arrived >= WHOLE * expected and span_s >= up_s - _EDGE_S and arrived > 1
    return right, f"{arrived} of {expected} packets in {span_s:.1f} of {up_s:.1f} s"


def _packet_ms(media: MediaReport | None) -> float:
    """Audio in each packet on the average, by the octets of G.711: 8 for each ms."""
    packets = sum(stream.packets for stream in media.received) if media else 0
    return sum(stream.octets for stream in media.received) / packets / 8 if media and packets else 0.0


def _provisional(report: CallReport | None) -> tuple[int, ...]:
    return tuple(each.status for each in report.provisional if each.status > 100) if report else ()


def _before(report: CallReport | None) -> str:
    early = " and RTP" if _early_s(report) > _EDGE_S else ""
    return (", ".join(map(str, _provisional(report))) or "no ringing") + early


def _rings(report: CallReport | None) -> bool:
    return _provisional(report)[-1:] == (180,) or _early_s(report) > _EDGE_S


def _early_s(report: CallReport | None) -> float:
    """How much longer RTP came than the call was up."""
    received = report.media.received if report and report.media else ()
    if not received or report is None:
        return 0.0
    span_s = max(stream.last_s for stream in received) - min(stream.first_s for stream in received)
    return float(span_s - (report.duration_s or 0.0))


def _keys(report: CallReport | None) -> str:
    if report is None:
        return ""
    return (report.media.digits if report.media else "") + report.digits_by_info


def _outcome(placed: Placed) -> str:
    if placed.near is None:
        return placed.note or "it could not be placed"
    if placed.answered:
        return "answered"
    if not placed.status:
        return "no final answer"
    return f"{placed.status} {placed.near.reason}".strip()
