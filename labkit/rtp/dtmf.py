"""DTMF: named events in RTP, sent and received (RFC 4733), and the tones of each digit (ITU-T Q.23)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from labkit.errors import LabError, ParseError
from labkit.rtp.report import Digit

DIGITS = "0123456789*#ABCD!"
"""The digit of each event code 0 to 16; `!` is flash (RFC 4733, section 3.2)."""

ROWS_HZ = (697, 770, 852, 941)
"""The low tones (ITU-T Q.23)."""

COLUMNS_HZ = (1209, 1336, 1477, 1633)
"""The high tones (ITU-T Q.23)."""

KEYPAD = ("123A", "456B", "789C", "*0#D")
"""The digits by row and column."""

END_PACKETS = 3
"""The last packet of an event is sent three times (RFC 4733, section 2.5.1.4)."""

_EVENT = Struct("!BBH")
MAX_DIGITS = 1000
"""A session remembers that many digits."""

_LONGEST = 0xFFFF


def frequencies_hz(digit: str) -> tuple[int, int]:
    """The two tones of a digit; LabError when it has none."""
    for row, keys in zip(ROWS_HZ, KEYPAD, strict=True):
        if digit in keys:
            return row, COLUMNS_HZ[keys.index(digit)]
    raise LabError(f"no DTMF tones for {digit!r}; there are 0 to 9, *, #, A to D", digit=digit)


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """The payload of an event packet (RFC 4733, section 2.3)."""

    event: int
    """The code, 0 to 255."""
    end: bool
    """Whether the event is over."""
    duration: int
    """How long it has lasted, in ticks of the payload type's clock."""
    volume: int = 10
    """The tone's level in -dBm0, 0 to 63."""

    @classmethod
    def parse(cls, payload: bytes) -> TelephoneEvent:
        """Read the first event of a payload; ParseError when it is too short."""
        if len(payload) < _EVENT.size:
            raise ParseError(f"telephone-event of {len(payload)} octets: it has 4", size_bytes=len(payload))
        event, flags, duration = _EVENT.unpack_from(payload)
        return cls(event, flags > 0x7F, duration, flags & 0x3F)

    def __bytes__(self) -> bytes:
        return _EVENT.pack(self.event, self.end << 7 | self.volume, self.duration)


def event_code(digit: str) -> int:
    """The event code of a digit; LabError when there is none."""
    code = DIGITS.find(digit.upper()) if len(digit) == 1 else -1
    if code < 0:
        raise LabError(f"no DTMF event for {digit!r}; there are {' '.join(DIGITS)}", digit=digit)
    return code


def event_payloads(digit: str, duration_ms: int, ptime_ms: int, clock_rate_hz: int) -> Iterator[bytes]:
    """The payloads of one digit, one a packet time: growing durations, then the end three times."""
    code, whole = event_code(digit), duration_ms * clock_rate_hz // 1000
    if not 0 < whole <= _LONGEST:
        message = f"a digit of {duration_ms} ms does not fit one event at {clock_rate_hz} Hz"
        raise LabError(message, duration_ms=duration_ms)
    step = ptime_ms * clock_rate_hz // 1000
    for lasted in range(step, whole, step):
        yield bytes(TelephoneEvent(code, False, lasted))
    yield from [bytes(TelephoneEvent(code, True, whole))] * END_PACKETS


class _Event:
    """One event as its packets come in."""

    __slots__ = ("begin_s", "clock_rate_hz", "digit", "duration", "ended")

    def __init__(self, digit: str, clock_rate_hz: int, begin_s: float) -> None:
        self.digit = digit
        self.clock_rate_hz = clock_rate_hz
        self.begin_s = begin_s
        self.duration = 0
        self.ended = False

    def as_digit(self) -> Digit:
        return Digit(self.digit, round(1000 * self.duration / self.clock_rate_hz, 1), self.begin_s, self.ended)


class EventReceiver:
    """Digits put together from event packets: copies of an end count once, a lost end costs nothing but `ended`."""

    def __init__(self) -> None:
        """Begin with no digit."""
        self._events: dict[tuple[int, int], _Event] = {}

    def receive(self, ssrc: int, timestamp: int, payload: bytes, clock_rate_hz: int, arrival_s: float) -> Digit | None:
        """Take an event packet's payload; the digit when this is the first packet that ends it.

        Packets of one event share SSRC and timestamp (RFC 4733, section 2.5.1.2). Other events than digits pass by.
        """
        try:
            packet = TelephoneEvent.parse(payload)
        except ParseError:
            return None
        event = self._event(ssrc, timestamp, packet, clock_rate_hz, arrival_s)
        if event is None:
            return None
        event.duration = max(event.duration, packet.duration)
        ends, event.ended = packet.end and not event.ended, event.ended or packet.end
        return event.as_digit() if ends else None

    def _event(
        self, ssrc: int, timestamp: int, packet: TelephoneEvent, clock_rate_hz: int, arrival_s: float
    ) -> _Event | None:
        event = self._events.get((ssrc, timestamp))
        if event is None and packet.event < len(DIGITS) and len(self._events) < MAX_DIGITS:
            event = self._events[ssrc, timestamp] = _Event(DIGITS[packet.event], clock_rate_hz, arrival_s)
        return event

    def digits(self) -> tuple[Digit, ...]:
        """All digits so far, in order; one whose end has not come says so."""
        return tuple(event.as_digit() for event in self._events.values())
