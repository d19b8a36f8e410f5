"""The lab as a picture: hosts in their networks, how each is, and where calls run; as SVG and as words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from labkit.runtime.topology import Topology

SIZE = 1100, 330
_PLACES = {
    "phone-1001": (24, 58, 210),
    "phone-1002": (24, 200, 210),
    "pbx": (290, 122, 220),
    "router": (574, 122, 176),
    "provider": (846, 58, 232),
    "stranger": (846, 200, 232),
}
"""Left, top and width of each host's card; all are as high."""
_HEIGHT = 104
_CABLES = (
    ("phone-1001", "pbx"),
    ("phone-1002", "pbx"),
    ("pbx", "router"),
    ("router", "provider"),
    ("router", "stranger"),
)
_ZONES = (("lan", 10, 656, "the call centre"), ("wan", 668, 422, "the internet, as far as this lab goes"))


@dataclass(frozen=True, slots=True)
class Mark:
    """One line about a host."""

    text: str
    """In words, with a sign before it where it is good or bad."""
    tone: str = "quiet"
    """good, bad, ask or quiet."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A call on one cable."""

    hosts: tuple[str, str]
    up: bool
    """Whether it is answered; else it rings."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the picture shows."""

    topology: Topology
    running: bool = False
    marks: Mapping[str, tuple[Mark, ...]] | None = None
    """By host, two at most."""
    talks: tuple[Talk, ...] = ()

    def marked(self, host: str) -> tuple[Mark, ...]:
        """The lines about a host."""
        if not self.running:
            return (Mark("does not run"),)
        return (self.marks or {}).get(host, ())

    def busy(self, cable: tuple[str, str]) -> Talk | None:
        """The call on a cable, one that is up before one that rings."""
        found = [talk for talk in self.talks if set(talk.hosts) == set(cable)]
        return next((talk for talk in found if talk.up), found[0] if found else None)


def words(scene: Scene) -> str:
    """The picture as text, a line for each host and each call."""
    return "\n".join(_words(scene))


def _words(scene: Scene) -> Iterator[str]:
    for name, host in scene.topology.hosts.items():
        where = ", ".join(each for addresses in host.addresses.values() for each in addresses)
        told = "; ".join(mark.text for mark in scene.marked(name))
        yield f"{name} ({where}): {told or host.title}"
    for cable in _CABLES:
        if talk := scene.busy(cable):
            yield f"a call {'is up' if talk.up else 'rings'} between {cable[0]} and {cable[1]}"


def svg(scene: Scene) -> str:
    """The picture, with its words as the text alternative."""
    said = escape(words(scene), quote=True).replace("\n", "; ")
    parts = [*_zones(scene.topology), *(_cable(scene, cable) for cable in _CABLES)]
    parts += [_card(scene, name) for name in _PLACES if name in scene.topology.hosts]
    width, height = SIZE
    return (
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {width} {height}" '
        f'style="width: 100%; max-width: {width}px; height: auto; display: block">{"".join(parts)}</svg>'
    )


def _zones(topology: Topology) -> Iterator[str]:
    for name, left, width, what in _ZONES:
        yield (
            f'<rect x="{left}" y="34" width="{width}" height="286" rx="12" fill="none" stroke="var(--lk-line)" '
            f'stroke-dasharray="2 4"/>{_text(left + 6, 24, f"{name} {topology.networks[name]} · {what}", "quiet")}'
        )


def _cable(scene: Scene, cable: tuple[str, str]) -> str:
    (x1, y1), (x2, y2) = _port(cable[0], left=False), _port(cable[1], left=True)
    bend = (x1 + x2) / 2
    path = f"M{x1} {y1} H{bend} V{y2} H{x2}"
    line = f'<path d="{path}" fill="none" stroke="var(--lk-quiet)" stroke-width="1.5"/>'
    talk = scene.busy(cable)
    if talk is None:
        return line
    ink, dash = ("--lk-good", "") if talk.up else ("--lk-ask", ' stroke-dasharray="7 6"')
    loud = f'<path d="{path}" fill="none" stroke="var({ink})" stroke-width="5"{dash}/>'
    y = y1 - 9 if y1 == y2 else (y1 + y2) / 2 + 4
    return line + loud + _label(bend, y, "call" if talk.up else "rings", "good" if talk.up else "ask")


def _port(name: str, *, left: bool) -> tuple[int, int]:
    x, y, width = _PLACES[name]
    return (x if left else x + width), y + _HEIGHT // 2


def _card(scene: Scene, name: str) -> str:
    x, y, width = _PLACES[name]
    host = scene.topology.hosts[name]
    dash = "" if scene.running else ' stroke-dasharray="5 4"'
    box = (
        f'<rect x="{x}" y="{y}" width="{width}" height="{_HEIGHT}" rx="8" fill="var(--lk-head)" '
        f'stroke="var(--lk-quiet)"{dash}><title>{escape(host.title)}</title></rect>'
    )
    addresses = [Mark(each[0], "mono") for each in host.addresses.values()]
    lines = [f'<text x="{x + 12}" y="{y + 24}" style="font-weight: 600; font-size: 15px">{escape(name)}</text>']
    below = [*addresses, *scene.marked(name)][:3]
    lines += [_text(x + 12, y + 45 + 21 * at, mark.text, mark.tone) for at, mark in enumerate(below)]
    return box + "".join(lines)


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _label(x: float, y: float, text: str, kind: str) -> str:
    return (
        f'<text x="{x}" y="{y}" class="{kind}" text-anchor="middle" paint-order="stroke" '
        f'style="stroke: var(--lk-paper); stroke-width: 5px">{escape(text)}</text>'
    )
