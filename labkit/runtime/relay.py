"""A connection out of a container, carried over stdin and stdout.

`python -m labkit.runtime.relay ADDRESS PORT` for TCP, `python -m labkit.runtime.relay PATH` for a unix socket.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from collections.abc import Sequence

PATIENCE_S = 1.0
"""It tries for so long, for starting it takes longer than most servers need to come up."""

CONNECTED = b"\n"
"""What it writes first, once the connection stands."""


def main(words: Sequence[str]) -> None:
    """Connect, say so, and carry bytes both ways until either side ends."""
    with _connected(words) as sock, selectors.DefaultSelector() as ready:
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


def _connected(words: Sequence[str]) -> socket.socket:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        sock = socket.socket(socket.AF_INET if len(words) > 1 else socket.AF_UNIX)
        try:
            sock.connect((words[0], int(words[1])) if len(words) > 1 else words[0])
            return sock
        except (ConnectionRefusedError, FileNotFoundError):
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as why:
        sys.exit(why.strerror or str(why))
