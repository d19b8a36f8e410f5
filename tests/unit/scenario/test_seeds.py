"""A seed gives the same lab on every machine, and another one than its neighbour."""

from pathlib import Path

import pytest
from scenario_sample import values, written

from labkit.scenario import changes
from labkit.scenario.reader import read_scenario
from labkit.scenario.values import drawn, own_values

SEEDS = range(1, 61)


def test_a_seed_draws_the_same_everywhere() -> None:
    assert [drawn(7, "did.first", 1000), drawn(7, "account.user", 9000), drawn(8, "did.first", 1000)] == [
        789,
        5588,
        135,
    ]


def test_without_a_seed_the_values_are_those_of_the_file() -> None:
    assert own_values()["did.first"] == "+442079460000"
    assert own_values().keys() == own_values(5).keys()


@pytest.mark.parametrize("name", ["did.first", "did.second", "customer", "account.user", "account.password"])
def test_seeds_differ(name: str) -> None:
    assert len({own_values(seed)[name] for seed in SEEDS}) > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_are_fictional_and_apart(seed: int) -> None:
    own = own_values(seed)
    assert own["did.first"] != own["did.second"]
    assert own["did.first"].startswith("+442079460")
    assert own["customer"][:-2] == own["pstn"][:-2] == "+155501"
    assert len({own["customer"], own["pstn"]}) == 2


def test_a_scenario_s_own_list_is_picked_from_by_seed(tmp_path: Path) -> None:
    folder = written(tmp_path)
    picked = {read_scenario(folder, values(seed), seed).broken[0].new for seed in range(1, 20)}
    assert picked == {"match = 198.51.100.7 ", "match = 198.51.100.23 ", "match = 192.0.2.44 "}


def test_every_seed_s_files_hold_its_numbers() -> None:
    texts = changes.healthy(values(3))
    assert own_values(3)["did.first"] in texts["pbx/extensions.conf"]
    assert own_values(3)["account.password"] in texts["pbx/pjsip.d/trunk-provider.conf"]
    assert not any(own_values()["account.password"] in text for text in texts.values())
