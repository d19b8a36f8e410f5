"""How keys travel in a call: as telephone events, as tones, or as INFO (RFC 4733, ITU-T Q.23, RFC 6086)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit import show
from labkit.lesson.telling import Lines
from labkit.lesson.views import number_of
from labkit.rtp import codec as codecs
from labkit.rtp.inband import InbandDetector
from labkit.rtp.packet import RtpPacket
from labkit.trace.payload import rtp_packets

if TYPE_CHECKING:
    import pandas as pd

    from labkit.lab.calls import Call
    from labkit.show.pictures import Picture
    from labkit.trace.trace import Trace

_SIGNAL = re.compile(rb"^Signal\s*=\s*(\S)", re.MULTILINE)
"""A key in application/dtmf-relay, which no RFC describes."""


def keys(call: Call) -> pd.DataFrame:
    """How the caller's keys travelled, a row for each leg from the caller on.

    Columns: from and to (hosts), sent (payload types), agreed (those in the receiver's description), and the keys that
    went as events, as tones, as INFO; `-` for none.
    """
    import pandas as pd

    streams = call.trace.streams
    own = streams[(streams["call"] == number_of(call)) & (streams["side"] == "caller")]
    rows = [_leg(call.trace, group.to_dict("records")) for _, group in own.groupby("leg")]
    columns = ["from", "to", "sent", "agreed", "events", "tones", "INFO"]
    return pd.DataFrame(rows, columns=columns).replace("", "-").set_index("from")


def _leg(trace: Trace, seen: list[dict[Hashable, Any]]) -> dict[str, str]:
    ends = next((row for row in seen if "router" not in (row["src_name"], row["dst_name"])), seen[0])
    return {
        "from": ends["src_name"],
        "to": ends["dst_name"],
        "sent": _types(kind for row in seen for kind in row["payload_types"]),
        "agreed": _types(ends["negotiated"]),
        "events": max((row["dtmf"] for row in seen), key=len),
        "tones": _tones(trace, ends),
        "INFO": _told(trace, ends),
    }


def _types(kinds: Any) -> str:
    return ", ".join(map(str, sorted(set(kinds))))


def _tones(trace: Trace, stream: Mapping[Hashable, Any]) -> str:
    """Keys heard in the audio, packet after packet: Asterisk's timestamps jump where it puts a tone in."""
    codec = codecs.CODECS.get(str(stream["codec"]).upper())
    if codec is None:
        return ""
    detector, coder = InbandDetector(codec.sample_rate_hz, codec.zero_dbm0_peak), codec.coder()
    for packet in _packets(trace, stream):
        if packet and packet.payload_type == stream["payload_type"]:
            detector.feed(coder.decode(packet.payload), 0.0)
    return "".join(digit.digit for digit in detector.digits)


def _packets(trace: Trace, stream: Mapping[Hashable, Any]) -> Iterator[RtpPacket | None]:
    point, table = stream["point"], trace.columns("streams")
    known = [number for each, number in zip(table["point"], table["stream"], strict=True) if each == point]
    place = known.index(stream["stream"])
    return rtp_packets(trace.scans[point], trace.rtp[point].packets(place, place + 1).media)


def _told(trace: Trace, stream: Mapping[Hashable, Any]) -> str:
    sent = [
        each.data
        for each in trace.sip
        if (each.point, each.method) == (stream["point"], "INFO") and each.src == stream["src"]
    ]
    return "".join(found[1].decode() for data in dict.fromkeys(sent) if (found := _SIGNAL.search(data)))


def understood(call: Call) -> Lines:
    """What the other end of a call took for keys, in whatever way they came, and what it only read as INFO."""
    media, told = (call.far.media, call.far.digits_by_info) if call.far else (None, "")
    digits = media.digits if media else ""
    lines = [f"The other end understood {digits}." if digits else "The other end understood no key."]
    return Lines(
        (*lines, f"It was told {told} by INFO, which its voice computer does not see.") if told else tuple(lines)
    )


def presses(call: Call) -> Picture:
    """A picture of the keys that went as telephone events, a lane for each direction at each point of capture."""
    drawn = show.dtmf(call, call=number_of(call))
    title, *lines = drawn.words.splitlines()
    lanes: dict[str, str] = {}
    for line in lines:
        lane, _, what = line.partition(" s  ")[2].partition(")")
        lanes[f"{lane})"] = lanes.get(f"{lane})", "") + what.split()[0]
    told = [f"  {lane}: {digits}" for lane, digits in sorted(lanes.items())] or lines
    return replace(drawn, words="\n".join([title, *told]))
