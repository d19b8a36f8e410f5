"""A client of AMI, Asterisk's management line (docs.asterisk.org, Asterisk Manager Interface)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from labkit.errors import HostError, NotReady

Message = dict[str, str]
"""One AMI message: header to value; of a repeated header the last one."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an action gave: its response and, of a list action, the events."""

    response: Message
    events: list[Message] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    """Lines that a `Command` printed."""


class Ami:
    """One logged-in line; one action at a time."""

    def __init__(self, sock: socket.socket, timeout_s: float = 10.0) -> None:
        """Speak over a connected socket."""
        sock.settimeout(timeout_s)
        self._sock = sock
        self._file = sock.makefile("rb")
        self._ids = count(1)
        self._timeout_s = timeout_s

    def login(self, user: str, password: str) -> Self:
        """Log in and wait until Asterisk has fully booted."""
        self._line()
        self.action("Login", Username=user, Secret=password)
        self.wait_for("FullyBooted")
        self.action("Events", EventMask="off")
        return self

    def wait_for(self, event: str) -> Message:
        """Give the next event of that name; NotReady when none comes in time, HostError when the line ends."""
        for message in self._messages():
            if message.get("Event") == event:
                return message
        raise HostError("Asterisk closed the management line.", host="pbx")

    def command(self, line: str) -> list[str]:
        """Run a command of Asterisk's command line and give the lines that it printed."""
        return self.action("Command", Command=line).output

    def action(self, name: str, **headers: str) -> Reply:
        """Send an action and give its whole reply; HostError with Asterisk's own words when it is refused."""
        action_id = f"labkit-{next(self._ids)}"
        headers = {"Action": name, "ActionID": action_id, **headers}
        for key, value in headers.items():
            if "\r" in value or "\n" in value:
                raise HostError(f"AMI's {key} cannot hold a line break: {value!r}")
        text = "".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n"
        try:
            self._sock.sendall(text.encode())
            return self._reply(name, action_id)
        except OSError as why:
            raise HostError(f"Asterisk closed the management line during {name} ({why}).", host="pbx") from why

    def _reply(self, name: str, action_id: str) -> Reply:
        reply = Reply({})
        for message, output in self._parsed():
            if message.get("ActionID") != action_id:
                continue
            if "Response" in message:
                reply.response.update(message)
                reply.output.extend(output)
                if message["Response"] == "Error" and not output:
                    raise HostError(f"Asterisk refused {name}: {message.get('Message', '')}", host="pbx", refused=True)
                if message.get("EventList") != "start":
                    return reply
            elif message.get("EventList") == "Complete":
                return reply
            else:
                reply.events.append(message)
        raise HostError("Asterisk closed the management line.", host="pbx")

    def _messages(self) -> Iterator[Message]:
        return (message for message, _ in self._parsed())

    def _parsed(self) -> Iterator[tuple[Message, list[str]]]:
        message: Message = {}
        output: list[str] = []
        while line := self._line():
            text = line.decode(errors="replace").rstrip("\r\n")
            if not text:
                yield message, output
                message, output = {}, []
                continue
            key, _, value = text.partition(":")
            if key == "Output":
                output.append(value[1:])
            else:
                message[key] = value.strip()

    def _line(self) -> bytes:
        try:
            return self._file.readline()
        except TimeoutError:
            raise NotReady(f"Asterisk did not answer within {self._timeout_s:g} s.", host="pbx") from None
        except OSError:  # it went away in the middle, as in a restart
            return b""

    def close(self) -> None:
        """Close the line."""
        self._file.close()
        self._sock.close()
