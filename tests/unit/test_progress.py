"""What takes longer than a moment is shown to whoever looks, in a terminal and in a notebook, and then taken away."""

import os
import pty
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

SCRIPT = """
import time
from labkit import progress
progress.PATIENCE_S = 0.1
with progress.step("Downloading", {total}) as step:
    time.sleep({before})
    step.advance(3_000_000)
    time.sleep({after})
print("done")
"""


def in_terminal(script: str) -> str:
    """What a person sees who runs a script in a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen([sys.executable, "-c", script], stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        said = b""
        while True:
            try:
                said += os.read(leader, 4096)
            except OSError:
                break
    os.close(leader)
    assert process.returncode == 0, said
    return said.decode()


def test_a_quick_step_shows_nothing() -> None:
    assert in_terminal(SCRIPT.format(total=6_000_000, before=0, after=0)).split() == ["done"]


def test_a_slow_step_shows_its_size_in_a_terminal() -> None:
    said = in_terminal(SCRIPT.format(total=6_000_000, before=0.3, after=0.3))
    assert "Downloading" in said
    assert "3.0/6.0 MB" in said


def test_a_slow_step_without_a_size_shows_that_it_goes_on() -> None:
    said = in_terminal(SCRIPT.format(total=None, before=0.3, after=0))
    assert "Downloading" in said
    assert "MB" not in said


def test_a_pipe_gets_nothing_but_the_result() -> None:
    script = SCRIPT.format(total=6_000_000, before=0.3, after=0)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_slow_step_is_displayed_in_a_notebook() -> None:
    cell = nbformat.v4.new_code_cell(SCRIPT.format(total=6_000_000, before=0.3, after=0.3))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    kinds = [key for output in cell["outputs"] for key in output.get("data", {})]
    assert "application/vnd.jupyter.widget-view+json" in kinds or "text/html" in kinds


def test_a_thread_behind_a_panel_shows_nothing_of_its_own() -> None:
    threaded = "import threading\ndef work():\n" + "".join(
        f"    {line}\n" for line in SCRIPT.format(total=None, before=0.3, after=0).strip().splitlines()
    )
    said = in_terminal(f"{threaded}thread = threading.Thread(target=work)\nthread.start()\nthread.join()\n")
    assert said.split() == ["done"]
