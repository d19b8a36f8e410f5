"""A TCP connection out of a container, carried over stdin and stdout: `python -m labkit.runtime.relay ADDRESS PORT`."""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time

PATIENCE_S = 1.0
"""It tries for so long, for starting it takes longer than most servers need to come up."""

CONNECTED = b"\n"
"""What it writes first, once the connection stands."""


def main(address: str, port: str) -> None:
    """Connect, say so, and carry bytes both ways until either side ends."""
    with _connected((address, int(port))) as sock, selectors.DefaultSelector() as ready:
        os.write(1, CONNECTED)
        ready.register(sock, selectors.EVENT_READ)
        ready.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                data = sock.recv(65536) if key.fileobj is sock else os.read(0, 65536)
                if not data:
                    return
                if key.fileobj is sock:
                    os.write(1, data)
                else:
                    sock.sendall(data)


def _connected(address: tuple[str, int]) -> socket.socket:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection(address)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except OSError as why:
        sys.exit(why.strerror or str(why))
