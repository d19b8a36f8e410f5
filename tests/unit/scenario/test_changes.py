"""How changes of the lab's files are made to count."""

import pytest

from labkit.scenario.changes import only_reloaded, strength
from labkit.scenario.model import Apply, Change


def change(apply: Apply, file: str = "pbx/pjsip.d/global.conf") -> Change:
    return Change(file=file, old="a", new="b", apply=apply)


def test_the_strongest_way_of_a_list_counts() -> None:
    assert "restart" == strength([change("reload"), change("restart")])
    assert "nothing" == strength([change("reload", "router/rules.nft"), Change(provider="title", value="x")])
    assert "restart" == strength([Change(apply="restart")])


@pytest.mark.parametrize(
    ("scene", "broken", "apart"),
    [("restart", "reload", True), ("restart", "restart", False), ("reload", "reload", False)],
)
def test_a_break_that_is_only_reloaded_is_kept_apart_from_its_scene(scene: Apply, broken: Apply, apart: bool) -> None:
    assert apart is only_reloaded([change(broken)], [change(scene)])


def test_a_break_of_the_router_alone_is_staged_with_its_scene() -> None:
    assert not only_reloaded([change("reload", "router/rules.nft")], [change("restart")])
