"""The lab's container image, made of the same rootfs as the other runtimes use; no registry is asked.

`python -m labkit.runtime.image FOLDER` makes its files in a folder, for lab-env/image/Dockerfile.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from labkit.errors import RuntimeUnavailable
from labkit.progress import step
from labkit.runtime import engine, rootfs, topology

NAME = "sip-trunk-lab"
"""The image's name."""

PLACES = {"modules": "/usr/lib/asterisk/modules", "data": "/usr/share/asterisk"}
"""Where Asterisk's own files are in the image."""

_LABEL = "labkit.recipe"
_BYTECODE = "usr/lib/pycache"
_HERE = "/opt/labkit"
_LEFT_OUT = (
    "*/libwireshark.so*", "*/libwiretap.so*", "*/libwsutil.so*", "*/wireshark", "*/bin/*shark*", "*/bin/*cap",
    "*/bin/text2pcap", "*/share/misc/pci.ids", "*/asterisk/conf", "*/python3*/test", "*/python3*/idlelib",
    "*/python3*/ensurepip", "*/python3*/pydoc_data", "*/__pycache__", "*/unix_chkpwd",
)  # fmt: skip
_KEPT = ("./usr/bin/tcpdump",)
_CHANGES = (
    "ENV PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 HOME=/tmp PYTHONPATH=/opt PYTHONDONTWRITEBYTECODE=1"
    f" PYTHONPYCACHEPREFIX=/{_BYTECODE}",
    "WORKDIR /lab",
    "USER 1000:1000",
)

_PROGRAMS = (
    "labkit.provider.program",
    "labkit.phone.program",
    "labkit.runtime.container",
    "labkit.runtime.relay",
    "labkit.lab.inside",
)


def ensure() -> None:
    """Have the image of today's recipe; one that was built by hand or loaded is taken as it is."""
    label = engine.image_label(NAME, _LABEL)
    if label is None or label not in ("", rootfs.recipe_id()):
        build()


def build() -> None:
    """Make the image from the rootfs; RuntimeUnavailable where this machine cannot have one."""
    if sys.platform != "linux":
        raise RuntimeUnavailable(
            "Only a Linux machine can make the image of its own files. Here, make it in Docker:\n"
            "docker compose -f lab-env/compose.yaml build, or bring it: labkit image load FILE"
        )
    root, before = rootfs.ensure(), engine.image_id(NAME)
    try:
        with step("Making the lab's image"), _tar(root) as tar:
            engine.import_image(tar, NAME, [*_CHANGES, f"LABEL {_LABEL}={rootfs.recipe_id()}"])
    except BaseException:
        if engine.image_id(NAME) not in (None, before):  # Docker takes a stream that was cut for a whole one
            engine.remove_image(NAME)
        raise
    if before is not None:
        engine.remove_image(before)


@contextmanager
def _tar(root: rootfs.Rootfs) -> Iterator[IO[bytes]]:
    """The image's files as a tar stream, owned by root; bytecode comes last, and is made meanwhile."""
    with tempfile.TemporaryDirectory() as added:
        (root.path / "lab").chmod(0o1777)  # a new volume takes this over, and its user may be anybody
        command = ["tar", "-c", "--owner=0", "--group=0", "--sort=name"]
        command += [f"--exclude={pattern}" for pattern in _LEFT_OUT]
        command += ["-C", str(root.path), ".", "-C", added, "-T", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None  # noqa: S101 - PIPE was asked for
            with ThreadPoolExecutor(1) as beside:
                made = beside.submit(_add, root, Path(added), tar)
                try:
                    yield tar.stdout
                finally:
                    made.result()  # why it failed says more than that the stream was cut
        if tar.returncode:
            raise RuntimeUnavailable(f"The files of the image could not be read from {root.path}.")


def _add(root: rootfs.Rootfs, added: Path, tar: subprocess.Popen[bytes]) -> None:
    """Make what the rootfs lacks, and tell tar its names; tar is cut short where that fails."""
    try:
        _compile(root, added)
        modules = Path(root.modules)  # in a folder that is named after the machine
        (added / "usr/lib/asterisk").symlink_to(modules.parent.relative_to("/usr/lib"))
        assert tar.stdin is not None  # noqa: S101 - PIPE was asked for
        with suppress(BrokenPipeError), tar.stdin as names:  # tar says itself why it ended
            names.write(f"./{_BYTECODE}\n./usr/lib/asterisk\n".encode())
    except BaseException:
        tar.kill()
        raise


def _compile(root: rootfs.Rootfs, target: Path) -> None:
    """Compile what provider and phones import, and put it where Python looks in the image (PYTHONPYCACHEPREFIX)."""
    package = topology.package()
    environment = {"PYTHONPATH": str(package.parent), "PYTHONHOME": str(root.path / "usr")}
    with tempfile.TemporaryDirectory() as compiled:
        done = subprocess.run(
            [*root.command("usr/bin/python3"), "-c", f"import {', '.join(_PROGRAMS)}"],
            env={**environment, "PYTHONPYCACHEPREFIX": compiled}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise RuntimeUnavailable(f"The rootfs's Python cannot run labkit: {said[0]}")
        for place, inside in ((root.path / "usr/lib", "usr/lib"), (package, _HERE.lstrip("/"))):
            shutil.copytree(f"{compiled}{place}", target / _BYTECODE / inside)


def main(folder: Path) -> None:
    """Make the image's files in a folder."""
    folder.mkdir(parents=True)
    with _tar(rootfs.ensure()) as tar:
        subprocess.run(["tar", "-x", "-C", str(folder)], stdin=tar, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
