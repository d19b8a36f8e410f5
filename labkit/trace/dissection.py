"""tshark's full dissection of one frame as a tree, read by pyshark on a thread of its own.

pyshark refuses to work on a thread whose event loop runs, as the main thread of a notebook's kernel does, and it
flattens what tshark nests; so a worker thread brings its own loop, and the nested form (PDML) is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from labkit.errors import CaptureError
from labkit.trace.tshark import find

PATIENCE_S = 60.0
"""A dissection that takes longer is given up."""
LEAVE_S = 5.0
"""So long tshark may take to end after its last word."""
HIDDEN = ("geninfo",)
"""Layers of tshark's output that are no layers of the frame."""


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree: a protocol or a field."""

    name: str
    """tshark's filter name, such as sip.Call-ID."""
    label: str
    """The line as Wireshark shows it."""
    value: str = ""
    """The value that a filter would compare with."""
    children: tuple[Node, ...] = ()
    """What it is made of."""

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Every node with its depth, from the top."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True, slots=True, repr=False)
class Dissection:
    """All that tshark knows of one frame: text by `str`, a folding tree in a notebook."""

    path: Path
    """The capture file."""
    frame: int
    """Frame number, from 1."""
    layers: tuple[Node, ...]
    """From the frame inwards to the innermost protocol."""

    def find(self, name: str) -> list[str]:
        """Values of every field with a filter name, in order."""
        return [node.value for layer in self.layers for _, node in layer.walk() if node.name == name]

    def __str__(self) -> str:
        lines = [f"frame {self.frame}"]
        lines += [f"{'  ' * (depth + 1)}{node.label}" for layer in self.layers for depth, node in layer.walk()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return "\n".join([f"frame {self.frame}", *(f"  {layer.label}" for layer in self.layers)])

    def _repr_html_(self) -> str:
        inner = "".join(_html(layer, unfold=layer is self.layers[-1]) for layer in self.layers)
        return f'<div class="labkit-dissection"><b>frame {self.frame}</b>{inner}</div>'


def dissect(path: str | Path, frame: int, *, tshark: str | Path | None = None) -> Dissection:
    """The dissection of one frame of a capture file; CaptureError where there is no such frame or no tshark.

    Without `tshark` it is the one that LABKIT_TSHARK names, or the one on PATH.
    """
    path = Path(path)
    if not path.is_file():
        raise CaptureError(f"No capture file at {path}.", path=path)
    with ThreadPoolExecutor(1, "labkit-dissection") as worker:
        packet = worker.submit(_on_own_loop, path, frame, tshark or find()).result()
    if packet is None:
        raise CaptureError(f"tshark finds no frame {frame} in {path}.", path=path, frame=frame)
    return Dissection(path, frame, tuple(_node(layer) for layer in packet if layer.get("name") not in HIDDEN))


def _on_own_loop(path: Path, frame: int, tshark: str | Path | None) -> Any:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return _read(loop, path, frame, tshark)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _read(loop: asyncio.AbstractEventLoop, path: Path, frame: int, tshark: str | Path | None) -> Any:
    """The frame as an XML element of PDML, or None."""
    from pyshark.capture.capture import TSharkCrashException
    from pyshark.tshark.tshark import TSharkNotFoundException

    capture = _tree_capture()(
        str(path), display_filter=f"frame.number=={frame}", eventloop=loop, tshark_path=tshark and str(tshark),
        custom_parameters=["-c", str(frame)],
    )  # fmt: skip
    try:
        capture.load_packets(timeout=PATIENCE_S)
        return capture[0].tree if len(capture) else None
    except TSharkNotFoundException:
        raise CaptureError(
            "tshark was not found; install it, or bring the lab up once: its tools include it."
        ) from None
    except TSharkCrashException:
        raise CaptureError(f"{path} could not be read. {capture._last_error_line}", path=path) from None
    finally:
        capture.close()


@dataclass(frozen=True, slots=True)
class _Packet:
    """What pyshark keeps for us; a bare XML element would count as false to it."""

    tree: Any


def _tree_capture() -> Any:
    """The reader of files of pyshark, made to keep tshark's nesting."""
    from pyshark.capture.file_capture import FileCapture
    from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser

    class TreeParser(TsharkXmlParser):  # type: ignore[misc]
        def _parse_single_packet(self, packet: bytes) -> _Packet:
            return _Packet(_element(packet))

    class TreeCapture(FileCapture):  # type: ignore[misc]
        def _setup_tshark_output_parser(self) -> TreeParser:
            return TreeParser()

        async def _cleanup_subprocess(self, process: asyncio.subprocess.Process) -> None:
            # tshark ends by itself here; a kill in that very moment makes asyncio complain on stderr.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), LEAVE_S)
            await asyncio.gather(*self._stderr_handling_tasks)
            self._running_processes.discard(process)
            await super()._cleanup_subprocess(process)

    return TreeCapture


def _element(packet: bytes) -> Any:
    from lxml import etree
    from pyshark.tshark.output_parser.tshark_xml import DEL_BAD_XML_CHARS

    text = packet.decode("utf-8", "ignore").translate(DEL_BAD_XML_CHARS)
    return etree.fromstring(text.encode(), etree.XMLParser(huge_tree=True, recover=True, resolve_entities=False))


def _node(element: Any) -> Node:
    get = element.get
    children = tuple(_node(child) for child in element if child.get("hide") != "yes")
    label = get("showname") or get("show") or get("name") or ""
    return Node(get("name") or "", label, get("show") or "", children)


def _html(node: Node, *, unfold: bool = False) -> str:
    line = escape(node.label)
    if not node.children:
        return f"<div>{line}</div>"
    inner = "".join(_html(child) for child in node.children)
    return f"<details{' open' if unfold else ''}><summary>{line}</summary><blockquote>{inner}</blockquote></details>"
