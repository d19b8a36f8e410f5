"""Placeholders in the lab's files are filled or refused, never left."""

import pytest

from labkit.errors import ScenarioError
from labkit.runtime import topology
from labkit.scenario import values


def test_addresses_have_names() -> None:
    lab = topology.load()
    named = values.address_values(lab)
    assert named["router.wan"] == lab.host("router").addresses["wan"][0]
    assert named["provider.2"] == lab.host("provider").addresses["wan"][1]
    assert named["lan"] == str(lab.networks["lan"])


def test_placeholders_are_filled_with_or_without_blanks() -> None:
    assert values.render("bind = {{pbx}}:5060 ${EXTEN} {{ pbx }}", {"pbx": "1.2.3.4"}, "f") == (
        "bind = 1.2.3.4:5060 ${EXTEN} 1.2.3.4"
    )


def test_an_unknown_value_is_refused_with_line_and_nearest_name() -> None:
    with pytest.raises(
        ScenarioError, match=r"trunk.conf, line 2: .*\{\{account.usr\}\}; did you mean \{\{account.user\}\}"
    ):
        values.render("a\nb {{account.usr}}", {"account.user": "x"}, "trunk.conf")


def test_nft_names_have_underscores_only() -> None:
    assert "define phone_1001 = " in values.nft_definitions(topology.load())
    assert "define router_wan = " in values.nft_definitions(topology.load())
