"""A number reaches the extension that our reader says: in random dialplans, by calls through a running Asterisk."""

import random
import re
import time
from collections.abc import Iterator

import pytest

from labkit.lab.lab import Lab
from labkit.pjsip.dialplan import read_dialplan

PLACES = ["X", "Z", "N", "x", "n", "[1-3]", "[13]", "[2-9]", "[12]", "[0-9]", "[+0]", "1", "2", "3", "+", "-", "0", "5"]
CONTEXTS = [f"c{number}" for number in range(6)]
TELLS = "exten => {pattern},1,Set(GLOBAL(reached)={number})\n same => n,Hangup()\n"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Any running Asterisk."""
    with Lab("dialplan", runtime="namespaces").up(fresh=True) as made:
        yield made
        made.down()


def pattern(chance: random.Random) -> str:
    """An extension or a pattern; never one that `h`, the end of a call, matches."""
    if chance.random() < 0.3:
        return "".join(chance.choices("0123456789+*", k=chance.randint(1, 4)))
    places = "".join(chance.choices(PLACES, k=chance.randint(0, 3)))
    return f"_{chance.choice('123X+')}{places}{chance.choice(['', '', '', '.', '!'])}"


def dialplan(chance: random.Random) -> str:
    """Contexts that include one another, each extension tells its own number."""
    text, number = "", 0
    for context in CONTEXTS:
        text += f"[{context}]\n"
        for _ in range(chance.randint(2, 12)):
            text += TELLS.format(pattern=pattern(chance), number=number)
            number += 1
        text += "".join(f"include => {chance.choice(CONTEXTS)}\n" for _ in range(chance.randint(0, 2)))
    return text


def reached(lab: Lab, number: str, context: str, wait: bool) -> str:
    """The number of the extension that a call of this number came to; empty where there is none."""
    lab.ami("Setvar", Variable="reached", Value="")
    channel = f"Local/{number}@{context}/n"
    lab.ami("Originate", Channel=channel, Application="Wait", Data="1", Timeout="1000", Async="true")
    for _ in range(100 if wait else 3):
        if value := lab.ami("Getvar", Variable="reached").response["Value"]:
            return value
        time.sleep(0.005)
    return ""


@pytest.mark.parametrize("seed", range(3))
def test_a_number_reaches_the_extension_that_we_say(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    lab.config["extensions.conf"] = text = dialplan(chance)
    lab.reload()
    plan = read_dialplan({"extensions.conf": text})
    hits = 0
    for _ in range(120):
        number, context = "".join(chance.choices("0123+5*9", k=chance.randint(1, 5))), chance.choice(CONTEXTS)
        found = plan.find(number, context)
        ours = found.extension.steps[1].arguments.split("=")[1] if found else ""
        assert (number, context, ours) == (number, context, reached(lab, number, context, wait=bool(ours)))
        shown = re.findall(r"\(reached\)=(\d+)", lab.asterisk(f"dialplan show {number}@{context}"))
        assert set(shown) == {each.extension.steps[1].arguments.split("=")[1] for each in plan.all(number, context)}
        hits += found is not None
    assert hits >= 10


PARTS = """[from-phones]
exten => 4420,1,Hangup(34)
exten => _9X!,1,Hangup(34)
exten => _7XXX,1,Hangup(34)
exten => _6N.,1,Hangup(34)
exten => _5[1-3],1,Hangup(34)
exten => _+4Z,1,Hangup(34)
"""


@pytest.mark.parametrize("number", ["44", "4420", "44200", "5", "54", "51", "6", "62", "61", "70", "7001", "70012", "9",
                                    "98", "981", "8", "+", "+4", "+40", "+41"])  # fmt: skip
def test_a_part_of_a_number_is_answered_484(lab: Lab, number: str) -> None:
    if lab.config["extensions.conf"] != PARTS:
        lab.config["extensions.conf"] = PARTS
        lab.reload()
    plan = read_dialplan({"extensions.conf": PARTS})
    missed = 484 if plan.partial(number, "from-phones") else 404
    expected = 503 if plan.find(number, "from-phones") else missed  # 503 is what Hangup(34) becomes
    assert lab.call("phone-1001", number, capture=False).near.status == expected
