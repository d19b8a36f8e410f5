"""Mutated configuration files into the readers: each is read or refused by a ParseError, nothing else.

python tests/bench/config_mutations.py [FILES] [SEED]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from labkit.errors import LabError
from labkit.pjsip import config, dialplan, objects
from labkit.pjsip.graph import object_graph
from labkit.pjsip.lint import lint_files
from labkit.runtime import rootfs
from labkit.runtime.topology import lab_env

LONGEST = 3000
TOKENS = (
    "[", "]", "(!)", "(+)", "(", ")", "=", "=>", "+=", ";", ";--", "--;", "\\;", "#include ", "#exec ", "\n", "\r\n",
    "\x00", "\ufeff", "é", "\udc80", "type=", "endpoint", "aor", "registration", "wizard", "exten => ", "same => n,",
    "_X.", "[1-", "${X}", ",", "1", "-1", "n(", "n+999999999", "hint", "99999999999999999999", "0x", "yes", "@", "/0",
    "!all,", "sip:", "remote_hosts=", "contact=", "match=", "include => ", "local_net=", "expiration=", "max_retries=",
    "9" * 5000,
)  # fmt: skip
LINTED = 20
"""One file in so many is linted and drawn into a graph as well."""


def corpus() -> list[str]:
    """Pieces of the lab's files and of the samples in Asterisk's package."""
    folders = (lab_env() / "pbx", rootfs.ensure().path / "usr/share/asterisk/conf/samples")
    paths = [path for folder in folders for path in sorted(folder.rglob("*.conf*"))]
    texts = [path.read_bytes().decode(errors="surrogateescape") for path in paths]
    return ["[first]\n" + text[begin : begin + LONGEST] for text in texts for begin in range(0, len(text), LONGEST)]


def mutated(texts: list[str], chance: random.Random) -> str:
    """A piece with some of it cut, doubled, moved, replaced, or joined to another."""
    text = chance.choice(texts)
    for _ in range(chance.randint(1, 8)):
        begin, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        end = min(end, begin + 60)
        way = chance.randrange(5)
        if way == 0:
            text = text[:begin] + text[end:]
        elif way == 1:
            text = text[:end] + text[begin:end] + text[end:]
        elif way == 2:
            text = text[:begin] + chance.choice(TOKENS) + text[end:]
        elif way == 3:
            other = chance.choice(texts)
            text = text[:begin] + other[: chance.randrange(400)] + text[begin:]
        else:
            text = text[:begin] + "".join(chance.sample(text[begin:end], end - begin)) + text[end:]
    return text


def read(text: str, whole: bool) -> Iterator[str]:
    """Read a text in every way; gives a word for each outcome."""
    files = {"pjsip.conf": text, "extensions.conf": text, "pjsip_wizard.conf": text}
    try:
        found = config.read(files, "pjsip.conf")
        made = objects.made(found, found)
        plan = dialplan.made(found)
    except LabError:
        yield "refused"
        return
    yield "read"
    for context in list(plan.contexts)[:3]:
        plan.find("+442079460000", context)
        plan.partial("12", context)
    for each in made.all:
        str(each)
    if whole:
        str(object_graph(made))
        str(lint_files(files, text))
        yield "linted"


def main() -> int:
    """Run; gives 1 where a reader raised anything but our own error."""
    files, seed = (int(word) for word in (*sys.argv[1:], "10000", "1")[:2])
    texts, chance, outcomes = corpus(), random.Random(seed), Counter[str]()
    began = time.process_time()
    for number in range(files):
        text = mutated(texts, chance)
        try:
            outcomes.update(read(text, number % LINTED == 0))
        except Exception as why:
            kept = Path(f"mutated-{seed}-{number}.conf")
            kept.write_bytes(text.encode(errors="surrogatepass"))
            print(f"{type(why).__name__}: {why}; the file is kept as {kept}")
            outcomes["raised"] += 1
    print(f"{files} files: {dict(outcomes)}, {time.process_time() - began:.0f} s of CPU")
    return 1 if outcomes["raised"] else 0


if __name__ == "__main__":
    sys.exit(main())
