"""The figures of streams second by second, for plots."""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.trace.figures import arrivals, bits, sequence_of
from labkit.trace.quality import estimate
from labkit.trace.series import Groups
from labkit.trace.streams import Packets


def intervals(packets: Packets) -> dict[str, Any]:
    """Columns of `Trace.intervals` but those that name the stream; `stream` counts within the packets given.

    A lost packet counts in the second of the packet after it, one that came late takes it back in its own second.
    """
    groups = packets.groups
    stream = np.repeat(np.arange(len(groups.begin)), groups.size)
    second = np.floor(packets.arrival_ms / 1000).astype(np.int64)
    begins = np.flatnonzero((np.diff(stream, prepend=-1) != 0) | (np.diff(second, prepend=-1) != 0))
    inner = Groups(begins, np.diff(begins, append=groups.total))
    sequence = sequence_of(packets)
    smooth, delta = arrivals(packets, sequence), groups.step(packets.arrival_ms)
    lost = np.maximum(inner.sum(sequence.missing) - inner.sum(sequence.reordered), 0).astype(np.int64)
    names = [next(iter(each.values()))[0][1] for each in packets.formats]
    share = lost / np.maximum(lost + inner.size, 1)
    quality = [
        estimate(names[which], loss) for which, loss in zip(stream[begins].tolist(), share.tolist(), strict=True)
    ]
    return {
        "stream": stream[begins], "time_s": second[begins].astype(np.float64), "packets": inner.size, "lost": lost,
        "jitter_ms": inner.last(smooth), "delta_max_ms": inner.max(delta),
        "bitrate_kbps": inner.sum(bits(packets)) / 1000,
        "mos": np.array([np.nan if each.mos is None else each.mos for each in quality]),
    }  # fmt: skip
