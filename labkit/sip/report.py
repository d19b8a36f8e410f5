"""What a call was, in values: made where it ran, sent as JSON, read where it is judged."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.sip.call import Call


@dataclass(frozen=True, slots=True)
class Provisional:
    """One provisional response."""

    after_s: float
    """Seconds after the INVITE."""
    status: int
    """100 to 199."""
    reason: str
    """Its reason phrase."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """One call as one of its ends saw it. Times are seconds after the INVITE was sent or received."""

    id: str
    """Name of the call on this end: `call-1`."""
    direction: str
    """outgoing or incoming."""
    state: str
    """new, calling, ringing, answered, confirmed or ended."""
    call_id: str
    """Call-ID header."""
    local: str
    """Our URI."""
    remote: str
    """Their URI as From or To has it."""
    request_uri: str
    """Request-URI of the INVITE."""
    status: int | None
    """Final status of the INVITE; None while there is none."""
    reason: str
    """Its reason phrase, or what made the call end: BYE, CANCEL, no ACK."""
    ended_by: str
    """local, remote, or empty while the call lives."""
    cause: str
    """Value of the Reason header that came with the end."""
    provisional: tuple[Provisional, ...]
    """Provisional responses in order."""
    times: dict[str, float]
    """First time of each event: trying, ringing, progress, answered, confirmed, ended ..."""
    codec: str
    """Agreed codec, empty without one."""
    headers: dict[str, str]
    """First row of each header of the INVITE."""
    digits_by_info: str = ""
    """DTMF that came as INFO."""
    media: Any = None
    """A `labkit.rtp.report.MediaReport`: figures per SSRC both ways, tone, DTMF; None for a call without media."""
    media_direction: str = ""
    """Agreed direction of media, seen from this end: sendonly where it holds the other; empty without (RFC 3264)."""

    @property
    def answered(self) -> bool:
        """Whether the call was up at some time."""
        return "answered" in self.times

    @property
    def duration_s(self) -> float | None:
        """Seconds from the answer to the end; None when it was not answered or still is up."""
        if "answered" not in self.times or "ended" not in self.times:
            return None
        return self.times["ended"] - self.times["answered"]

    def __str__(self) -> str:
        verdict = f"{self.status} {self.reason}" if self.status else self.state
        length = f" after {self.duration_s:.1f} s" if self.duration_s is not None else ""
        return f"{self.id} {self.direction} {self.local} -> {self.remote}: {verdict}{length}"


def report_of(call: Call, name: str, media: Any = None) -> CallReport:
    """Read a call's state."""
    invite, ending = call.invite, call.ending
    agreed = call.negotiation.agreed
    outgoing = call.role == "uac"
    here, there = ("From", "To") if outgoing else ("To", "From")
    headers = dict(reversed(invite.rows)) if invite else {}
    return CallReport(
        id=name, direction="outgoing" if outgoing else "incoming", state=call.state,
        call_id=invite.call_id if invite else "", local=headers.get(here, ""), remote=headers.get(there, ""),
        request_uri=invite.uri if invite else "",
        status=ending.status if ending else 200 if "answered" in call.times else None,
        reason=ending.reason if ending else "", ended_by=ending.by if ending else "",
        cause=ending.cause if ending else "",
        provisional=tuple(Provisional(*item) for item in call.provisional), times=dict(call.times),
        codec=agreed.codec.name if agreed else "", headers=headers,
        digits_by_info=call.digits_by_info, media=media, media_direction=agreed.direction if agreed else "",
    )  # fmt: skip


def unplaced(caller: str, called: str, status: int, reason: str) -> CallReport:
    """What is told of a call for which no INVITE could be sent."""
    return CallReport(
        id="", direction="outgoing", state="ended", call_id="", local=caller, remote=called, request_uri="",
        status=status, reason=reason, ended_by="local", cause="", provisional=(), times={"ended": 0.0}, codec="",
        headers={},
    )  # fmt: skip


def revive(kind: Any, plain: Any) -> Any:
    """Make a value of a type from what `dataclasses.asdict` and JSON left of it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if plain is None or kind is Any:
        return plain
    if origin in (types.UnionType, typing.Union):
        return revive(next(item for item in arguments if item is not type(None)), plain)
    if origin is tuple:
        same = len(arguments) == 2 and arguments[1] is ...
        return tuple(revive(arguments[0 if same else place], item) for place, item in enumerate(plain))
    if origin is dict or (isinstance(plain, Mapping) and not is_dataclass(kind)):
        keys, values = arguments or (str, Any)
        return {keys(key): revive(values, item) for key, item in plain.items()}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = (item.name for item in fields(kind) if item.name in plain)
        return kind(**{name: revive(hints[name], plain[name]) for name in known})  # type: ignore[operator]
    return plain
