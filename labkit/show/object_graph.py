"""The graph of PJSIP objects: endpoints in the middle, what recognises them on the left, what they use on the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from labkit.pjsip.graph import GOOD_STATES, Condition, Node, ObjectGraph
from labkit.show.canvas import Canvas, text_width
from labkit.show.palette import Palette
from labkit.show.pictures import Picture, Spot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 1000.0
"""In CSS pixels, as all of these; a page of 1280 beside JupyterLab's file browser shows it at four fifths."""
_COLUMNS = (14.0, 367.0, 720.0)
_BOX, _LINE, _PAD, _GAP, _TOP = 266.0, 17.0, 9.0, 14.0, 62.0
_LEFT, _RIGHT = ("identify", "registration"), ("aor", "auth", "acl")
_HEADS = ("who is it? · where do we log in?", "endpoint", "where is it reached? · who proves what?")
_UNKNOWN = ("NonQualified", "Created", "Unknown")
"""States of contacts that nobody asks by OPTIONS."""
_SIGNS = {
    Condition.CHANGED: "≠", Condition.REFUSED: "✕", Condition.KEPT: "✕", Condition.NEW: "+", Condition.LEFT: "□",
    Condition.MISSING: "✕", Condition.UNUSED: "○",
}  # fmt: skip


class HasGraph(Protocol):
    """Anything whose objects can be drawn, such as a lab."""

    @property
    def objects(self) -> ObjectGraph:
        """Its graph."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box."""

    text: str
    tone: str
    """head, plain, good, bad or quiet."""


@dataclass(frozen=True, slots=True)
class Box:
    """One node in its place."""

    node: Node
    lines: tuple[Line, ...]
    x: float
    y: float

    @property
    def height(self) -> float:
        """How high it is."""
        return len(self.lines) * _LINE + 2 * _PAD

    @property
    def middle(self) -> float:
        """Where lines reach it."""
        return self.y + self.height / 2


def objects(source: ObjectGraph | HasGraph) -> Picture:
    """The PJSIP objects of a graph or of a lab: links, broken ones, unused objects, states, what is not loaded."""
    graph = source if isinstance(source, ObjectGraph) else source.objects
    boxes, height = _placed(graph)
    spots = tuple(_spot(graph, box, height) for box in boxes)
    return Picture(str(graph), lambda palette: _drawn(graph, boxes, height, palette), spots=spots)


def _spot(graph: ObjectGraph, box: Box, height: float) -> Spot:
    """A box as a part that can be chosen: the node, what it names, what names it."""
    node = box.node
    named = [f"its {each.option}: {' '.join(each.target)}" for each in graph.edges if each.source == node.key]
    naming = [f"named by {' '.join(each.source)} ({each.option})" for each in graph.edges if each.target == node.key]
    words = "\n  ".join([str(node), *named, *naming])
    return Spot(f"{node.type} {node.id}", words, box.x / WIDTH, box.y / height, _BOX / WIDTH, box.height / height)


def _placed(graph: ObjectGraph) -> tuple[list[Box], float]:
    """Every node with its place, endpoint by endpoint, then what belongs to none; and the height of all."""
    left_over = {node.key: node for node in graph.nodes}
    boxes: list[Box] = []
    y = _TOP
    for node in graph.nodes:
        if node.type == "endpoint":
            group = [each for each in graph.group(node.id) if each.key in left_over and each.type != "endpoint"]
            columns = (
                [each for each in group if each.type in _LEFT],
                [node],
                [each for each in group if each.type in _RIGHT],
            )
            for each in (each for column in columns for each in column):
                left_over.pop(each.key, None)
            y = _row(boxes, columns, y) + _GAP * 1.6
    rest = list(left_over.values())
    for at in range(0, len(rest), 3):
        y = _row(boxes, [[node] for node in rest[at : at + 3]], y) + _GAP
    return boxes, y + 26 + _LINE * max(1, len(graph.troubles))


def _row(boxes: list[Box], columns: Iterable[Sequence[Node]], y: float) -> float:
    bottom = y
    for x, column in zip(_COLUMNS, columns, strict=False):
        at = y
        for node in column:
            box = Box(node, tuple(_lines(node)), x, at)
            boxes.append(box)
            at += box.height + _GAP
        bottom = max(bottom, at - _GAP)
    return bottom


def _lines(node: Node) -> Iterator[Line]:
    yield Line(f"{node.type} {node.id}", "head")
    yield from (Line(fact, "plain") for fact in node.facts)
    for uri, state in node.contacts:
        yield Line(uri, "plain")
        if state:
            yield _state(state)
    if node.state:
        yield _state(node.state)
    if node.condition:
        yield Line(
            f"{_SIGNS[node.condition]} {node.condition}", "bad" if node.condition != Condition.UNUSED else "quiet"
        )


def _state(state: str) -> Line:
    if state in _UNKNOWN:
        return Line(f"? {state}", "quiet")
    good = state in GOOD_STATES
    return Line(f"{'✓' if good else '✕'} {state}", "good" if good else "bad")


def _drawn(graph: ObjectGraph, boxes: Sequence[Box], height: float, palette: Palette) -> Figure:
    canvas = Canvas(WIDTH, height, palette)
    asked = "files and the running Asterisk" if graph.held else "files"
    canvas.text((_COLUMNS[0], 28), f"PJSIP objects ({asked})", palette.ink, 17, bold=True)
    for x, head in zip(_COLUMNS, _HEADS, strict=True):
        canvas.text((x, 50), head, palette.quiet, 12)
    by_key = {box.node.key: box for box in boxes}
    for edge in graph.edges:
        ends = by_key.get(edge.source), by_key.get(edge.target)
        if edge.target[0] != "transport" and ends[0] and ends[1] and 0 < abs(ends[0].x - ends[1].x) < 2 * _BOX:
            _link(canvas, ends[0], ends[1], edge.option, broken=edge.broken)
    for box in boxes:
        _box(canvas, box)
    _troubles(canvas, graph, height)
    return canvas.figure()


def _link(canvas: Canvas, source: Box, target: Box, option: str, *, broken: bool) -> None:
    right = source.x < target.x
    start = (source.x + (_BOX if right else 0), source.middle)
    end = (target.x + (0 if right else _BOX), target.middle)
    colour = canvas.palette.bad if broken else canvas.palette.line
    bend = (start[0] + end[0]) / 2
    canvas.line([start, (bend, start[1]), (bend, end[1]), end], colour, 1.4, "--" if broken else "-", level=1)
    tip = 6 if right else -6
    canvas.shape([end, (end[0] - tip, end[1] - 4), (end[0] - tip, end[1] + 4)], colour, level=2)
    at = bend if abs(start[0] - end[0]) > text_width(option, 11) + 2 else None
    if at is not None:
        canvas.text((at, end[1] - 4), option, canvas.palette.quiet, 11, "center", halo=True)


def _box(canvas: Canvas, box: Box) -> None:
    palette = canvas.palette
    missing = box.node.condition in (Condition.MISSING, Condition.REFUSED)
    alarmed = bool(box.node.troubles) and box.node.condition != Condition.UNUSED
    x, y, right, bottom = box.x, box.y, box.x + _BOX, box.y + box.height
    corners = [(x, y), (right, y), (right, bottom), (x, bottom)]
    canvas.shape(corners, palette.paper if missing else palette.head, "none")
    canvas.line([*corners, (x, y)], palette.bad if alarmed else palette.line, 1.2, "--" if missing else "-", level=4)
    tones = {
        "head": palette.ink,
        "plain": palette.ink,
        "good": palette.good,
        "bad": palette.bad,
        "quiet": palette.quiet,
    }
    for number, line in enumerate(box.lines):
        at = (x + _PAD, y + _PAD + _LINE * number + 12)
        size = 13.0 if line.tone == "head" else 12.0
        canvas.text(
            at, _fitting(line.text, size, line.tone == "head"), tones[line.tone], size, bold=line.tone == "head"
        )


def _fitting(text: str, size: float, bold: bool = False, room: float = _BOX - 2 * _PAD) -> str:
    if text_width(text, size, bold) <= room:
        return text
    while text and text_width(f"{text}…", size, bold) > room:
        text = text[:-1]
    return f"{text}…"


def _troubles(canvas: Canvas, graph: ObjectGraph, height: float) -> None:
    found = graph.troubles
    y = height - _LINE * max(1, len(found)) - 4
    palette = canvas.palette
    if not found:
        canvas.text((_COLUMNS[0], y + 12), "✓ nothing is wrong", palette.good, 12)
    for number, trouble in enumerate(found):
        canvas.text(
            (_COLUMNS[0], y + 12 + _LINE * number),
            _fitting(f"! {trouble}", 12, room=WIDTH - 2 * _COLUMNS[0]),
            palette.bad,
            12,
        )
