"""The old sip.conf of the lessons is migrated whole, and what is told of it is what stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.lesson import adopt, carried, legacy, lost, preview
from labkit.lesson.moving import NEW
from labkit.pjsip.migration import Migration, migrate
from labkit.runtime import topology
from labkit.scenario.values import address_values, own_values


class House:
    """A lab as far as moving in needs one."""

    def __init__(self) -> None:
        self.values = {**address_values(topology.load()), **own_values(None)}
        self.config = {"pjsip.conf": "#include pjsip.d/*.conf\n", "pjsip.d/phone-1001.conf": "[1001]\n"}
        self.restarted_with: dict[str, str] = {}

    def restart(self) -> None:
        self.restarted_with = dict(self.config)


@pytest.fixture(scope="module")
def house() -> Any:
    return House()


@pytest.fixture(scope="module")
def new(house: Any) -> Migration:
    return migrate({"sip.conf": str(legacy(house))})


def test_the_old_file_holds_the_labs_own_addresses(house: Any) -> None:
    text = str(legacy(house))
    assert "{{" not in text
    assert "host = 203.0.113.10" in text


def test_each_option_names_the_line_that_it_comes_from(house: Any, new: Migration) -> None:
    lines = str(legacy(house)).splitlines()
    table = carried(new, "provider")
    assert {"endpoint", "aor", "auth", "auth provider-login", "identify", "registration"} == set(table.index)
    for line, because in zip(table["line"], table["because"], strict=True):
        if line and "..." not in because:
            assert lines[int(line) - 1] == because


def test_no_password_is_shown(house: Any, new: Migration) -> None:
    secret = house.values["account.password"]
    assert secret in str(new)
    assert secret not in carried(new, "provider").to_string()


def test_what_is_lost_is_told_with_its_line(new: Migration) -> None:
    table = lost(new)
    assert "anonymous" in table[table["option"] == "allowguest"]["why"].item()
    assert set(table["line"]) >= {5, 6, 10, 11}


def test_a_migrated_configuration_is_drawn_before_anybody_reads_it(new: Migration) -> None:
    words = str(preview(new))
    assert "endpoint provider-ip" in words
    assert words.endswith("Nothing is wrong.")


def test_the_lab_moves_in_with_the_new_file_alone(new: Migration) -> None:
    house = House()
    adopt(house, new)  # type: ignore[arg-type]
    assert ["pjsip.conf", NEW] == sorted(house.restarted_with)
    assert str(new) == house.config[NEW]
