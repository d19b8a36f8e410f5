"""The lab where nothing is allowed: in a container as an engine makes it by default, as nobody, its root read-only."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import labkit
from labkit.runtime import engine, rootfs
from tests.lab.conftest import HERE

IMAGE = "labkit-test-python"
DOCKERFILE = """
FROM labkit-base
RUN apt-get -qq update && apt-get -qq install --no-install-recommends python3 python3-numpy >/dev/null
"""
NOBODY = 65534
MOST_S = 4.0 if "PYTEST_XDIST_WORKER" not in os.environ else 12.0
"""From the start of Python to the call's ladder and figures, with the machine for itself and beside other tests."""
CALL = """
import json, time
began_s = time.monotonic()
from labkit.lab.lab import Lab
from labkit.show import ladder
lab = Lab("default").up()
call = lab.call("phone-1001", "+15550110", hold_s=0.3)
shown, heard = str(ladder(call)), str(call)
took_s = time.monotonic() - began_s
listed = lab.pbx.command("pjsip show registrations")
lab.down()
print(json.dumps([lab.runtime.name, took_s, heard, listed, shown]))
"""

if "compose" not in HERE:
    __test__ = False
    pytest.skip("no engine here, and this is not CI", allow_module_level=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian with Python, and nothing of the lab."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    subprocess.run(["docker", "build", "--quiet", "--tag", IMAGE, str(folder)], timeout=400, check=True)
    yield IMAGE
    engine.docker("remove the image", ["image", "rm", "--force", IMAGE])


def test_a_default_container_places_a_call_within_four_seconds(image: str) -> None:
    rootfs.ensure()
    mounts = {Path(labkit.__file__).parents[1]: "/labkit", rootfs.cache_folder(): "/cache"}
    words = ["docker", "run", "--rm", "--interactive", f"--user={NOBODY}", "--read-only", f"--tmpfs=/home:uid={NOBODY}"]
    words += [f"--volume={folder}:{place}:ro" for folder, place in mounts.items()]
    words += ["--env=HOME=/home", "--env=LABKIT_CACHE=/cache", "--env=PYTHONPATH=/labkit", image, "python3", "-"]
    done = subprocess.run(words, input=CALL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    runtime, took_s, heard, listed, shown = json.loads(done.stdout)
    assert runtime == "loopback"
    assert "Registered" in listed
    assert re.findall(r"heard (\d+) Hz .* 0 of 1\d RTP packets lost", heard) == ["440", "620"]
    assert re.findall(r"RTP PCMA|still says", shown) == ["RTP PCMA"] * 2
    assert took_s <= MOST_S
