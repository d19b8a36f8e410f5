"""SIPp, the independent caller: the lab's own or the machine's, and a provider for it to call."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labkit.runtime import rootfs

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


def start(*words: str, address: str = CALLER, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Start SIPp at an address, by these words before its own."""
    options = ["-nostdin", "-ci", "127.0.0.1", "-i", address]
    argv = [*before, *command(), *options, *words]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


HOLDER = """
import fcntl, socket, struct, sys
with socket.socket() as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP (netdevice(7))
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def own_network() -> Iterator[list[str]]:
    """A network namespace that has loopback and nothing else; gives the words that run a program in it."""
    argv = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", HOLDER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert "up" == holder.stdout.readline().strip()
        yield ["nsenter", f"--target={holder.pid}", "--user", "--net", "--preserve-credentials"]


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
def program(module: str, *words: str, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run a program of labkit until the block ends, with these words before its own; it is ready when that begins."""
    process = subprocess.Popen([*before, sys.executable, "-m", module, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert "ready" == process.stdout.readline().strip()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)  # 100,000 lingering transactions take their time to go


@contextmanager
def provider(folder: Path, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run a provider with the policy above; its control socket is `provider.sock` in the folder."""
    (folder / "policy.toml").write_text(POLICY)
    words = f"--policy={folder}/policy.toml", f"--control={folder}/provider.sock"
    with program("labkit.provider", *words, before=before) as process:
        yield process
