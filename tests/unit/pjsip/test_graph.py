"""The graph of objects: files and Asterisk merged, told apart where they differ."""

from pathlib import Path

import pytest

from labkit.cli import main
from labkit.errors import LabError
from labkit.pjsip.graph import Condition, Held, ObjectGraph, object_graph
from labkit.pjsip.objects import read_objects
from labkit.pjsip.reported import reported

TRUNK = """[provider]
type=endpoint
aors=provider
outbound_auth=provider
context=in
allow=alaw
[provider]
type=aor
contact=sip:203.0.113.10
qualify_frequency=25
[provider]
type=auth
username=me
password=secret-words
[provider]
type=identify
endpoint=provider
match=203.0.113.10
[provider]
type=registration
server_uri=sip:203.0.113.10
client_uri=sip:me@203.0.113.10
[spare]
type=aor
"""


def held(text: str = TRUNK, registration: str = "Registered", contact: str = "Reachable") -> Held:
    """An Asterisk that loaded these files."""
    objects = {(each.type, each.id): reported(each) for each in read_objects({"pjsip.conf": text}).all}
    return Held(objects, {"provider": registration}, {("provider", "sip:203.0.113.10"): contact})


def graph(text: str = TRUNK, now: Held | None = None) -> ObjectGraph:
    return object_graph(read_objects({"pjsip.conf": text}), now)


def test_files_alone_make_a_graph() -> None:
    made = graph()
    assert made.group("provider")[0].key == ("endpoint", "provider")
    assert ("identify", "provider") in [edge.source for edge in made.edges]
    assert made.troubles == ["aor spare: nothing uses it"]
    assert "Registered" not in str(made)


def test_states_come_from_asterisk() -> None:
    made = graph(now=held())
    assert made.node("registration", "provider").state == "Registered"
    assert made.node("aor", "provider").contacts == (("sip:203.0.113.10", "Reachable"),)
    assert "contact sip:203.0.113.10 Reachable" in repr(made["provider"])


@pytest.mark.parametrize(
    ("registration", "contact", "trouble"),
    [
        ("Rejected", "Reachable", "registration provider: Rejected"),
        ("Registered", "Unreachable", "aor provider: sip:203.0.113.10 is Unreachable"),
    ],
)
def test_a_bad_state_is_a_trouble(registration: str, contact: str, trouble: str) -> None:
    assert trouble in graph(now=held(TRUNK, registration, contact)).troubles


def test_a_change_that_was_not_loaded_is_told_with_both_values() -> None:
    node = graph(TRUNK.replace("context=in", "context=out"), held()).node("endpoint", "provider")
    assert node.condition is Condition.CHANGED
    assert node.detail == "context: the file says out, Asterisk in"


def test_a_refused_object_whose_old_one_is_kept() -> None:
    wrong = TRUNK.replace("context=in", "contxt=in")
    assert graph(wrong, held()).node("endpoint", "provider").condition is Condition.KEPT
    assert graph(wrong).node("endpoint", "provider").condition is Condition.REFUSED
    assert "aor provider: nothing uses it" not in graph(wrong).troubles


def test_what_only_one_side_knows() -> None:
    assert graph(TRUNK + "[new]\ntype=endpoint\n", held()).node("endpoint", "new").condition is Condition.NEW
    assert graph("[x]\ntype=aor\n", held()).node("endpoint", "provider").condition is Condition.LEFT


def test_a_link_to_nothing_has_a_place_of_its_own() -> None:
    made = graph(TRUNK.replace("aors=provider", "aors=nobody"))
    assert made.node("aor", "nobody").condition is Condition.MISSING
    assert [edge.option for edge in made.edges if edge.broken] == ["aors"]


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(LabError, match=r"no PJSIP object 'providr'; did you mean 'provider'\?"):
        graph()["providr"]
    with pytest.raises(LabError, match="no aor 'x'"):
        graph().node("aor", "x")


def test_the_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pjsip.conf").write_text(TRUNK)
    assert main(["objects", "--config", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("What is wrong:\n  aor spare: nothing uses it\n")
    assert main(["objects", "spare", "--config", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("aor spare")
    assert main(["objects", "--config", str(tmp_path), "--save", str(tmp_path / "graph.png")]) == 0
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_the_text_says_all_and_no_secret() -> None:
    text = str(graph(TRUNK.replace("aors=provider", "aors=nobody"), held()))
    assert text.endswith("endpoint provider: changed, not loaded (aors: the file says nobody, Asterisk provider)\n"
                         "  aor provider: nothing uses it\n  aor spare: nothing uses it\n"
                         "  aor nobody: does not exist")  # fmt: skip
    assert "secret" not in text
