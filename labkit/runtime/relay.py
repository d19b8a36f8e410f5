"""A TCP connection out of a container, carried over stdin and stdout: `python -m labkit.runtime.relay ADDRESS PORT`."""

from __future__ import annotations

import os
import selectors
import socket
import sys

CONNECTED = b"\n"
"""What it writes first, once the connection stands."""


def main(address: str, port: str) -> None:
    """Connect, say so, and carry bytes both ways until either side ends."""
    with socket.create_connection((address, int(port)), timeout=5) as sock, selectors.DefaultSelector() as ready:
        sock.settimeout(None)
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


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except OSError as why:
        sys.exit(why.strerror or str(why))
