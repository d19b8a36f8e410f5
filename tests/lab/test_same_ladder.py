"""What a learner sees does not depend on where the lab runs: the same call draws the same ladder."""

import re
from collections import defaultdict

import pytest

from labkit.lab.lab import Lab
from labkit.runtime import choice
from labkit.show import ladder
from tests.lab.conftest import HERE

ROUTED = [name for name in HERE if "nat" in choice.KINDS[name].capabilities]
ARROW = re.compile(r"^ +[\d.]+ +\+[\d.]+ +(?:F\d+|RTP)(?: ([a-z]))? +(.*)$|^ +0\.000 +F1(?: ([a-z]))? +(.*)$")
BOX = str.maketrans("", "", "│║┊╫<>─═")
FIGURE = re.compile(r"\d+ packets|until [\d.]+ s")


def drawn(text: str) -> dict[str, list[str]]:
    """The arrows of each leg in order, with what stands below them, without times and numbers of messages."""
    legs: dict[str, list[str]] = defaultdict(list)
    leg = "head"
    for line in text.splitlines():
        arrow = ARROW.match(line)
        if arrow:
            leg = arrow[1] or arrow[3] or "a"
        elif line.startswith("leg "):
            leg = "below"
            line = re.sub(r"\d+ ms", "N ms", line)
        shown = FIGURE.sub("N", (arrow[2] or arrow[4]) if arrow else line.strip())
        text_only = " ".join(shown.translate(BOX).split())
        if "RTP" in text_only or "lost" in text_only:  # which direction begins first is chance
            legs[f"media of {leg}"].append(text_only)
        elif text_only not in ("", "N") and "N ms" not in shown:
            legs[leg].append(" ".join(shown.split()))
    return {leg: sorted(lines) if leg.startswith("media") else lines for leg, lines in legs.items()}


def call_on(runtime: str, number: str) -> str:
    """The text ladder of one call."""
    with Lab(f"ladder-{runtime}", runtime) as lab:
        lab.up(fresh=True)
        try:
            return str(ladder(lab.call("phone-1001", number, hold_s=0.5)))
        finally:
            lab.down()


def test_what_is_compared_is_there() -> None:
    legs = drawn(call_on(ROUTED[0], "+15550100"))
    assert sum("INVITE" in line for line in legs["b"]) == 2
    assert any("407 Proxy Authentication Required" in line for line in legs["b"])
    assert any("source 10.10.0.10 → 203.0.113.1" in line for line in legs["b"])
    assert any("BYE" in line for line in legs["a"])


@pytest.mark.parametrize("other", ROUTED[1:])
@pytest.mark.parametrize("number", ["+15550100", "600"])
def test_a_call_draws_the_same_ladder_on_every_runtime_with_a_router(other: str, number: str) -> None:
    assert drawn(call_on(ROUTED[0], number)) == drawn(call_on(other, number))
