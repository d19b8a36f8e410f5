"""The course as a whole: each symptom, object and layer is taught, broken, drawn and checked; the metadata are true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labkit.course import syllabus
from labkit.runtime.topology import lab_env
from labkit.scenario.questions import LAYERS
from tests.notebooks.rules import prose
from tools.describe import described, episodes

README = Path(__file__).parents[2] / "README.md"
LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

SYMPTOMS = {
    "inbound": "registered, and no call comes in",
    "dialplan": "an INVITE arrives, and no extension matches",
    "outbound": "a call out is refused with 403 or 488",
    "audio": "silence, one way or both",
    "caller-id": "the caller's number is refused or replaced",
    "load": "it fails when many call at once",
}
OBJECTS = sorted({
    kind for path in (lab_env() / "pbx/pjsip.d").glob("*.conf")
    for kind in re.findall(r"^type = (\w+)", path.read_text(), re.MULTILINE)
})  # fmt: skip
ROWS = {"symptoms": tuple(SYMPTOMS), "objects": OBJECTS, "layers": tuple(LAYERS)}
DEEDS = {"taught", "broken", "drawn", "checked"}

SPOKEN = {
    "signalling": r"SIP|signalling|INVITE|From",
    "sdp": r"SDP",
    "rtp": r"RTP",
    "dialplan": r"dialplan",
    "nat": r"NAT|firewall",
    "provider": r"provider|carrier",
}
"""How a lesson's text names a layer."""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def deeds(notebook: NotebookNode) -> Iterator[tuple[str, str, str]]:
    """Kind of row, row, and what this lesson does for it."""
    entry = described(notebook)
    for kind in ROWS:
        yield from ((kind, name, "taught") for name in entry[kind])
    for episode in episodes(notebook):
        scenario = episode.scenario
        for row in (("symptoms", scenario.family), ("objects", episode.object), ("layers", scenario.layer)):
            yield (*row, "broken")
            if episode.drawn:
                yield (*row, "drawn")
            if episode.checks:
                yield (*row, "checked")


@pytest.fixture(scope="module")
def done() -> set[tuple[str, str, str]]:
    return {deed for lesson in LESSONS for deed in deeds(read(lesson))}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in ROWS.items() for name in names])
def test_each_symptom_object_and_layer_is_taught_broken_drawn_and_checked(
    done: set[tuple[str, str, str]], kind: str, name: str
) -> None:
    assert DEEDS - {deed for *row, deed in done if row == [kind, name]} == set()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_the_metadata_of_a_lesson_are_what_its_cells_say(lesson: Path) -> None:
    notebook = read(lesson)
    assert described(notebook) == notebook.metadata.get("labkit"), "run: python -m tools.record --metadata notebooks/*"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_what_a_lesson_claims_to_teach_it_speaks_of(lesson: Path) -> None:
    notebook = read(lesson)
    text = prose(notebook)
    shown = text + "".join(cell.source for cell in notebook.cells)
    entry = described(notebook)
    silent = [layer for layer in entry["layers"] if not re.search(SPOKEN[layer], text)]
    silent += [name for name in entry["objects"] if not re.search(rf"\b{name}(?:s|es|ies)?\b", shown, re.IGNORECASE)]
    assert silent == []


def lesson(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell("# Who?\n\nAbout 25 minutes."), *cells])


def picture(source: str, alt: str = "a ladder") -> NotebookNode:
    html = f'<img alt="{alt}" src="data:image/png;base64,">'
    return new_code_cell(source, outputs=[new_output("display_data", data={"text/html": html})])


def test_a_lesson_is_described_by_what_its_cells_do() -> None:
    notebook = lesson(
        new_code_cell('case = lab.break_("inbound-401")\ncheck("05.order", 1)'), new_code_cell("lab.heal()")
    )
    notebook.metadata["labkit"] = {"layers": ["sdp"], "symptoms": ["load"], "minutes": 3}
    assert described(notebook) == {
        "minutes": 25,
        "needs": [],
        "symptoms": ["inbound"],
        "layers": ["sdp", "signalling"],
        "objects": ["identify"],
        "scenarios": ["inbound-401"],
        "checks": ["05.order"],
    }


def test_an_episode_ends_where_the_lab_is_healed_or_broken_by_another() -> None:
    found = episodes(
        lesson(
            new_code_cell('lab.break_("inbound-401")\nlab.provider.verify("registered", ["+15550100"])'),
            new_code_cell('check("inbound-401.object", answer)\nlab.break_("outbound-407")'),
            picture("lab.heal()"),
            new_code_cell("lab.verify()"),
        )
    )
    assert [(each.scenario.slug, each.drawn, each.checks) for each in found] == [
        ("inbound-401", False, ["inbound-401.object"]),
        ("outbound-407", False, []),
    ]


def test_a_picture_without_words_is_none() -> None:
    found = episodes(lesson(new_code_cell('lab.break_("inbound-401")'), picture("ladder(call)", alt="")))
    assert [each.drawn for each in found] == [False]
    found = episodes(
        lesson(new_code_cell('lab.break_("inbound-401")'), picture("ladder(call)"), new_code_cell("lab.verify()"))
    )
    assert [(each.drawn, each.checks) for each in found] == [(True, ["verify"])]


def test_the_readme_names_every_lesson_with_its_question_and_minutes() -> None:
    told = re.findall(r"^\| \[\d\d\]\(notebooks/(.+)\) \| (.+) \| (\d+) \|$", README.read_text(), re.MULTILINE)
    assert [(each.path.name, each.title, str(each.minutes)) for each in syllabus.lessons()] == told
