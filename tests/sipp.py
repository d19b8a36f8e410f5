"""SIPp, the independent caller: the lab's own or the machine's, and a provider for it to call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labkit.runtime import rootfs
from tests.plugins.watch import MARK

PROVIDER, CALLER, PHONE = "127.0.0.60", "127.0.0.75", "127.0.0.76"
PORT = 15060

POLICY = f"""
[bind]
first = "{PROVIDER}"
second = "127.0.0.61"
port = {PORT}

[[trunk]]
name = "load"
kind = "address"
allow = ["{CALLER}", "{PHONE}"]
dids = ["+442079460000"]
peer = "{CALLER}:15070"
[trunk.caller_id]
foreign = "pass"
[trunk.limits]
channels = 100000
cps = 100000

[[trunk]]
name = "registered"
account = "trunk-4420"
password = "right"
sbc = "second"
dids = ["+442079460001"]

[[number]]
number = "+15550109"
ring_s = 0.0
media = "none"

[[number]]
number = "+15550110"
ring_s = 0.0
"""
"""A provider that lets SIPp in by its address and asks nothing of its caller ID."""


def command() -> list[str]:
    """Words that run SIPp: this machine's, else of the lab's rootfs; AssertionError says what to do without."""
    if shutil.which("sipp"):
        return ["sipp"]
    found = rootfs.find()
    assert found, "no SIPp: install sip-tester, or fetch the lab's rootfs (labkit cache fetch)"
    return found.command("usr/bin/sipp")


def start(*words: str, address: str = CALLER) -> subprocess.Popen[str]:
    """Start SIPp at an address."""
    options = ["-nostdin", "-ci", "127.0.0.1", "-i", address]
    # SIPp listens for its 3pcc twin on every address, whatever it is told: that socket is no lab's
    kept = {name: value for name, value in os.environ.items() if name != MARK or "-3pcc" not in words}
    return subprocess.Popen(
        [*command(), *options, *words], env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def figures(process: subprocess.Popen[str], timeout_s: float = 60.0) -> dict[str, int]:
    """Wait for SIPp's end; gives its exit code, calls that succeeded and failed, and INVITEs sent again."""
    text, _ = process.communicate(timeout=timeout_s)

    def last(pattern: str) -> int:
        found: list[str] = re.findall(pattern, text)
        return int(found[-1]) if found else 0

    return {
        "exit": process.returncode,
        "successful": last(r"Successful call +\| +\d+ +\| +(\d+)"),
        "failed": last(r"Failed call +\| +\d+ +\| +(\d+)"),
        "repeated": last(r"INVITE -+> +\d+ +(\d+)"),
    }


@contextmanager
def program(module: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program of labkit until the block ends; it is ready when the block begins."""
    process = subprocess.Popen([sys.executable, "-m", module, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert "ready" == process.stdout.readline().strip()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)  # 100,000 lingering transactions take their time to go


@contextmanager
def provider(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a provider with the policy above; its control socket is `provider.sock` in the folder."""
    (folder / "policy.toml").write_text(POLICY)
    with program("labkit.provider", f"--policy={folder}/policy.toml", f"--control={folder}/provider.sock") as process:
        yield process
