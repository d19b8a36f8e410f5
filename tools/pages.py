"""The lessons as pages to read without a lab: `make site` writes them to build/site, from the outputs as committed.

    python -m tools.pages [FOLDER]

A page needs nothing but its folder: no network, no script. The index lists the lessons, and for each symptom, layer and
object where it is taught.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from labkit.course import syllabus
from labkit.course.syllabus import FAMILIES, Lesson
from labkit.scenario.questions import LAYERS
from labkit.show.palette import PALETTES, Palette

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(__file__).with_name("site")
_LINK = re.compile(r"\[([^\]]*)\]\((\d\d-[\w-]+)\.ipynb\)")
INKS = {
    ("k", "kn", "ow"): ("legs", 0),
    ("s", "s1", "s2", "sa", "se", "sd", "si"): ("legs", 2),
    ("mi", "mf", "kc", "no"): ("legs", 3),
    ("nf", "nb", "nc", "nn"): ("legs", 1),
    ("c", "c1", "ch"): ("quiet", None),
}
"""Pygments' classes by the palette's ink."""


def main() -> None:
    """Write the site and say where it is."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build/site"
    print(write(folder, syllabus.lessons()))


def write(folder: Path, lessons: Sequence[Lesson]) -> Path:
    """Write the pages of these lessons and their index, which is given back."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(SOURCE), autoescape=True)
    (folder / "style.css").write_text(f"{inks()}\n{(SOURCE / 'style.css').read_text()}")
    shutil.copy(ROOT / "docs/first-call.png", folder)
    for place, lesson in enumerate(lessons):
        after = lessons[place + 1] if place + 1 < len(lessons) else None
        (folder / f"{lesson.path.stem}.html").write_text(page(lesson, lessons[place - 1] if place else None, after))
    index = folder / "index.html"
    tables = {
        "What you see": coverage(lessons, "symptoms", FAMILIES),
        "Layer": coverage(lessons, "layers", LAYERS),
        "Object": coverage(lessons, "objects", dict.fromkeys(objects(lessons), "")),
    }
    index.write_text(
        environment.get_template("index.html.j2").render(lessons=lessons, tables=tables, families=FAMILIES)
    )
    return index


def page(lesson: Lesson, before: Lesson | None, after: Lesson | None) -> str:
    """A lesson as HTML; links to lessons that are not there become plain words."""
    exporter = HTMLExporter(
        template_name="lesson",
        extra_template_basedirs=[str(SOURCE)],
        exclude_anchor_links=True,
        config=Config(NbConvertBase={"display_data_priority": ["text/html", "text/markdown", "text/plain"]}),
    )
    notebook = nbformat.read(lesson.path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(_linked, cell.source)
    resources = {"lesson": lesson, "before": before, "after": after}
    return str(exporter.from_notebook_node(notebook, resources)[0])


def _linked(link: re.Match[str]) -> str:
    words, stem = link.groups()
    return f"[{words}]({stem}.html)" if (syllabus.home() / f"{stem}.ipynb").exists() else words


def objects(lessons: Iterable[Lesson]) -> list[str]:
    """All objects that a lesson teaches."""
    return sorted({name for lesson in lessons for name in lesson.objects})


def coverage(lessons: Iterable[Lesson], kind: str, names: Mapping[str, str]) -> list[tuple[str, str, list[Lesson]]]:
    """A name of symptoms, layers or objects, what it means, and who teaches it; those that nobody does are left out."""
    taught = {name: [each for each in lessons if name in getattr(each, kind)] for name in names}
    return [(name, means, taught[name]) for name, means in names.items() if taught[name]]


def inks() -> str:
    """The colours of both palettes as CSS."""
    light, dark = (_variables(PALETTES[name]) for name in ("light", "dark"))
    code = "".join(f"{', '.join(f'.code .{each}' for each in kinds)} {{ color: var(--{_name(*ink)}) }}\n"
                   for kinds, ink in INKS.items())  # fmt: skip
    return "\n".join([
        f":root {{ color-scheme: light dark; {light} }}",
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}",
        code,
    ])  # fmt: skip


def _variables(palette: Palette) -> str:
    named = {name: getattr(palette, name) for name in ("paper", "ink", "quiet", "line", "head", "good", "bad")}
    named |= {_name("legs", place): ink for place, ink in enumerate(palette.legs)}
    return " ".join(f"--{name}: {ink};" for name, ink in named.items())


def _name(ink: str, place: int | None) -> str:
    return ink if place is None else f"{ink}-{place}"


if __name__ == "__main__":
    main()
