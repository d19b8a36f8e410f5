"""RTP streams with a known impairment: a capture each, with the truth of what happened to its packets.

No lab is needed: packets are made as the lab's own sender makes them, disturbed by `labkit.rtp.fault`, and written down
with the times at which a receiver would have got them. The same seed gives the same file.
"""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice, pairwise
from pathlib import Path
from typing import Any

from labkit import datasets
from labkit.rtp.codec import codec_named
from labkit.rtp.fault import Disturber, MediaFaults
from labkit.rtp.packet import RtpPacket
from labkit.rtp.source import Tone
from labkit.runtime import pcap, topology
from labkit.trace.capture import Capture

FOLDER = "rtp"
"""Where they are among the datasets."""

FILE = "stream.pcap.gz"

_BEGUN_S = 1_700_000_000.0
_PTIME_MS = 20
_SSRC = 0x5EED5EED
_FIRST = 1000


@dataclass(frozen=True, slots=True)
class Specimen:
    """One stream and what is wrong with it."""

    says: str
    """In a sentence, for a learner."""
    codecs: tuple[str, ...] = ("PCMA",)
    """One after the other, each for an equal share of the stream."""
    packets: int = 500
    """How many are sent; 20 ms each."""
    drift_ppm: float = 0.0
    """How much the sender's clock runs slow against the receiver's."""
    faults: MediaFaults = field(default_factory=MediaFaults)


SPECIMENS = {
    "clean": Specimen("Nothing is wrong."),
    "loss": Specimen("3 packets in 100 are lost by chance.", faults=MediaFaults(loss=0.03)),
    "burst": Specimen("Now and then 5 packets in a row are lost.", faults=MediaFaults(pattern="." * 90 + "x" * 5)),
    "policed": Specimen("One packet in six is lost, in a rhythm.", faults=MediaFaults(pattern="." * 5 + "x")),
    "jitter": Specimen("Every packet is late by up to 15 ms; none overtakes.", faults=MediaFaults(jitter_ms=15)),
    "overtaking": Specimen("Every packet is late by up to 60 ms; some overtake.", faults=MediaFaults(jitter_ms=60)),
    "reorder": Specimen("Two neighbours change places, every 20 packets.", faults=MediaFaults(pattern="." * 18 + "r.")),
    "duplicate": Specimen("Every 50th packet comes twice.", faults=MediaFaults(pattern="." * 49 + "d")),
    "drift": Specimen("The sender's clock runs slow by 400 ppm.", packets=1500, drift_ppm=400),
    "codecs": Specimen("The codec changes on the way: PCMU, PCMA, G722.", codecs=("PCMU", "PCMA", "G722"), packets=600),
}
"""By name."""

Arrival = tuple[float, RtpPacket]
"""When a packet comes, in seconds since the stream began, and the packet."""


def make(name: str, command: str) -> str:
    """Write a specimen and its truth among the datasets; gives the dataset's name."""
    arrived = arrivals(SPECIMENS[name])
    folder = datasets.home() / FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write(folder / FILE, arrived)
    truth = {"says": SPECIMENS[name].says, **told(SPECIMENS[name], arrived)}
    datasets.register(f"{FOLDER}/{name}", datasets.Dataset(command, SPECIMENS[name].faults.seed, {}, truth))
    return f"{FOLDER}/{name}"


def capture(name: str) -> Capture:
    """The capture of a specimen, such as `jitter`; DatasetError where it is not as it was made."""
    return Capture({"receiver": datasets.fetch(f"{FOLDER}/{name}") / FILE}, topology.load().names)


def arrivals(specimen: Specimen) -> list[Arrival]:
    """What the receiver gets, in the order in which it comes."""
    disturber = Disturber(specimen.faults, codec_named(specimen.codecs[0]).payload_type, b"")
    step_s = _PTIME_MS / 1000 * (1 + specimen.drift_ppm / 1e6)
    found: list[Arrival] = []
    for number, packet in enumerate(_sent(specimen)):
        left_s = number * step_s
        found += [(left_s + late_s, RtpPacket.parse(data)) for late_s, data in disturber.disturb(bytes(packet), left_s)]
    return sorted(found, key=lambda arrival: arrival[0])


def _sent(specimen: Specimen) -> Iterator[RtpPacket]:
    """The packets as they leave, numbers and timestamps without a gap."""
    share = specimen.packets // len(specimen.codecs)
    for turn, name in enumerate(specimen.codecs):
        codec = codec_named(name)
        payloads = Tone((440,)).payloads(codec, _PTIME_MS)
        for at, payload in enumerate(islice(payloads, share), turn * share):
            timestamp = at * codec.clock_rate_hz * _PTIME_MS // 1000
            yield RtpPacket(codec.payload_type, _FIRST + at, timestamp, _SSRC, payload or b"", marker=at == 0)


def told(specimen: Specimen, arrived: Sequence[Arrival]) -> dict[str, Any]:
    """The truth of a stream, counted without the trace's own code."""
    numbers = [packet.sequence for _, packet in arrived]
    known = set(numbers)
    lost = [number for number in range(min(known), max(known)) if number not in known]
    runs = [len(list(run)) for _, run in groupby(enumerate(lost), key=lambda pair: pair[1] - pair[0])]
    names = {codec_named(name).payload_type: name for name in specimen.codecs}
    return {
        "packets": len(numbers),
        "lost": len(lost),
        "lost_numbers": lost,
        "bursts": len(runs),
        "gap_max_packets": max(runs, default=0),
        "duplicates": len(numbers) - len(known),
        "reordered": sum(1 for at, number in enumerate(numbers) if at and number < max(numbers[:at])),
        "late_up_to_ms": specimen.faults.jitter_ms,
        "jitter_last_ms": round(_jitter_ms(arrived), 6),
        "drift_ppm": specimen.drift_ppm,
        "packets_by_codec": dict(Counter(names[packet.payload_type] for _, packet in arrived)),
    }


def _jitter_ms(arrived: Sequence[Arrival]) -> float:
    """Interarrival jitter after the last packet (RFC 3550, section 6.4.1); every clock here ticks at 8 kHz."""
    jitter = 0.0
    for (before_s, before), (now_s, now) in pairwise(arrived):
        late_ms = (now_s - before_s) * 1000 - (now.timestamp - before.timestamp) / 8
        jitter += (abs(late_ms) - jitter) / 16
    return jitter


def _write(path: Path, arrived: Sequence[Arrival]) -> None:
    lab = topology.load()
    ends = (lab.host("provider").addresses["wan"][-1], 16384), (lab.host("router").addresses["wan"][0], 10000)
    records = [pcap.packed((_BEGUN_S + at_s, pcap.frame(*ends, bytes(packet)))) for at_s, packet in arrived]
    path.write_bytes(gzip.compress(b"".join([pcap.HEADER, *records]), mtime=0))
