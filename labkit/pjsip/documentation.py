"""Asterisk's own documentation of its options, out of the XML in its package.

The sentences are Asterisk's, under its licence (GPL-2.0): they are read where the package lies, never copied here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from labkit.errors import ParseError

PATH = "usr/share/asterisk/documentation/core-en_US.xml"
"""Where the file lies below a root folder."""
_WIDTH = 100
_BLOCKS = ("para", "note", "warning", "enumlist", "variablelist", "example", "description", "enum", "variable", "value")


@dataclass(frozen=True, slots=True)
class Page:
    """What the documentation says of one option."""

    synopsis: str
    description: str
    """Paragraphs, empty lines between them."""


class Documentation:
    """The documentation of all options of pjsip.conf."""

    def __init__(self, pages: dict[tuple[str, str], Page]) -> None:
        """Hold pages by object and option."""
        self._pages = pages

    @classmethod
    def read(cls, path: Path) -> Documentation:
        """Read the XML file; ParseError where it is missing or not what it should be."""
        try:
            root = ElementTree.parse(path).getroot()  # noqa: S314 - from a package whose signature was checked
        except (OSError, ElementTree.ParseError) as why:
            raise ParseError(f"Asterisk's documentation cannot be read: {path} ({why})", file=str(path)) from why
        files = (file for file in root.iter("configFile") if file.get("name") == "pjsip.conf")
        pages = {
            (str(object_.get("name")), str(option.get("name"))): _page(option)
            for file in files
            for object_ in file.iter("configObject")
            for option in object_.findall("configOption")
        }
        return cls(pages)

    def page(self, type_: str, name: str) -> Page | None:
        """What it says of an option; None where it says nothing."""
        return self._pages.get((type_, name))


def _page(option: Element) -> Page:
    described = option.find("description")
    blocks = [] if described is None else list(_blocks(described))
    return Page(_words(option.find("synopsis")), "\n\n".join(blocks))


def _words(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _blocks(element: Element, indent: str = "") -> Iterator[str]:
    """Paragraphs of an element; members of lists with their names, set in."""
    for child in element:
        if child.tag in ("enumlist", "variablelist"):
            yield from _blocks(child, indent)
        elif child.tag in ("enum", "variable", "value"):
            yield _filled(str(child.get("name")), indent + "- ")
            yield from _blocks(child, indent + "  ")
        elif child.tag in ("note", "warning"):
            for block in _blocks(child, indent):
                yield f"{indent}{child.tag.title()}: {block.strip()}"
        elif text := _words(child):
            yield _filled(text, indent)


def _filled(text: str, indent: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent))
