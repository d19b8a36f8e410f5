"""What a container of the lab runs first: `python -m labkit.runtime.container HOST`.

It gives the host the addresses that Docker cannot (`LABKIT_ADDRESSES`), becomes the user of `LABKIT_USER`, and then is
the host by itself, or with LABKIT_HOLD=true holds it open for labkit to start programs in.
"""

from __future__ import annotations

import os
import signal
import socket
import sys


def add_address(address: str) -> None:
    """Give an address such as 10.10.0.1/24 to the interface that is in its network."""
    import subprocess  # few hosts need these, and every start waits for the imports
    from ipaddress import IPv4Interface

    network = str(IPv4Interface(address).network)
    shown = subprocess.run(
        ["ip", "-o", "-4", "addr", "show", "to", network], capture_output=True, text=True, check=True
    )
    subprocess.run(["ip", "addr", "add", address, "dev", shown.stdout.split()[1]], check=True)


def become(user: str) -> None:
    """Become a user such as 1000:1000 for good."""
    uid, _, gid = user.partition(":")
    os.setgroups([])
    os.setgid(int(gid or uid))
    os.setuid(int(uid))


def say_here(here: socket.socket, path: str) -> None:
    """Listen at a path of the lab's folder; where folders hold no sockets, leave a file there."""
    try:
        here.bind(f"{path}.new")
        here.listen()
    except OSError:
        os.close(os.open(f"{path}.new", os.O_CREAT | os.O_WRONLY))
    os.rename(f"{path}.new", path)


def main(host: str) -> None:
    """Be a host."""
    for address in os.environ.get("LABKIT_ADDRESSES", "").split():
        add_address(address)
    if user := os.environ.get("LABKIT_USER"):
        become(user)
    if os.environ.get("LABKIT_HOLD") != "true":
        os.execvp("python3", ["python3", "-m", "labkit.lab.inside", host])  # noqa: S606 - it becomes the host
    with socket.socket(socket.AF_UNIX) as here:
        say_here(here, f"run/{host}.here")
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(sys.argv[1])
