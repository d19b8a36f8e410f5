"""Asterisk's command line by the socket of its remote console, `asterisk -r` (docs.asterisk.org, Remote Console).

AMI's action Command writes what a command prints into a file in /tmp first; where the system is read-only there is no
such place, and the remote console needs none.
"""

from __future__ import annotations

import socket

from labkit.errors import HostError, NotReady

SOCKET = "asterisk.ctl"
"""Its name, in Asterisk's run folder."""


def printed(sock: socket.socket, line: str, timeout_s: float = 10.0) -> list[str]:
    """The lines that a command prints on a connected console, which is closed.

    NotReady when it takes too long, HostError when Asterisk goes away meanwhile.
    """
    with sock, sock.makefile("rb") as file:
        sock.settimeout(timeout_s)
        try:
            file.readline()  # host, process, version
            sock.sendall(b"cli quit after " + line.encode() + b"\0")
            return file.read().decode(errors="replace").splitlines()
        except TimeoutError:
            message = f"Asterisk did not end `{line}` within {timeout_s:g} s. Look at: labkit logs pbx"
            raise NotReady(message, host="pbx") from None
        except OSError as why:
            message = f"Asterisk closed its console during `{line}` ({why}). Look at: labkit logs pbx"
            raise HostError(message, host="pbx") from why
