"""A call that the lab placed: what its ends saw, and the capture of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit.errors import CaptureError
from labkit.lab.stage import Form, Get, Put, capture, written
from labkit.rtp.report import MediaReport
from labkit.runtime import rootfs
from labkit.scenario.run import read_report
from labkit.sip.report import CallReport
from labkit.trace.capture import Capture

if TYPE_CHECKING:
    from labkit.trace.trace import Trace


@dataclass(frozen=True)
class Call:
    """One call from its INVITE to its end."""

    caller: str
    """Host or number that placed it."""
    number: str
    """What was dialled."""
    near: CallReport
    """The call as the caller saw it."""
    far: CallReport | None
    """The call as the party that answered or refused it saw it; None where it reached nobody."""
    capture: Capture | None
    """What was recorded at each point; None where nothing was."""

    @property
    def answered(self) -> bool:
        """Whether the caller got a 200."""
        return self.near.answered

    @property
    def status(self) -> int | None:
        """Final status of the caller's INVITE, None while there is none."""
        return self.near.status

    @cached_property
    def trace(self) -> Trace:
        """The capture as tables."""
        from labkit.trace import open_trace

        if self.capture is None:
            raise CaptureError("This call was placed without a capture; place it again with capture=True.")
        rootfs.offer_tshark()
        return open_trace(self.capture)

    def as_dict(self) -> dict[str, Any]:
        """Everything that JSON can hold."""
        files = {point: str(path) for point, path in self.capture.points.items()} if self.capture else {}
        ends = {"near": asdict(self.near), "far": asdict(self.far) if self.far else None}
        head = {"caller": self.caller, "number": self.number, "answered": self.answered, "status": self.status}
        return {**head, **ends, "capture": files}

    def __str__(self) -> str:
        """What happened, in one line for the call and one for what each end heard."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        verdict = f"{self.near.status or 'no answer'} {self.near.reason}".strip()
        yield f"{self.caller} calls {self.number}: {'answered' if self.answered else verdict}"
        for name, report in ((self.caller, self.near), ("the other end", self.far)):
            if report is not None and report.media is not None and self.answered:
                yield f"  {name} {heard(report.media)}"


def _written(call: Call, put: Put) -> dict[str, Any]:
    ends = {"near": asdict(call.near), "far": asdict(call.far) if call.far else None}
    return {"caller": call.caller, "number": call.number, **ends, "capture": written(call.capture, put)}


def _read(plain: Mapping[str, Any], get: Get) -> Call:
    near, far = read_report(plain["near"]), read_report(plain["far"])
    assert near is not None  # noqa: S101 - a call that was placed has a report
    return Call(plain["caller"], plain["number"], near, far, capture(plain["capture"], get))


CALL = Form(_written, _read)


def heard(media: MediaReport) -> str:
    """What one end received, in words: tone, level, packets."""
    streams = media.received
    if not streams:
        return "received no RTP"
    lost, expected = sum(stream.lost for stream in streams), sum(stream.expected for stream in streams)
    tone = media.tone
    sound = f"heard {tone.frequency_hz:.0f} Hz at {tone.level_dbm0:.1f} dBm0" if tone.frequency_hz else "heard no tone"
    return f"{sound}; {lost} of {expected} RTP packets lost"
