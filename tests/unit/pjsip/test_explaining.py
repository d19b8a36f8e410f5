"""An option is explained: meaning, kind, default, value in force with its place, lessons; without a lab as well."""

from pathlib import Path

import pytest

from labkit.cli import main
from labkit.errors import LabError, ParseError
from labkit.pjsip import reference
from labkit.pjsip.documentation import Documentation
from labkit.pjsip.explaining import _meanings, explain
from labkit.pjsip.objects import read_objects

XML = """<docs><configInfo><configFile name="pjsip.conf"><configObject name="endpoint">
<configOption name="rtp_symmetric"><synopsis>The  synopsis
of it</synopsis><description><para>One <literal>word</literal> more.</para>
<enumlist><enum name="no"><para>never</para></enum><enum name="yes"/></enumlist>
<note><para>Mind this.</para></note></description></configOption>
<configOption name="set_var"><synopsis>Of variables</synopsis></configOption>
</configObject></configFile></configInfo></docs>"""


@pytest.fixture
def documentation(tmp_path: Path) -> Documentation:
    (tmp_path / "core.xml").write_text(XML)
    return Documentation.read(tmp_path / "core.xml")


def test_an_option_is_explained_without_a_lab() -> None:
    text = str(explain("endpoint.rtp_symmetric"))
    assert text.startswith("endpoint.rtp_symmetric: Whether media goes back to where it comes from")
    assert "  takes    yes or no\n  default  false\n  lessons  13\n" in text


def test_the_value_in_force_is_told_with_its_place() -> None:
    objects = read_objects({"pjsip.conf": "[a]\ntype=endpoint\nrtp_symmetric=yes\n[b]\ntype=endpoint\n"})
    text = str(explain("endpoint.rtp_symmetric", objects))
    assert "  in force yes  [a] pjsip.conf:3\n  in force false  [b] default\n" in text
    assert "in force 90  [global] default" in str(explain("global.keep_alive_interval", objects))


def test_asterisks_own_words_are_added_where_they_are(documentation: Documentation) -> None:
    explanation = explain("endpoint.rtp_symmetric", None, documentation)
    assert explanation.description == "One word more.\n\n- no\n\n  never\n\n- yes\n\nNote: Mind this."
    assert explain("endpoint.mailboxes", None, documentation).description == ""


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("endpoint.rtp_symetric", r"did you mean endpoint\.rtp_symmetric\?"),
        ("endpoint.max_contacts", r"did you mean aor\.max_contacts\?"),
        ("qualify_frequency", r"did you mean aor\.qualify_frequency\?"),
        ("enpoint.zzz", r"did you mean endpoint\.zzz\?"),
        ("zzz.zzz", "objects are: acl, aor"),
    ],
)
def test_the_nearest_option_is_offered(name: str, hint: str) -> None:
    with pytest.raises(LabError, match=hint):
        explain(name)


def test_a_missing_documentation_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="documentation cannot be read"):
        Documentation.read(tmp_path / "none.xml")


def test_every_meaning_is_of_an_option_that_there_is() -> None:
    assert len(_meanings()) > 100
    assert [name for name in _meanings() if reference.known(*name.split(".")) is None] == []


def test_every_option_can_be_explained() -> None:
    for type_ in reference.types():
        for name in reference.options(type_):
            assert str(explain(f"{type_}.{name}")).startswith(f"{type_}.")


def test_the_command_explains_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pjsip.conf").write_text("[a]\ntype=aor\nqualify_frequency=25\n")
    assert main(["explain", "aor.qualify_frequency", "--config", str(tmp_path)]) == 0
    assert "in force 25  [a] pjsip.conf:3" in capsys.readouterr().out
    assert main(["explain", "aor.qualify_frequency", "--config", str(tmp_path), "--json"]) == 0
    assert '"lessons": ["11"]' in capsys.readouterr().out
