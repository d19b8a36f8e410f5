"""A host of the lab by itself, for `docker compose up` without labkit: `python -m labkit.lab.inside HOST`.

It fills in its own files and becomes its program. `python -m labkit.lab.inside call phone-1001 +15550100` lets a phone
of such a lab place a call.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from labkit.errors import NotReady
from labkit.lab.asterisk import Asterisk
from labkit.lab.config import ConfigFiles
from labkit.lab.parties import PHONES, PROVIDER, Parties
from labkit.phone.client import Phone
from labkit.runtime import topology
from labkit.runtime.base import Runtime
from labkit.runtime.compose import Compose
from labkit.scenario.values import address_values, nft_definitions, own_values

_OPTIONS = (
    "OPTIONS sip:{provider} SIP/2.0\r\nVia: SIP/2.0/UDP {pbx};rport;branch=z9hG4bK-{count}\r\nMax-Forwards: 70\r\n"
    "From: <sip:pbx@{pbx}>;tag=waiting\r\nTo: <sip:{provider}>\r\nCall-ID: waiting-{count}@{pbx}\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


class OneHost:
    """As much of a runtime as a host needs that starts its own program and no other."""

    sockets = "run"

    def __init__(self, host: str, folder: Path) -> None:
        """Be this host, with the lab's folder."""
        self.host = host
        self.folder = folder
        self.lab_folder = str(folder)

    def start(self, host: str, name: str, argv: Sequence[str], own_tools: bool = True) -> None:
        """Become the program, where it is this host's."""
        if host == self.host:
            words = [*argv] if own_tools else ["python3", *argv, *(["--register"] if host in PHONES else [])]
            os.execvp(words[0], words)  # noqa: S606 - that is the point


def be(host: str, folder: Path) -> None:
    """Be a host of the lab for good."""
    compose = Compose(folder)
    values = {**address_values(compose.topology), **own_values(), **compose.values}
    runtime = cast(Runtime, OneHost(host, folder))
    if host == "pbx":
        config = ConfigFiles(folder / "pbx/etc", topology.lab_env() / "pbx", values)
        config.make()
        wait_for_provider(values)
        Asterisk(runtime, values, config).start()
    elif host in (PROVIDER, *PHONES):
        (folder / "run").mkdir(exist_ok=True)
        Parties(runtime, values).start()
    elif host == "router":
        rules = nft_definitions(compose.topology) + (topology.lab_env() / "router/rules.nft").read_text()
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def wait_for_provider(values: Mapping[str, str], timeout_s: float = 10.0) -> None:
    """Wait until the provider answers OPTIONS: Asterisk dials no contact that it has once found silent."""
    deadline = time.monotonic() + timeout_s
    for count in itertools.count():
        # a socket each: the router remembers how it treated the first packet of an address and port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(OSError):
            sock.settimeout(0.2)
            text = _OPTIONS.format(provider=values["provider"], pbx=values["pbx"], count=count)
            sock.sendto(text.encode(), (values["provider"], 5060))
            if sock.recv(2048).startswith(b"SIP/2.0"):
                return
        if time.monotonic() > deadline:
            raise NotReady(f"The provider at {values['provider']} does not answer OPTIONS within {timeout_s:g} s.")


def call(phone: str, number: str, folder: Path) -> int:
    """Let a phone place a call and say what it heard."""
    client = Phone.connect(folder / f"run/{phone}.sock", phone)
    report = client.call(number, hold_s=2.0)
    client.close()
    heard = (
        f"heard {report.media.tone}, {report.media.received[0].packets} RTP packets" if report.media.received else ""
    )
    print(f"{phone} calls {number}: {'answered' if report.answered else report.reason}; {heard or 'heard nothing'}")  # noqa: T201
    return 0 if report.answered else 1


def main(words: Sequence[str]) -> int:
    """Be a host, or place a call."""
    folder = Path("/lab")
    if words[0] == "call":
        return call(words[1], words[2], folder)
    be(words[0], folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
