"""The line between the lab and a program in one of its hosts: JSON objects, one a line, over a stream socket.

Request `{"id": 1, "method": "call", "params": {...}}`; reply `{"id": 1, "result": ...}` or
`{"id": 1, "error": {"type": "HostError", "message": "..."}}`. Replies may come in any order.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from itertools import count
from typing import Any, Self

from labkit.errors import HostError, NotReady

Method = Callable[..., Any]
"""A plain or async function of keyword parameters that returns what JSON can hold; dataclasses become objects."""


class ControlClient:
    """A blocking client of one program's control line; one request at a time."""

    def __init__(self, sock: socket.socket, name: str) -> None:
        """Speak over a connected stream socket to the program that messages call `name`."""
        self._sock = sock
        self._file = sock.makefile("rwb")
        self._ids = count(1)
        self.name = name

    @classmethod
    def connect(cls, path: str | os.PathLike[str], name: str) -> Self:
        """Connect to a unix socket; HostError where nobody listens."""
        return cls(dial(path, name), name)

    def request(self, method: str, timeout_s: float = 10.0, **params: object) -> Any:
        """Call a method and give its result; HostError when it fails, NotReady when no reply comes in time."""
        wanted = next(self._ids)
        self._sock.settimeout(timeout_s)
        try:
            self._file.write(json.dumps({"id": wanted, "method": method, "params": params}).encode() + b"\n")
            self._file.flush()
            while line := self._file.readline():
                reply = json.loads(line)
                if reply.get("id") == wanted:
                    return self._result(reply)
        except TimeoutError:
            self.close()
            raise NotReady(f"{self.name} gave no reply to {method!r} within {timeout_s:g} s", host=self.name) from None
        except OSError as why:
            raise HostError(f"{self.name} went away during {method!r} ({why})", host=self.name) from why
        message = f"{self.name} closed the line during {method!r}. Look at: labkit logs {self.name}"
        raise HostError(message, host=self.name)

    def _result(self, reply: Mapping[str, Any]) -> Any:
        if error := reply.get("error"):
            raise HostError(f"{self.name}: {error['message']}", host=self.name, type=error["type"])
        return reply.get("result")

    def close(self) -> None:
        """Close the line; harmless when it is closed."""
        with suppress(OSError, ValueError):
            self._file.close()
        self._sock.close()

    def __enter__(self) -> Self:
        """Use the client as a context that closes it."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the line."""
        self.close()


def dial(path: str | os.PathLike[str], name: str) -> socket.socket:
    """A connection to a unix socket; HostError, by the name of who should listen, where nobody does."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(os.fspath(path))
    except OSError as why:
        sock.close()
        message = f"{name} does not answer ({why.strerror or why}). Restart the lab: labkit up --fresh"
        raise HostError(message, host=name) from why
    return sock


async def serve(path: str | os.PathLike[str], methods: Mapping[str, Method]) -> asyncio.Server:
    """Listen on a unix socket and answer requests by `methods`; requests of one client run concurrently."""
    with suppress(FileNotFoundError):
        os.unlink(path)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks: set[asyncio.Task[None]] = set()
        with suppress(ConnectionError):
            while line := await reader.readline():
                task = asyncio.ensure_future(_answer(line, methods, writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        for task in tasks:
            task.cancel()
        writer.close()

    return await asyncio.start_unix_server(talk, os.fspath(path), limit=1 << 24)


async def serve_until_stopped(path: str | os.PathLike[str], methods: Mapping[str, Method]) -> None:
    """Be a program of a lab host: serve, say `ready` on stdout, and go on until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await serve(path, methods)
    print("ready", flush=True)  # noqa: T201 - the one line that the lab waits for
    await stopped.wait()
    server.close()


async def _answer(line: bytes, methods: Mapping[str, Method], writer: asyncio.StreamWriter) -> None:
    number: object = None
    try:
        request = json.loads(line)
        number = request["id"]
        result = await _call(methods[request["method"]], request.get("params") or {})
        reply = json.dumps({"id": number, "result": result}, default=_fields)
    except KeyError as why:
        known = ", ".join(sorted(methods))
        reply = _failure(number, "KeyError", f"no method or field {why}; methods: {known}")
    except Exception as why:  # the far side must learn of every failure, whatever it is
        reply = _failure(number, type(why).__name__, str(why) or type(why).__name__)
    with suppress(ConnectionError):
        writer.write(reply.encode() + b"\n")
        await writer.drain()


def _failure(number: object, kind: str, message: str) -> str:
    return json.dumps({"id": number, "error": {"type": kind, "message": message}})


def _fields(value: Any) -> Any:
    """The fields of a value that JSON has no form for."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"a control line cannot carry {type(value).__name__}")


async def _call(method: Method, params: Mapping[str, Any]) -> Any:
    result = method(**params)
    return await _awaited(result) if inspect.isawaitable(result) else result


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
