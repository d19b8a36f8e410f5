"""Run notebooks and write their outputs and their takes (docs/recordings.md); draw the picture of the README.

    python -m tools.record [--metadata] notebooks/*.ipynb

With `--metadata` nothing is run: only what the cells say of their lesson is written down anew.

The files come out the same from every machine: no times of a run, no state of widgets, one kernel name. A picture
whose text form did not change stays as it was recorded, so that a file changes only where a lesson does.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbval.plugin import get_sanitize_patterns

from labkit.lab import stage, takes
from labkit.lab.lab import Lab
from labkit.lesson import ladder
from tools.describe import described

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = ROOT / "tests/plugins/ladders.regex"
WIDGET = "application/vnd.jupyter.widget-view+json"
"""A widget is not kept: it names what lives in one kernel only, and a page without that kernel reports an error."""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def main() -> None:
    """Record each notebook named on the command line; the first cell that fails ends it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="+", type=Path)
    parser.add_argument("--metadata", action="store_true", help="run nothing, describe the lessons anew")
    options = parser.parse_args()
    for path in options.notebook:
        print(f"{path.name}", flush=True)
        notebook = nbformat.read(path, as_version=4)
        made = with_metadata(notebook) if options.metadata else record(notebook, path)
        nbformat.write(made, path)
    if not options.metadata:
        print(draw_first_call(ROOT / "docs/first-call.png").name)


def with_metadata(notebook: NotebookNode) -> NotebookNode:
    """The same notebook, described by its own cells."""
    notebook.metadata = {"kernelspec": KERNEL, "labkit": described(notebook)}
    return notebook


def record(notebook: NotebookNode, path: Path) -> NotebookNode:
    """Run a notebook from its top on a fresh lab, and keep nothing of the run but its outputs and takes."""
    before = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    client = NotebookClient(
        notebook,
        timeout=60,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    )
    with TemporaryDirectory() as kept:
        os.environ[stage.VARIABLE] = kept
        lab = Lab().up(fresh=True)
        client.execute()
        del os.environ[stage.VARIABLE]
        takes.register(path.stem, cells(notebook), Path(kept), made_with(lab))
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
        if cell.cell_type == "code" and said(cell.outputs) == said(before[cell.id]):
            cell.outputs = before[cell.id]
    return with_metadata(notebook)


def cells(notebook: NotebookNode) -> list[str]:
    """The code of a notebook, which is what its takes belong to."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def made_with(lab: Lab) -> dict[str, str]:
    """Versions of the programs that answered."""
    return {"asterisk": lab.status().asterisk, "runtime": lab.runtime.name}


def draw_first_call(path: Path) -> Path:
    """Let the lab place the first call of the lessons and draw its ladder."""
    return ladder(Lab().up().call("phone-1001", "+15550100")).save(path)


def said(outputs: list[NotebookNode]) -> list[str]:
    """What outputs say, as nbval compares it: without images, and without what its patterns leave out of HTML."""
    parts = [{"text": output["text"]} if "text" in output else output.get("data", {}) for output in outputs]
    return [_compared(part[kind]) for part in parts for kind in sorted(part) if not kind.startswith("image/")]


def _compared(text: str) -> str:
    for pattern, sign in get_sanitize_patterns(LEFT_OUT.read_text()):
        text = re.sub(pattern, sign, text)
    return text


if __name__ == "__main__":
    main()
