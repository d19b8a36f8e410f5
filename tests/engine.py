"""An engine for one test, in a network namespace of its own: one that can be stopped, or has a full disk."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# $0 its folder, $1 the size of its disk (empty: the folder's own)
_ENGINE = """
cd "$0" && mkdir -p data && ip link set lo up
[ -z "$1" ] || mount -t tmpfs -o "size=$1" none data
exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/socket" >>"$0/log" 2>&1
"""


@contextmanager
def engine(folder: Path, disk: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A running engine that listens on `folder/socket`; `disk` is the size of its own disk, such as 40m.

    The folder's name must be short: containerd puts unix sockets in it.
    """
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", _ENGINE, str(folder), disk])
    try:
        wait_answers(folder / "socket", process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_answers(path: Path, process: subprocess.Popen[bytes], timeout_s: float = 20.0) -> None:
    """Wait until an engine answers on a unix socket."""
    deadline = time.monotonic() + timeout_s
    environment = {**os.environ, "DOCKER_HOST": f"unix://{path}"}
    while subprocess.run(["docker", "version"], env=environment, capture_output=True, check=False).returncode:
        assert process.poll() is None, (path.parent / "log").read_text()[-2000:]
        assert time.monotonic() < deadline, (path.parent / "log").read_text()[-2000:]
        time.sleep(0.1)
