"""The picture of the objects: every node and every trouble is on it, within its edges, on both papers."""

from types import SimpleNamespace

import pytest

from labkit import show
from labkit.pjsip.graph import Held, object_graph
from labkit.pjsip.objects import read_objects
from labkit.pjsip.reported import reported
from labkit.show.object_graph import _BOX, WIDTH, _placed

FILES = """[udp]
type=transport
bind=0.0.0.0
[provider]
type=endpoint
aors=provider,nobody
outbound_auth=provider
transport=udp
allow=alaw
[provider]
type=aor
contact=sip:203.0.113.10
[provider]
type=identify
endpoint=provider
match=203.0.113.10
[provider]
type=registration
server_uri=sip:203.0.113.10
client_uri=sip:a-very-long-account-name-that-does-not-fit-into-its-box@203.0.113.10
[provider]
type=auth
username=me
[spare]
type=aor
"""
OBJECTS = read_objects({"pjsip.conf": FILES})
HELD = Held(
    {(each.type, each.id): reported(each) for each in OBJECTS.all},
    {"provider": "Rejected"},
    {("provider", "sip:203.0.113.10"): "Reachable"},
)
GRAPH = object_graph(OBJECTS, HELD)


def letters(theme: str = "light") -> list[str]:
    return [text.get_text() for text in show.objects(GRAPH).on(theme).figure().texts]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_node_and_trouble_is_drawn(theme: str) -> None:
    drawn = letters(theme)
    assert [f"{node.type} {node.id}" for node in GRAPH.nodes if f"{node.type} {node.id}" not in drawn] == []
    assert [trouble for trouble in GRAPH.troubles if f"! {trouble}" not in drawn] == []
    assert {"outbound_auth", "aors", "endpoint"} <= set(drawn)
    assert {"✕ Rejected", "✓ Reachable", "✕ does not exist", "○ nothing uses it"} <= set(drawn)


def test_no_two_boxes_lie_on_each_other_and_none_leaves_the_sheet() -> None:
    boxes, height = _placed(GRAPH)
    assert len(boxes) == len(GRAPH.nodes)
    for box in boxes:
        assert 0 <= box.x
        assert box.x + _BOX <= WIDTH
        assert box.y + box.height <= height
        others = [each for each in boxes if each.x == box.x and each is not box]
        assert not [each for each in others if each.y < box.y + box.height and box.y < each.y + each.height]


def test_a_long_text_is_cut_and_kept_in_words() -> None:
    assert any(text.startswith("as sip:a-very-long") and text.endswith("…") for text in letters())
    assert "as sip:a-very-long-account-name-that-does-not-fit-into-its-box@203.0.113.10" in str(show.objects(GRAPH))


def test_a_lab_is_drawn_as_its_graph() -> None:
    assert show.objects(SimpleNamespace(objects=GRAPH)).words == str(GRAPH)


def test_nothing_wrong_is_said() -> None:
    graph = object_graph(read_objects({"pjsip.conf": "[udp]\ntype=transport\nbind=0.0.0.0\n"}))
    assert "✓ nothing is wrong" in [text.get_text() for text in show.objects(graph).figure().texts]


def test_every_box_can_be_chosen_where_it_is_drawn_and_tells_its_links() -> None:
    boxes, height = _placed(GRAPH)
    spots = {spot.name: spot for spot in show.objects(GRAPH).spots}
    assert [f"{box.node.type} {box.node.id}" for box in boxes] == list(spots)
    assert [(box.x, box.y) for box in boxes] == [
        pytest.approx((spot.left * WIDTH, spot.top * height)) for spot in spots.values()
    ]
    assert "its outbound_auth: auth provider" in spots["endpoint provider"].words
    assert "named by endpoint provider (outbound_auth)" in spots["auth provider"].words
    assert "! Rejected" in spots["registration provider"].words
