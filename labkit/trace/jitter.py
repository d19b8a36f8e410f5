"""Interarrival jitter (RFC 3550 section 6.4.1 and appendix A.8), for many streams at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labkit.trace.series import Floats, Groups


def transit_steps(groups: Groups, arrival_ms: Floats, timestamp: npt.NDArray[np.uint32], clock_khz: Floats) -> Floats:
    """D of each packet against the one before it in arrival order: change of relative transit time in ms.

    0 for the first packet of a stream and where the clock rate changes, for then timestamps cannot be compared.
    """
    media_ms = groups.step(timestamp).view(np.int32) / clock_khz
    steps = groups.step(arrival_ms) - media_ms
    steps[groups.step(clock_khz) != 0] = 0.0
    steps[groups.begin] = 0.0
    return steps


def jitter(groups: Groups, steps: Floats) -> Floats:
    """J after each packet, in the unit of `steps`: J += (|D| - J) / 16."""
    return groups.smooth(np.abs(steps) / 16)
