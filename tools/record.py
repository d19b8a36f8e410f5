"""Run notebooks and write their outputs.

    python tools/record.py notebooks/*.ipynb

The files come out the same from every machine: no times of a run, no state of widgets, one kernel name.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def main() -> None:
    """Record each notebook named on the command line; the first cell that fails ends it."""
    for path in map(Path, sys.argv[1:]):
        print(f"{path.name}", flush=True)
        nbformat.write(record(nbformat.read(path, as_version=4), path.parent), path)


def record(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook from its top and keep nothing of the run but its outputs."""
    NotebookClient(
        notebook,
        timeout=60,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    ).execute()
    notebook.metadata = {"kernelspec": KERNEL}
    return notebook


if __name__ == "__main__":
    main()
