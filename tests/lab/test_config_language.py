"""Our reader and Asterisk's own agree on every file: what `GetConfig` reports is what we read."""

import re
from collections.abc import Iterator

import pytest

from labkit.errors import HostError, ParseError
from labkit.lab.lab import Lab
from labkit.pjsip import config

ODD = {
    "templates, comments, escapes": "[x](!)\na=1\n[y](x)\nb => 2\nc = 3 ; c\nd = a\\;b ; c\n;-- b\ne=5\n--; f=6\ng=7\n",
    "additions": "[x]\na=1\n[x](+)\nb=2\n[x]\nc=3\n[x](+c=3)\nd=4\n",
    "additions by filter": "[x]\na=1\nb=2\n[x]\na=1\n[x](+a=1&b=2)\nq=1\n[x](+a=.*)\nr=1\n[x](!)\nt=1\n"
    "[x](+TEMPLATES=include)\ns=1\n[x](+TEMPLATES=restrict)\nu=1\n[v](x)\n",
    "repeated options": "[x]\na=1\na=2\nb+=3\nb += 4\nb +=   5  6 \n noeq\n",
    "blanks and quotes": '[ spaced ]\n q = "quoted" \n r=\n',
    "no continuation": "[x]\na=1 \\\nb=2\n",
    "two templates": "[x](!)\na=1\n[y](!,x)\na=2\n[z](y,x)\nb=2\n",
    "an unterminated block": "[x]\na=1;--;b\nc=2\n",
    "a stray end of a block": "[x]\n;-- a ;-- b --; c --; d=1\ne=--;f\ng=2--;3\n",
    "blocks in a line": "[x]\na=1 ;-- c --; 2\nb=3;----;4\nc=5;--- 6\nd=7 ;--;-- 8\n--;\ne=9\n",
    "backslashes": "[x]\na=\\\\;b\nc=\\;\\;\nd=x\\ y\ne=\\n\n  ; only comment\nf=1;;2\n",
    "names without regard to case": "[X]\na=1\n[x](+)\nb=2\n[y](X)\n[z](x)\n",
    "blanks before options of a section": "[y] (!)\nb=1\n[z]junk\nc=1\n[q](!) tail\nd=1\n[w](q)more=2\n",
    "signs": "[x]\na = b = c\n=5\n => 6\nd\t=\t7\t\n",
    "carriage returns": "[x]\na=1\r\nb=2 \r\n\r\n[y]\r\nc=3",
    "a byte order mark": "\ufeff[x]\na=1\n",
    "a long line": f"[x]\na={'v' * 9000}\nb=1\n",
    "includes": "[x]\n#include <odd-included.conf>\nz=1\n#tryinclude nothere.conf\n"
    "#INCLUDE odd-included.conf ; c\n#exec x\n#y\nq=1\n",
    "twice the same name": "[x]\na=1\n[x]\na=2\n[y](x)\nb=1\n",
    "no section": "stray=1\n[x]\na=1\n",
    "no bracket": "[x\na=1\n",
    "no parenthesis": "[x](!\na=1\n",
    "an unknown base": "[x](nosuch)\na=1\n",
    "an empty base": "[x](!,)\na=1\n",
    "an addition to nothing": "[x](+)\na=1\n",
    "an addition to a template": "[y](!)\nb=2\n[y](+)\nc=3\n",
    "a missing include": "[x]\na=1\n#include nothere.conf\n",
}
INCLUDED = "[inc]\na=1\n"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Any running Asterisk."""
    with Lab("language", runtime="namespaces").up(fresh=True) as made:
        made.config["odd-included.conf"] = INCLUDED
        yield made
        made.down()


def asterisks(lab: Lab, name: str) -> list[tuple[str, list[str]]] | None:
    """Sections and `name=value` of a file as Asterisk reads it; None where it refuses the file."""
    try:
        reply = lab.ami("GetConfig", Filename=name).response
    except HostError:
        return None
    sections: dict[str, tuple[str, list[str]]] = {}
    for key, value in reply.items():
        if match := re.fullmatch(r"Category-(\d+)", key):
            sections[match[1]] = (value, [])
        elif match := re.fullmatch(r"Line-(\d+)-\d+", key):
            sections[match[1]][1].append(value)
    return list(sections.values())


def ours(files: dict[str, str], name: str) -> list[tuple[str, list[str]]] | None:
    """The same as we read it."""
    try:
        read = config.read(files, name)
    except ParseError:
        return None
    return [(each.name, [f"{option.name}={option.value}".strip() for option in each.options]) for each in read.objects]


@pytest.mark.parametrize("title", ODD)
def test_odd_files_are_read_as_asterisk_reads_them(lab: Lab, title: str) -> None:
    lab.config["odd.conf"] = ODD[title]
    files = {"odd.conf": ODD[title], "odd-included.conf": INCLUDED}
    assert ours(files, "odd.conf") == asterisks(lab, "odd.conf")


@pytest.mark.parametrize(
    "name", ["pjsip.conf", "extensions.conf", "modules.conf", "manager.conf", "rtp.conf", "asterisk.conf"]
)
def test_the_healthy_files_are_read_as_asterisk_reads_them(lab: Lab, name: str) -> None:
    assert ours(dict(lab.config), name) == asterisks(lab, name)
