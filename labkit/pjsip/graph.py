"""The PJSIP objects as a graph: what the files say, what the running Asterisk holds, and where the two differ.

graph = object_graph(read_objects("/etc/asterisk"))         # files alone
graph = object_graph(objects, held)                         # and what Asterisk holds, over ARI and AMI
print(graph); print(graph["provider"]); graph.troubles
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from labkit.errors import LabError
from labkit.pjsip.objects import LINKS, Link, Object, Objects
from labkit.pjsip.reported import Difference, differences

Key = tuple[str, str]
"""Type and name of an object."""
GOOD_STATES = ("Registered", "Reachable", "NonQualified", "Created")


class Condition(StrEnum):
    """How an object of the files stands to the one that Asterisk holds."""

    SAME = ""
    CHANGED = "changed, not loaded"
    REFUSED = "refused"
    KEPT = "refused, Asterisk keeps the old one"
    NEW = "not loaded yet"
    LEFT = "not in the files any more, Asterisk still holds it"
    MISSING = "does not exist"
    UNUSED = "nothing uses it"


@dataclass(frozen=True, slots=True)
class Held:
    """What a running Asterisk holds."""

    objects: Mapping[Key, Mapping[str, str]]
    """Options of each object as ARI reports them."""
    registrations: Mapping[str, str] = field(default_factory=dict)
    """State of each outbound registration: Registered, Rejected, Unregistered, ..."""
    contacts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """State of each contact by AOR and URI: Reachable, Unreachable, NonQualified, ..."""


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the graph."""

    type: str
    id: str
    facts: tuple[str, ...]
    """What is worth to know of it, a line each."""
    condition: Condition = Condition.SAME
    detail: str = ""
    """What of it is so, such as the option that differs."""
    state: str = ""
    """What it is doing: the registration's state."""
    contacts: tuple[tuple[str, str], ...] = ()
    """Of an AOR: its contacts with their states, empty where nobody is asked."""
    place: str = ""
    """File and line of its section."""

    @property
    def key(self) -> Key:
        """Type and name."""
        return self.type, self.id

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it, in words."""
        name = f"{self.type} {self.id}"
        found = [f"{name}: {self.condition}{f' ({self.detail})' if self.detail else ''}"] if self.condition else []
        found += [f"{name}: {self.state}"] if self.state and self.state not in GOOD_STATES else []
        bad = [(uri, state) for uri, state in self.contacts if state and state not in GOOD_STATES]
        return found + [f"{name}: {uri} is {state}" for uri, state in bad]

    def __str__(self) -> str:
        """One line for each fact."""
        place = f"({self.place})" if self.place else ""
        head = "  ".join(filter(None, (f"{self.type} {self.id}", self.state, place)))
        contacts = (f"contact {uri} {state}".rstrip() for uri, state in self.contacts)
        troubles = (f"! {trouble.partition(': ')[2]}" for trouble in self.troubles)
        return "\n  ".join([head, *self.facts, *contacts, *troubles])


@dataclass(frozen=True, slots=True)
class Edge:
    """One object names another."""

    source: Key
    target: Key
    option: str
    broken: bool


@dataclass(frozen=True, slots=True, repr=False)
class Family:
    """All nodes around one name, the endpoint first."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        """One after the other."""
        return "\n".join(map(str, self.nodes))

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class ObjectGraph:
    """All objects and their links."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    objects: Objects
    held: Held | None = None
    """None where no Asterisk was asked."""

    @cached_property
    def _by_key(self) -> dict[Key, Node]:
        return {node.key: node for node in self.nodes}

    @cached_property
    def _order(self) -> dict[Key, int]:
        return {node.key: at for at, node in enumerate(self.nodes)}

    @cached_property
    def _by_name(self) -> dict[str, list[Key]]:
        found: dict[str, list[Key]] = {}
        for node in self.nodes:
            found.setdefault(node.id, []).append(node.key)
        return found

    @cached_property
    def _around(self) -> dict[Key, list[Key]]:
        """What each object names, and what names it."""
        found: dict[Key, list[Key]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge.target)
            found.setdefault(edge.target, []).append(edge.source)
        return found

    def node(self, type_: str, id_: str) -> Node:
        """One object; LabError names the nearest one there is."""
        try:
            return self._by_key[type_, id_]
        except KeyError:
            near = get_close_matches(id_, [node.id for node in self.nodes if node.type == type_], 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise LabError(f"There is no {type_} {id_!r}{hint}", object=id_) from None

    @property
    def troubles(self) -> list[str]:
        """All that is wrong, in words."""
        return [trouble for node in self.nodes for trouble in node.troubles]

    def group(self, id_: str) -> list[Node]:
        """An endpoint with all that names it and all that it names; of another object all of that name."""
        around = {*self._by_name.get(id_, ()), *self._around.get(("endpoint", id_), ())}
        found = sorted((node for node in around if node in self._by_key), key=self._order.__getitem__)
        nodes = [self._by_key[key] for key in found]
        return sorted(nodes, key=lambda node: (node.type != "endpoint", node.type == "transport"))

    def __getitem__(self, id_: str) -> Family:
        """All about one name; LabError names the nearest one there is."""
        found = self.group(id_)
        if not found:
            near = get_close_matches(id_, [node.id for node in self.nodes], 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise LabError(f"There is no PJSIP object {id_!r}{hint}", object=id_)
        return Family(tuple(found))

    def __str__(self) -> str:
        """Every endpoint with what belongs to it, then the rest, then what is wrong."""
        shown: set[Key] = set()
        blocks = []
        for node in self.nodes:
            if node.type == "endpoint":
                group = [each for each in self.group(node.id) if each.type != "transport"]
                shown |= {each.key for each in group}
                rest = (each for each in group if each != node)
                blocks.append("\n".join([str(node), *(_inset(str(each)) for each in rest)]))
        blocks += [str(node) for node in self.nodes if node.key not in shown]
        wrong = self.troubles
        blocks.append("\n".join(["What is wrong:", *(f"  {each}" for each in wrong)]) if wrong else "Nothing is wrong.")
        return "\n\n".join(blocks)

    __repr__ = __str__


def _inset(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def object_graph(objects: Objects, held: Held | None = None) -> ObjectGraph:
    """The graph of the objects in the files, merged with what a running Asterisk holds where it was asked."""
    used = set(_used(objects))
    there = [_node(each, held, used) for each in objects.all]
    refused = [_refused(refusal.object, refusal.reason, held) for refusal in objects.refused]
    known = {node.key for node in (*there, *refused)}
    edges = tuple(_edge(link) for link in objects.links)
    missing = dict.fromkeys(edge.target for edge in edges if edge.broken and edge.target not in known)
    ghosts = [Node(*key, (), Condition.MISSING) for key in missing]
    left = [_left(key, held) for key in (held.objects if held else ()) if key not in known]
    nodes = {node.key: node for node in (*there, *refused, *left, *ghosts)}
    return ObjectGraph(tuple(nodes.values()), edges, objects, held)


def _edge(link: Link) -> Edge:
    return Edge((link.source.type, link.source.id), (link.type, link.id), link.setting.option, link.broken)


def _used(objects: Objects) -> Iterator[Key]:
    """What any object names, a refused one included."""
    for each in (*objects.all, *(refusal.object for refusal in objects.refused)):
        for (type_, option), target in LINKS.items():
            if each.type == type_:
                yield from ((target, name) for name in each.words(option))


def _node(each: Object, held: Held | None, used: set[Key]) -> Node:
    condition, detail = _condition(each, held, used)
    place = f"{each.file}:{each.line}"
    state = held.registrations.get(each.id, "") if held and each.type == "registration" else ""
    return Node(each.type, each.id, _facts(each), condition, detail, state, _contacts(each, held), place)


def _condition(each: Object, held: Held | None, used: set[Key]) -> tuple[Condition, str]:
    if held is not None and each.type not in ("acl", "system"):
        now = held.objects.get((each.type, each.id))
        if now is None:
            return Condition.NEW, ""
        if unequal := differences(each, now):
            return Condition.CHANGED, ", ".join(map(_unequal, unequal))
    if each.type in ("aor", "auth") and (each.type, each.id) not in used:
        return Condition.UNUSED, ""
    return Condition.SAME, ""


def _unequal(each: Difference) -> str:
    return f"{each.option}: the file says {each.written or 'nothing'}, Asterisk {each.held or 'nothing'}"


def _refused(each: Object, reason: str, held: Held | None) -> Node:
    kept = held is not None and (each.type, each.id) in held.objects
    condition = Condition.KEPT if kept else Condition.REFUSED
    return Node(each.type, each.id, (), condition, reason, place=f"{each.file}:{each.line}")


def _left(key: Key, held: Held | None) -> Node:
    state = held.registrations.get(key[1], "") if held and key[0] == "registration" else ""
    return Node(*key, (), Condition.LEFT, state=state)


def _contacts(each: Object, held: Held | None) -> tuple[tuple[str, str], ...]:
    if each.type != "aor":
        return ()
    asked = {uri: state for (aor, uri), state in (held.contacts if held else {}).items() if aor == each.id}
    written = {uri.strip(): "" for value in each.values("contact") for uri in value.split(",") if uri.strip()}
    return tuple((written | asked).items())


def _facts(each: Object) -> tuple[str, ...]:
    return tuple(_FACTS[each.type](each)) if each.type in _FACTS else ()


def _of_endpoint(each: Object) -> Iterator[str]:
    yield f"context {each.value('context')}"
    if each.value("transport"):
        yield f"transport {each.value('transport')}"
    yield f"codecs {', '.join(each.codecs[:6]) or 'none'}"


def _of_aor(each: Object) -> Iterator[str]:
    if each.value("max_contacts") != "0":
        yield f"up to {each.value('max_contacts')} may register"
    asked = each.value("qualify_frequency")
    yield f"OPTIONS every {asked} s" if asked != "0" else "no OPTIONS"


def _of_auth(each: Object) -> Iterator[str]:
    yield f"user {each.value('username')}"
    if each.value("realm"):
        yield f"realm {each.value('realm')}"


def _of_identify(each: Object) -> Iterator[str]:
    for option in ("match", "match_header", "match_request_uri"):
        yield from (f"{option} {value}" for value in each.values(option))


def _of_registration(each: Object) -> Iterator[str]:
    yield f"at {each.value('server_uri')}"
    yield f"as {each.value('client_uri')}"
    if each.value("outbound_auth"):
        yield f"outbound_auth {each.value('outbound_auth')}"


def _of_transport(each: Object) -> Iterator[str]:
    yield f"{each.value('protocol')} {each.value('bind')}"
    if each.value("external_media_address") or each.value("external_signaling_address"):
        yield f"outside {each.value('external_signaling_address')}, media {each.value('external_media_address')}"
    yield from (f"local_net {value}" for value in each.values("local_net"))


_FACTS = {
    "endpoint": _of_endpoint,
    "aor": _of_aor,
    "auth": _of_auth,
    "identify": _of_identify,
    "registration": _of_registration,
    "transport": _of_transport,
}
