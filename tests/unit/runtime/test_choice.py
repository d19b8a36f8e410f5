"""Which runtime a lab gets, for every combination of wishes and obstacles."""

from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.runtime import choice


@pytest.fixture
def obstacles(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Obstacles by runtime, for a test to set; none at first."""
    found: dict[str, str] = {}
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(choice, "obstacles", lambda: ((name, found.get(name)) for name in choice.KINDS))
    return found


def test_the_best_one_is_chosen_where_nothing_stands_in_the_way(obstacles: dict[str, str]) -> None:
    assert next(iter(choice.KINDS)) == choice.choose().name


def test_what_is_passed_over_is_told_with_its_obstacle(obstacles: dict[str, str]) -> None:
    names = list(choice.KINDS)
    obstacles |= dict.fromkeys(names[:-1], "not today\nand more")
    chosen = choice.choose()
    assert names[-1] == chosen.name
    assert all(f"not {name}: not today" in chosen.reason for name in names[:-1])
    assert "and more" not in chosen.reason


def test_where_nothing_can_run_every_obstacle_is_told(obstacles: dict[str, str]) -> None:
    obstacles |= {name: f"no {name} here" for name in choice.KINDS}
    with pytest.raises(RuntimeUnavailable) as caught:
        choice.choose()
    assert all(f"not {name}: no {name} here" in str(caught.value) for name in choice.KINDS)


def test_a_wish_goes_before_the_environment_and_that_before_the_best(
    obstacles: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(choice.VARIABLE, "loopback")
    assert choice.Choice("loopback", "LABKIT_RUNTIME names it") == choice.choose()
    assert choice.Choice("namespaces", "it was asked for") == choice.choose("namespaces")


@pytest.mark.parametrize("deed", [choice.choose, lambda name: choice.made(name, Path())])
def test_an_unknown_runtime_is_refused_with_those_there_are(deed, obstacles: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RuntimeUnavailable, match=r"no runtime 'docker'; there are: .*namespaces, loopback"):
        deed("docker")


def test_obstacles_are_found_on_this_very_machine() -> None:
    assert list(choice.KINDS) == [name for name, _ in choice.obstacles()]
    assert None is dict(choice.obstacles())["loopback"]
